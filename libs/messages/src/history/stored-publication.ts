import { StreamGap, create, type StreamGapReason } from '@nestwire/protocol';
import { encodeMessage, type EncodedMessage, type WirePosition } from '@nestwire/protocol/codec';
import type { Position } from './position.js';
import { Publication } from '../pubsub/publication.js';

/** A publication with its place in a channel, or a gap before a place. */
export class StoredPublication extends Publication {
  constructor(
    channel: string,
    /** Where who has read it stands. */
    readonly position: Position,
    { type, data }: EncodedMessage,
    properties?: object,
  ) {
    super(channel, type, data, properties);
  }

  /** The position, as it travels. */
  get wirePosition(): WirePosition {
    const { epoch, offset, id } = this.position;
    return [epoch, offset, id];
  }

  /** Whether it says that messages are missing; its position is where the channel goes on. */
  get isGap(): boolean {
    return this.type === GAP;
  }
}

/** Makes the publication that says that messages are missing before a position. */
export function gapPublication(
  channel: string,
  position: Position,
  reason: StreamGapReason,
): StoredPublication {
  return new StoredPublication(channel, position, encodeMessage(create(StreamGap, { channel, reason })));
}

const GAP = new StreamGap().$type;
