import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Cluster, Redis } from 'ioredis';
import { deferred, type Deferred } from '../../scheduling/deferred.js';
import type { MessagesError } from '../../messages.error.js';
import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_MESSAGES, type Envelope, type SizedMessage } from './envelope.js';
import type { PendingPosts } from './pending-posts.js';
import { isReply, unavailable, uncertain } from '../connection/redis.errors.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import type { RedisTopology } from '../connection/redis-topology.js';

/** The services that a publisher uses. */
export interface PublisherLink {
  readonly client: Redis | Cluster;
  readonly topology: Pick<RedisTopology, 'publish' | 'shards'>;
  readonly envelope: Envelope;
  readonly pending: PendingPosts;
  /** Called when a publication on the key got no reply. */
  readonly unanswered: (key: string) => void;
}

/** The messages of one key that are sent in one publication. */
interface Batch {
  readonly key: string;
  readonly messages: SizedMessage[];
  bytes: number;
  /** The deadline of the reply; set when the batch is sent. */
  deadlineMs: number;
  readonly done: Deferred<void>;
}

/**
 * Sends messages within limits of number and bytes, and with a deadline for each.
 *
 * The messages of one event-loop turn are sent together: one publication per key and one write per server.
 */
export class RedisPublisher {
  /** The batch of each key that accepts messages, until the end of the turn. */
  private readonly open = new Map<string, Batch>();
  private unsent: Batch[] = [];
  /** Sent batches without a reply, the oldest first. */
  private readonly unanswered = new Set<Batch>();
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly link: PublisherLink,
    private readonly tuning: ResolvedTuning,
  ) {}

  /** Returns the error for a message sent now; undefined when it would be sent. */
  refusal(): MessagesError | undefined {
    if (this.link.client.status !== 'ready') return unavailable('Redis is not connected');
    return this.link.pending.refusal();
  }

  /**
   * Publishes a message; resolves when Redis has accepted it. The messages of one batch share one promise.
   *
   * @throws {MessagesError} UNAVAILABLE, OVERLOADED when the message was not sent or was refused
   * @throws {MessagesError} UNCERTAIN when no reply was received
   */
  publish(key: string, { type, data }: EncodedMessage): Promise<void> {
    const refusal = this.refusal();
    if (refusal) return Promise.reject(refusal);
    const bytes = Buffer.byteLength(data);
    const batch = this.batchOf(key, bytes);
    batch.messages.push({ type, data, bytes });
    batch.bytes += bytes;
    this.link.pending.add(1, bytes);
    return batch.done.promise;
  }

  /** Stops the timer; call it when no post is pending. */
  close(): void {
    this.cancelTimer?.();
  }

  private batchOf(key: string, bytes: number): Batch {
    const open = this.open.get(key);
    const fits =
      open && open.messages.length < MAX_ENVELOPE_MESSAGES && open.bytes + bytes <= MAX_ENVELOPE_BYTES;
    return fits ? open : this.begin(key);
  }

  private begin(key: string): Batch {
    const batch: Batch = { key, messages: [], bytes: 0, deadlineMs: Infinity, done: deferred<void>() };
    this.open.set(key, batch);
    if (this.unsent.push(batch) === 1) setImmediate(() => this.flush());
    return batch;
  }

  private flush(): void {
    const batches = this.unsent;
    this.unsent = [];
    this.open.clear();
    // A single publication is one write already.
    const corked = batches.length > 1 ? this.link.topology.shards.map(({ client }) => client.stream) : [];
    for (const stream of corked) stream?.cork();
    const deadlineMs = this.tuning.clock.now() + this.tuning.commandTimeoutMs;
    for (const batch of batches) {
      batch.deadlineMs = deadlineMs;
      this.unanswered.add(batch);
      this.send(batch);
    }
    for (const stream of corked) stream?.uncork();
    this.watch();
  }

  private send(batch: Batch): void {
    const settle = (error?: unknown) => this.settle(batch, error);
    try {
      const { envelope, topology } = this.link;
      topology.publish(batch.key, envelope.write(batch.messages)).then(() => settle(), settle);
    } catch (error) {
      settle(error);
    }
  }

  private settle(batch: Batch, error: unknown): void {
    if (!this.unanswered.delete(batch)) return;
    if (error === undefined) batch.done.resolve();
    else if (isReply(error)) batch.done.reject(unavailable('Redis refused the post', error));
    else {
      batch.done.reject(uncertain(error as Error));
      this.link.unanswered(batch.key);
    }
    this.link.pending.remove(batch.messages.length, batch.bytes);
  }

  /** Runs one timer for all unanswered batches, because most replies arrive long before it fires. */
  private watch(): void {
    const [oldest] = this.unanswered;
    if (!oldest || this.cancelTimer) return;
    const { clock } = this.tuning;
    this.cancelTimer = clock.after(Math.max(0, oldest.deadlineMs - clock.now()), () => {
      this.cancelTimer = undefined;
      this.expire();
      this.watch();
    });
  }

  private expire(): void {
    const nowMs = this.tuning.clock.now();
    for (const batch of this.unanswered) {
      if (batch.deadlineMs > nowMs) return;
      this.settle(batch, new Error(`no reply within ${this.tuning.commandTimeoutMs} ms`));
    }
  }
}
