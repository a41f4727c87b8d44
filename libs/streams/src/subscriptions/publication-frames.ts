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
 * Makes the frame of a publication, the same for all who receive it by a codec.
 *
 * @returns undefined when the codec cannot write it: it is logged, and nobody gets it
 */
export function publicationFrame(codec: Codec, publication: Publication): SharedPayload | undefined {
  try {
    return new SharedPayload(codec.encodePublication(publication.channel, publication));
  } catch (error) {
    logUnwritable(codec, publication, error);
    return undefined;
  }
}

/** What is sent for a publication with a place. */
export interface SentPublication {
  /** The publication, or the gap that stands for it where it cannot be written. */
  readonly publication: StoredPublication;
  /** Undefined where nothing is sent: a channel of which only the newest message counts has no gaps. */
  readonly frame: SharedPayload | undefined;
}

/**
 * The frames of publications with a place.
 *
 * Each is made once a codec, and once for each key whose streams get it alone, as long as the
 * publication lives: many who come back at the same time get the same bytes.
 */
export class StoredFrames {
  private readonly made = new WeakMap<StoredPublication, Map<string, SentPublication>>();

  /**
   * @param namesEpoch whether each frame says the epoch, because another may begin without a gap
   * @param classes what the channel carries; a class of another channel counts as unreadable
   */
  constructor(
    private readonly namesEpoch: boolean,
    private readonly classes: readonly MessageClass[],
  ) {}

  /** Returns what is sent for a publication, for all subscribed streams or for those of one key. */
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
  limiter.log('unwritable', `A message of channel '${channel}' cannot be written as ${subprotocol}: ${why}.`);
}
