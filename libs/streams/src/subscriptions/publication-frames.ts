import { Logger } from '@nestjs/common';
import {
  gapPublication,
  LogLimiter,
  type Publication,
  type StoredPublication,
} from '@nestwire/messages/internal';
import type { MessageClass } from '@nestwire/protocol';
import type { Codec } from '@nestwire/protocol/codec';
import { SharedPayload } from '../transport/shared-payload.js';

const limiter = new LogLimiter((line) => new Logger('Streams').warn(line));

/**
 * Creates the frame of a publication, the same for all receivers with one codec.
 *
 * @returns undefined when the codec cannot encode it; that is logged, and no receiver gets it
 */
export function publicationFrame(codec: Codec, publication: Publication): SharedPayload | undefined {
  try {
    return new SharedPayload(codec.encodePublication(publication.channel, publication));
  } catch (error) {
    logUnwritable(codec, publication, error);
    return undefined;
  }
}

/** The publication that is sent for a stored publication, and its frame. */
export interface SentPublication {
  /** The publication, or a gap if it cannot be encoded. */
  readonly publication: StoredPublication;
  /** Undefined if nothing is sent, because a channel with `latest` has no gaps. */
  readonly frame: SharedPayload | undefined;
}

/**
 * The frames of stored publications.
 *
 * Each frame is created once per codec, and once per stream key that receives it alone. It lives as long as
 * the publication, so that many reconnecting clients receive the same bytes.
 */
export class StoredFrames {
  private readonly made = new WeakMap<StoredPublication, Map<string, SentPublication>>();

  /**
   * @param namesEpoch whether each frame has the epoch, because it may change without a gap
   * @param classes the message classes of the channel; any other class counts as unreadable
   */
  constructor(
    private readonly namesEpoch: boolean,
    private readonly classes: readonly MessageClass[],
  ) {}

  /** Returns the frame for all subscribed streams, or for the streams with one key. */
  of(publication: StoredPublication, codec: Codec, stream?: string): SentPublication {
    let known = this.made.get(publication);
    if (!known) this.made.set(publication, (known = new Map<string, SentPublication>()));
    const key = `${codec.subprotocol} ${stream ?? ''}`;
    const sent = known.get(key) ?? this.make(publication, codec, stream);
    known.set(key, sent);
    return sent;
  }

  private make(publication: StoredPublication, codec: Codec, stream: string | undefined): SentPublication {
    try {
      if (!publication.isGap && publication.isForeignTo(this.classes))
        throw new Error(`its class '${publication.type}' is not one of the channel`);
      return { publication, frame: this.write(publication, codec, stream) };
    } catch (error) {
      logUnwritable(codec, publication, error);
      if (this.namesEpoch) return { publication, frame: undefined };
      const gap = gapPublication(publication.channel, publication.position, 'unreadable');
      return { publication: gap, frame: this.write(gap, codec, stream) };
    }
  }

  private write(publication: StoredPublication, codec: Codec, stream: string | undefined): SharedPayload {
    const { epoch, offset, id } = publication.position;
    const isNamed = this.namesEpoch || publication.isGap;
    const position = { ...(stream && { stream }), ...(isNamed && { epoch }), offset, id };
    return new SharedPayload(codec.encodePublication(publication.channel, publication, position));
  }
}

function logUnwritable({ subprotocol }: Codec, { channel }: Publication, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  limiter.log(
    'unwritable',
    `A message of channel '${channel}' cannot be encoded for ${subprotocol}: ${why}.`,
  );
}
