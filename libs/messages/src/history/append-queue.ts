import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Draft, HistoryStore, Stored } from './history-store.js';
import type { HistoryChannel } from './history-channel.js';
import { deferred, type Deferred } from '../scheduling/deferred.js';
import type { Clock } from '../scheduling/clock.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

const MAX_BATCH_MESSAGES = 256;
const MAX_BATCH_BYTES = 262_144;
const MAX_ATTEMPTS = 4;
const MAX_RETRYING_MS = 10_000;
const FIRST_BACKOFF_MS = 100;

/** The limits of messages that wait to be stored, for the whole process. */
export interface AppendLimits {
  readonly maxPendingPosts: number;
  readonly maxPendingBytes: number;
}

interface Item extends Draft {
  readonly bytes: number;
  readonly done: Deferred<Stored>;
}

interface Line {
  readonly channel: HistoryChannel;
  readonly items: Item[];
}

/**
 * Stores messages in the order posted, and reports the outcome of each.
 *
 * One batch of a channel is being stored at a time, so that the posts of one process keep their order even
 * when an attempt fails. An attempt with an unknown outcome is repeated a few times with the same ids; a
 * history stores no id twice.
 */
export class AppendQueue {
  private readonly lines = new Map<string, Line>();
  private pending = 0;
  private pendingBytes = 0;
  private idle: Deferred<void> | undefined;

  constructor(
    private readonly backend: HistoryStore,
    private readonly clock: Clock,
    private readonly limits: AppendLimits,
  ) {}

  /**
   * Stores a message under its id.
   *
   * @throws {MessagesError} OVERLOADED, UNAVAILABLE when it is not stored
   * @throws {MessagesError} UNCERTAIN when it may be stored; posting it again with the same id is safe
   */
  append(channel: HistoryChannel, id: string, { type, data }: EncodedMessage): Promise<Stored> {
    const { maxPendingPosts, maxPendingBytes } = this.limits;
    if (this.pending >= maxPendingPosts || this.pendingBytes >= maxPendingBytes)
      return Promise.reject(overloaded(this.pending, this.pendingBytes).withMessageId(id));
    const bytes = Buffer.byteLength(data);
    const item = { id, type, data, bytes, done: deferred<Stored>() };
    this.pending++;
    this.pendingBytes += bytes;
    const line = this.lines.get(channel.name);
    if (line) line.items.push(item);
    else this.begin({ channel, items: [item] });
    return item.done.promise;
  }

  /** Resolves when no message waits; nothing may be appended after the call. */
  async settled(): Promise<void> {
    if (this.pending > 0) await (this.idle ??= deferred<void>()).promise;
  }

  private begin(line: Line): void {
    this.lines.set(line.channel.name, line);
    // The posts of one turn form one batch.
    queueMicrotask(() => void this.run(line));
  }

  private async run(line: Line): Promise<void> {
    while (line.items.length > 0) await this.store(line.channel, takeBatch(line.items));
    this.lines.delete(line.channel.name);
  }

  private async store(channel: HistoryChannel, batch: readonly Item[]): Promise<void> {
    const startedAtMs = this.clock.now();
    let uncertain: MessagesError | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return this.settle(batch, await this.backend.append(channel, batch), uncertain);
      } catch (error) {
        const failure = error as MessagesError;
        if (failure.code === MessagesErrorCode.Uncertain) uncertain = failure;
        const isOver = attempt >= MAX_ATTEMPTS || this.clock.now() - startedAtMs >= MAX_RETRYING_MS;
        if (!uncertain || isOver)
          return this.settle(
            batch,
            batch.map(() => uncertain ?? failure),
          );
      }
      await this.pause(attempt);
    }
  }

  private pause(attempt: number): Promise<void> {
    const boundMs = FIRST_BACKOFF_MS * 2 ** (attempt - 1);
    return new Promise((resolve) => {
      this.clock.after(boundMs * (0.5 + Math.random() / 2), resolve);
    });
  }

  private settle(
    batch: readonly Item[],
    results: ReadonlyArray<Stored | MessagesError>,
    uncertain?: MessagesError,
  ): void {
    batch.forEach(({ id, bytes, done }, index) => {
      this.pending--;
      this.pendingBytes -= bytes;
      // A store that returns too few results has broken its contract, and the outcome is unknown.
      const result = results[index] ?? missingResult();
      // A refused message may have been stored by an earlier attempt, in another timeline.
      if (result instanceof MessagesError) done.reject((uncertain ?? result).withMessageId(id));
      else done.resolve(result);
    });
    if (this.pending === 0) this.idle?.resolve();
  }
}

function takeBatch(items: Item[]): Item[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += item.bytes;
    return index > 0 && (index >= MAX_BATCH_MESSAGES || bytes > MAX_BATCH_BYTES);
  });
  return items.splice(0, end < 0 ? items.length : end);
}

function missingResult(): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Uncertain,
    'The history reported no outcome for the message. Post it again with the same id.',
  );
}

function overloaded(posts: number, bytes: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Overloaded,
    `${posts} posts with ${bytes} bytes wait to be stored. Nothing was stored. Post less, or raise ` +
      '"maxPendingPosts" and "maxPendingBytes".',
  );
}
