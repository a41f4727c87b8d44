import { Logger } from '@nestjs/common';
import type { Message } from '@nestwire/protocol';
import { channelNameOf, deliveredBy, type Channel } from '../channel/channel.js';
import { DONE } from '../scheduling/done.js';
import type { Receiver } from './hub.js';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from '../logging/log-limiter.js';
import type { Publication } from './publication.js';

/** Is called for each message of a channel; its failures are logged and counted. */
export type ChannelListener<M extends Message = Message> = (message: M) => unknown;

/** Gives publications to this process's listeners, safe from each other. */
export class Delivery {
  /** What happened so far. */
  readonly counts = { received: 0, undecodable: 0, mismatched: 0, overflowed: 0, listenerErrors: 0 };
  readonly #logger = new Logger('Messages');
  readonly #limiter = new LogLimiter((line) => this.#logger.warn(line));
  readonly #errors = new LogLimiter((line, stack) => this.#logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  readonly #poisoned = new WeakSet<Publication>();

  /**
   * Makes the receiver that hands the decoded messages of a channel to a listener.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   */
  receiverOf<M extends Message>(channel: string | Channel, listener: ChannelListener<M>): Receiver {
    const name = channelNameOf(channel);
    const classes = deliveredBy(channel);
    const failed = (error: unknown) => this.failed(name, error);
    return (publication) => {
      if (classes && publication.isForeignTo(classes)) {
        this.counts.mismatched++;
        return;
      }
      const message = this.#read(publication);
      if (!message) return;
      const result = listener(message as M) as PromiseLike<unknown> | undefined;
      if (result !== undefined && result !== DONE && typeof result?.then === 'function')
        result.then(undefined, failed);
    };
  }

  /** Counts and logs what a listener threw. */
  readonly failed = (channel: string, error: unknown): void => {
    this.counts.listenerErrors++;
    this.#errors.error('listener', `A listener of channel '${channel}' failed: ${textOf(error)}`, error);
  };

  /** Counts what a stream dropped. */
  overflowed(channel: string, messages: number): void {
    this.counts.overflowed += messages;
    this.#limiter.log(
      'overflow',
      `A stream of channel '${channel}' drops messages because they are not read in time; see its limit and overflow.`,
    );
  }

  #read(publication: Publication): Message | undefined {
    try {
      return publication.message;
    } catch (error) {
      if (!this.#poisoned.has(publication)) this.#drop(publication, error);
      return undefined;
    }
  }

  #drop(publication: Publication, error: unknown): void {
    this.#poisoned.add(publication);
    this.counts.undecodable++;
    const type = JSON.stringify(publication.type.slice(0, 40));
    this.#limiter.log(
      'poisoned',
      `A message ${type} on channel '${publication.channel}' cannot be read here and is dropped: ${(error as Error).message}`,
    );
  }
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'with what has no text';
  }
}
