import { SKIPPED } from '@nestwire/protocol/codec';
import { StreamGap, create, type StreamGapReason } from '@nestwire/protocol';
import { encodeMessage, type EncodedMessage, type WirePosition } from '@nestwire/protocol/codec';
import { exclusionIn } from './exclusion.js';
import type { Position } from './position.js';
import { Publication } from '../pubsub/publication.js';

/** A publication with its position in a history, or a gap before a position. */
export class StoredPublication extends Publication {
  constructor(
    channel: string,
    /** The position after this publication. */
    readonly position: Position,
    { type, data }: EncodedMessage,
    properties?: object,
  ) {
    super(channel, type, data, properties);
  }

  /** The position in its form on the wire. */
  get wirePosition(): WirePosition {
    const { epoch, offset, id } = this.position;
    return [epoch, offset, id];
  }

  /** The mark of the client that does not receive it; undefined for none. */
  get exclusion(): string | undefined {
    // The position of a gap belongs to another message.
    return this.isGap ? undefined : exclusionIn(this.position);
  }

  /** True for a gap; its position is the one that the channel continues after. */
  get isGap(): boolean {
    return this.type === GAP;
  }
}

/** Makes the publication that reports missing messages before a position. */
export function gapPublication(
  channel: string,
  position: Position,
  reason: StreamGapReason,
): StoredPublication {
  return new StoredPublication(channel, position, encodeMessage(create(StreamGap, { channel, reason })));
}

/** Makes the publication that a client receives in place of one that leaves it out. */
export function skippedPublication({ channel, position }: StoredPublication): StoredPublication {
  return new StoredPublication(channel, position, { type: SKIPPED, data: '{}' });
}

const GAP = new StreamGap().$type;
