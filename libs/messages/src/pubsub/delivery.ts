import { Logger } from '@nestjs/common';
import { create, StreamGap, type Message } from '@nestwire/protocol';
import { rememberOrigin } from '@nestwire/protocol/internal';
import { channelNameOf, deliveredBy, type Channel } from '../channel/channel.js';
import { DONE } from '../scheduling/done.js';
import type { Receiver } from './hub.js';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from '../logging/log-limiter.js';
import type { Publication } from './publication.js';

/**
 * Receives the messages of a channel.
 *
 * An error that it throws or rejects with is logged and counted.
 */
export type ChannelListener<M extends Message = Message> = (message: M) => unknown;

/** Delivers publications to listeners; a failing listener disturbs no other. */
export class Delivery {
  /** The counters since the process started. */
  readonly counts = { received: 0, undecodable: 0, mismatched: 0, overflowed: 0, listenerErrors: 0 };
  private readonly logger = new Logger('Messages');
  private readonly limiter = new LogLimiter((line) => this.logger.warn(line));
  private readonly errors = new LogLimiter((line, stack) => this.logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  private readonly undecodablePublications = new WeakSet<Publication>();

  /**
   * Makes the receiver that passes the decoded messages of a channel to a listener.
   *
   * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
   */
  receiverOf<M extends Message>(channel: string | Channel, listener: ChannelListener<M>): Receiver {
    const name = channelNameOf(channel);
    const classes = deliveredBy(channel);
    const failed = (error: unknown) => this.failed(name, error);
    const hasGaps = classes?.includes(StreamGap);
    return (publication) => {
      if (classes && publication.isForeignTo(classes)) {
        this.counts.mismatched++;
        return;
      }
      const message = this.read(publication) ?? (hasGaps ? gapAt(publication) : undefined);
      if (!message) return;
      const result = listener(message as M) as PromiseLike<unknown> | undefined;
      if (result !== undefined && result !== DONE && typeof result?.then === 'function')
        result.then(undefined, failed);
    };
  }

  /** Decodes publications of a channel; those that cannot be read, or are gaps, are left out. */
  messagesOf<M extends Message>(channel: Channel<M>, publications: readonly Publication[]): M[] {
    return publications.flatMap((publication) => {
      if (publication.isForeignTo(channel.messages)) return [];
      return (this.read(publication) as M | undefined) ?? [];
    });
  }

  /** Counts and logs the error of a listener. */
  readonly failed = (channel: string, error: unknown): void => {
    this.counts.listenerErrors++;
    this.errors.error('listener', `A listener of channel '${channel}' failed: ${textOf(error)}`, error);
  };

  /** Counts and logs a message of another process that is not valid. */
  undecodable(channel: string, error: Error): void {
    this.counts.undecodable++;
    // The text of a SyntaxError may quote the message, which must not be logged.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : error.message;
    this.limiter.log('received', `Dropped an undecodable message on channel '${channel}': ${reason}.`);
  }

  /** Counts the messages that a stream dropped. */
  overflowed(channel: string, messages: number): void {
    this.counts.overflowed += messages;
    this.limiter.log(
      'overflow',
      `A stream of channel '${channel}' drops messages, because its reader is too slow. Read faster, or see the ` +
        'options "limit" and "overflow".',
    );
  }

  private read(publication: Publication): Message | undefined {
    try {
      return publication.message;
    } catch (error) {
      if (!this.undecodablePublications.has(publication)) this.drop(publication, error);
      return undefined;
    }
  }

  private drop(publication: Publication, error: unknown): void {
    this.undecodablePublications.add(publication);
    this.counts.undecodable++;
    const type = JSON.stringify(publication.type.slice(0, 40));
    this.limiter.log(
      'undecodable',
      `Dropped a message ${type} on channel '${publication.channel}', which this process cannot decode: ${(error as Error).message}`,
    );
  }
}

/** Makes the gap that takes the place of an undecodable publication. */
function gapAt(publication: Publication): StreamGap {
  const gap = create(StreamGap, { channel: publication.channel, reason: 'unreadable' });
  rememberOrigin(gap, publication);
  return Object.freeze(gap);
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error without a text';
  }
}
