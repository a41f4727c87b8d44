import type { Cluster, Redis } from 'ioredis';
import { deferred, type Deferred } from '../delivery/deferred.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import type { ResolvedTuning } from './redis.options.js';

/** Sends one publication; settles with Redis's answer. */
export type PublishCommand = (key: string, text: string) => Promise<unknown>;

interface Pending {
  readonly key: string;
  readonly text: string;
  readonly done: Deferred<void>;
}

/** Sends publications: bounded in number and bytes, each within a deadline. */
export class RedisPublisher {
  #batch: Pending[] = [];
  #pending = 0;
  #pendingBytes = 0;
  #idle: Deferred<void> | undefined;

  constructor(
    private readonly client: Redis | Cluster,
    private readonly command: PublishCommand | undefined,
    private readonly tuning: ResolvedTuning,
  ) {}

  /** Returns why a publication would not be sent now. */
  refusal(): MessagesError | undefined {
    if (this.client.status !== 'ready') return unavailable('Redis is not connected');
    const { maxPendingPosts, maxPendingBytes } = this.tuning;
    return this.#pending >= maxPendingPosts || this.#pendingBytes >= maxPendingBytes
      ? overloaded(this.#pending, this.#pendingBytes)
      : undefined;
  }

  /**
   * Publishes a text; resolves when Redis has taken it.
   *
   * @throws {MessagesError} UNAVAILABLE, OVERLOADED when nothing was sent or Redis refused
   * @throws {MessagesError} UNCERTAIN when the answer did not come
   */
  async publish(key: string, text: string): Promise<void> {
    const refusal = this.refusal();
    if (refusal) throw refusal;
    const bytes = Buffer.byteLength(text);
    this.#pending++;
    this.#pendingBytes += bytes;
    try {
      await this.#withinDeadline(this.#send(key, text));
    } catch (error) {
      throw isReply(error) ? unavailable('Redis refused the post', error) : uncertain(error);
    } finally {
      this.#pendingBytes -= bytes;
      if (--this.#pending === 0) this.#idle?.resolve();
    }
  }

  /** Resolves when nothing is pending any more. */
  async settled(): Promise<void> {
    if (this.#pending === 0) return;
    await (this.#idle = deferred<void>()).promise;
  }

  #send(key: string, text: string): Promise<unknown> {
    if (this.command) return this.command(key, text);
    const done = deferred<void>();
    // All posts of one turn of the event loop leave in one write.
    if (this.#batch.push({ key, text, done }) === 1) setImmediate(() => void this.#flush());
    return done.promise;
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    try {
      const pipeline = (this.client as Redis).pipeline();
      for (const { key, text } of batch) pipeline.publish(key, text);
      const results = (await pipeline.exec()) ?? [];
      batch.forEach(({ done }, index) => {
        const error = results[index]?.[0];
        if (error) done.reject(error);
        else done.resolve();
      });
    } catch (error) {
      for (const { done } of batch) done.reject(error);
    }
  }

  #withinDeadline(sent: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.tuning.clock.after(this.tuning.commandTimeoutMs, () =>
        reject(new Error(`no answer within ${this.tuning.commandTimeoutMs} ms`)),
      );
      sent.then(
        () => (cancel(), resolve()),
        (error: unknown) => (cancel(), reject(error as Error)),
      );
    });
  }
}

/** Tells whether an error is Redis's own answer. */
export function isReply(error: unknown): error is Error {
  // By name: a given client may be of another copy of ioredis.
  return error instanceof Error && error.name === 'ReplyError';
}

/** Makes the error of a post that was not sent. */
export function unavailable(why: string, cause?: Error): MessagesError {
  return new MessagesError(MessagesErrorCode.Unavailable, `${why}; nothing was posted to the cluster.`, {
    ...(cause && { cause: withoutCommand(cause) }),
  });
}

function uncertain(cause: unknown): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Uncertain,
    'Redis did not confirm the post in time; it may have been delivered.',
    { cause: withoutCommand(cause as Error) },
  );
}

function overloaded(posts: number, bytes: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Overloaded,
    `${posts} posts of ${bytes} bytes wait for Redis; the limits are maxPendingPosts and maxPendingBytes. ` +
      'Nothing was posted to the cluster.',
  );
}

/** Copies an error without the command in it: it holds what was posted, and at sign-in the password. */
function withoutCommand({ name, message }: Error): Error {
  return Object.assign(new Error(message), { name });
}
