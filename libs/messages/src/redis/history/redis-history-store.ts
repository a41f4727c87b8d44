import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import {
  HistoryStore,
  REMEMBER_IDS_MS,
  type Draft,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type Head,
} from '../../history/history-store.js';
import type { HistoryChannel } from '../../history/history-channel.js';
import type { StoredMessage } from '../../history/stored-message.js';
import { slicedWork } from '../../scheduling/sliced-work.js';
import type { HistoryPage } from '../../history/recovery.js';
import { MessagesError } from '../../messages.error.js';
import type { ChannelKeys, ChannelKeySet } from './channel-keys.js';
import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_MESSAGES } from '../pubsub/envelope.js';
import { openStored } from './history-envelope.js';
import {
  isStrings,
  pageOf,
  refusalIn,
  resultsOf,
  publishFailureOf,
  type PageReading,
} from './history-replies.js';
import { APPEND, READ } from './history-scripts.js';
import type { PendingPosts } from '../pubsub/pending-posts.js';
import { isReply, refused, uncertain, unreadable, unavailable } from '../connection/redis.errors.js';
import { openWriter } from '../connection/redis-link.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import type { ScriptRun } from '../connection/redis-script.js';
import type { RedisShard } from '../connection/redis-shard.js';
import type { RedisTopology } from '../connection/redis-topology.js';
import { ReplicatedWriter } from './replicated-writer.js';
import { headMsOf, LEAST_HEAD_MS } from './head-lifetime.js';
import { HeadReader, type HeadLocation } from './head-reader.js';
import { RedisConsumerStore } from './redis-consumer-store.js';
import { withinDeadline } from '../connection/within-deadline.js';

/** The lifetime of the head of a history without messages and followers. */
const UNPOSTED_HEAD_MS = 600_000;

/** The services that a history store shares with its broker. */
export interface HistoryLink {
  readonly client: Redis | Cluster;
  readonly topology: RedisTopology;
  readonly keys: ChannelKeys;
  readonly pending: PendingPosts;
  readonly maxMessageBytes: number;
  /** Returns true once the application has shut down. */
  readonly isClosed: () => boolean;
  /** Called for an undecodable message of a channel. */
  readonly undecodable: (channel: string, error: Error) => void;
  /** Called when stored messages could not be published, with the reason. */
  readonly unpublished: (channel: string, reason: string) => void;
  /** Called when Redis refused an operation, with its error. */
  readonly refused: (operation: string, error: Error) => void;
}

/** A batch of drafts being stored, with a unique attempt id. */
interface Batch {
  readonly attempt: string;
  readonly drafts: readonly Draft[];
}

/**
 * Stores the messages of channels with history in Redis.
 *
 * Each channel has one stream.
 */
export class RedisHistoryStore extends HistoryStore {
  override readonly consumers: RedisConsumerStore;
  /** Followed channels by their `live` key. */
  private readonly followed = new Map<string, string>();
  private readonly writers = new Map<Redis, ReplicatedWriter>();
  private readonly headReader: HeadReader;
  private sink: HistorySink | undefined;

  constructor(
    private readonly link: HistoryLink,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
    this.consumers = new RedisConsumerStore(link, tuning);
    this.headReader = new HeadReader(tuning, { postedMs: LEAST_HEAD_MS, unpostedMs: UNPOSTED_HEAD_MS });
  }

  attach(sink: HistorySink): void {
    this.sink = sink;
  }

  follow(channel: string): Promise<void> {
    const { live } = this.link.keys.of(channel);
    this.followed.set(live, channel);
    return this.link.topology.subscribe(live);
  }

  unfollow(channel: string): void {
    const { live } = this.link.keys.of(channel);
    this.followed.delete(live);
    this.link.topology.unsubscribe(live);
  }

  async append(
    channel: HistoryChannel,
    drafts: readonly Draft[],
  ): Promise<ReadonlyArray<Stored | MessagesError>> {
    if (drafts.length === 0) return [];
    const { pending } = this.link;
    const keys = this.link.keys.of(channel.name);
    const why = this.whyUnreachable(keys);
    const refusal = why ? unavailable(why) : pending.refusal();
    if (refusal) throw refusal;
    const bytes = drafts.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
    pending.add(drafts.length, bytes);
    try {
      const attempt = randomBytes(6).toString('base64url');
      const reply = await this.store(channel, keys, { attempt, drafts });
      return this.resultsOf(channel, reply, { attempt, drafts });
    } finally {
      pending.remove(drafts.length, bytes);
    }
  }

  async read(
    channel: HistoryChannel,
    start: PageStart,
    { messages, bytes }: PageBounds,
  ): Promise<HistoryPage<StoredMessage>> {
    const keys = this.link.keys.of(channel.name);
    this.assertReadable(keys);
    const from = 'since' in start ? ['since', start.since.offset] : ['last', start.last];
    const { maxMessageBytes } = this.link;
    const limits = [messages, bytes, maxMessageBytes, UNPOSTED_HEAD_MS];
    const args = [newEpoch(), channel.name, headMsOf(channel), ...from, ...limits];
    const run = READ.run({ client: this.link.client, keys: [keys.meta, keys.stream], args });
    const undecodable = (error: Error) => this.link.undecodable(channel.name, error);
    return withinDeadline(run, this.tuning).then(
      (reply) => this.readPage(reply, { start, maxMessageBytes, undecodable }),
      (error: Error) => {
        if (!isReply(error)) this.unanswered(keys);
        throw this.unreadable(error);
      },
    );
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    if (this.link.isClosed()) throw unreadable(new Error('The application has shut down'));
    const requested = channels.map((channel) => this.headLocationOf(channel));
    const locations = requested.filter((location) => location !== undefined);
    const failed = (error: Error): void => {
      this.followMove(error);
      this.link.refused('a read of a history', error);
    };
    const heads = (await this.headReader.read(locations, failed)).values();
    return requested.map((location) => (location ? heads.next().value : null));
  }

  /** Returns the location of a channel's head; undefined while its server is unreachable. */
  private headLocationOf(channel: string): HeadLocation | undefined {
    const keys = this.link.keys.of(channel);
    const node = this.link.topology.nodeOf(keys.live);
    return node && !this.whyUnreachable(keys) ? { key: keys.meta, node } : undefined;
  }

  /** Receives a publication on a key; returns false when no followed history has the key. */
  receive(key: string, payload: Buffer): boolean {
    const channel = this.followed.get(key);
    if (channel === undefined) return false;
    try {
      const messages = openStored(payload, this.link.maxMessageBytes);
      this.sink?.stored(channel, messages);
    } catch (error) {
      this.link.undecodable(channel, error as Error);
      this.sink?.suspected([channel]);
    }
    return true;
  }

  /** Marks the channels of these keys as suspect. */
  resumed(keys: readonly string[]): void {
    const channels = keys.map((key) => this.followed.get(key)).filter((channel) => channel !== undefined);
    if (channels.length > 0) this.sink?.suspected(channels);
  }

  /** Marks all channels of a server as suspect. */
  markSuspect(shard: RedisShard): void {
    const { topology } = this.link;
    void slicedWork.forEach(this.followed, ([key, channel]) => {
      if (topology.shardOf(key) === shard) this.sink?.suspected([channel]);
    });
  }

  /** Drops the connection for replicated writes to a server that may have been replaced. */
  reset(node: Redis): void {
    this.writers.get(node)?.reset();
    this.writers.delete(node);
  }

  /** Releases all connections and followed channels. */
  close(): void {
    this.followed.clear();
    for (const node of this.writers.keys()) this.reset(node);
  }

  private store(channel: HistoryChannel, keys: ChannelKeySet, batch: Batch): Promise<readonly string[]> {
    const run = { keys: keysOfAppend(keys, batch.drafts), args: this.argsOfAppend(channel, keys, batch) };
    if (channel.durability === 'replicated') return this.storeReplicated(keys, run);
    const reply = withinDeadline(APPEND.run({ client: this.link.client, ...run }), this.tuning);
    return reply.catch((error: Error) => {
      if (!isReply(error)) this.unanswered(keys);
      throw this.failureOf(error);
    }) as Promise<readonly string[]>;
  }

  private storeReplicated(keys: ChannelKeySet, run: Omit<ScriptRun, 'client'>): Promise<readonly string[]> {
    const node = this.link.topology.nodeOf(keys.live);
    if (!node) return Promise.reject(unavailable('Redis cannot be reached'));
    // A missing reply makes only the writer's own connection suspect, and the writer drops it.
    return this.writerOf(node)
      .run(APPEND, run)
      .catch((error: Error) => {
        this.followMove(error);
        throw this.failureOf(error);
      }) as Promise<readonly string[]>;
  }

  private writerOf(node: Redis): ReplicatedWriter {
    const known = this.writers.get(node);
    if (known) return known;
    for (const other of this.writers.keys()) if (other.status === 'end') this.reset(other);
    const writer = new ReplicatedWriter(() => openWriter(node, this.tuning), this.tuning);
    this.writers.set(node, writer);
    return writer;
  }

  private argsOfAppend(
    channel: HistoryChannel,
    keys: ChannelKeySet,
    { attempt, drafts }: Batch,
  ): (string | number)[] {
    const { messages, ageMs } = channel.history;
    const args: (string | number)[] = [
      newEpoch(),
      channel.name,
      this.link.topology.publishCommand,
      keys.live,
    ];
    args.push(
      messages,
      ageMs,
      headMsOf(channel),
      REMEMBER_IDS_MS,
      MAX_ENVELOPE_BYTES,
      MAX_ENVELOPE_MESSAGES,
      attempt,
    );
    for (const { id, type, data } of drafts) args.push(id, type, data);
    return args;
  }

  private followMove(error: Error): void {
    if (isReply(error) && error.message.startsWith('MOVED')) this.link.topology.moved();
  }

  private unanswered({ live }: ChannelKeySet): void {
    const { topology } = this.link;
    const shard = topology.shardOf(live);
    if (shard && shard.client === topology.nodeOf(live)) shard.probe.markSuspect();
  }

  private whyUnreachable({ live }: ChannelKeySet): string | undefined {
    if (this.link.isClosed()) return 'The application has shut down';
    const { topology } = this.link;
    const isReachable = topology.nodeOf(live)?.status === 'ready' && !topology.shardOf(live)?.probe.suspect;
    return isReachable ? undefined : 'Redis cannot be reached';
  }

  private assertReadable(keys: ChannelKeySet): void {
    const why = this.whyUnreachable(keys);
    if (why) throw unreadable(new Error(why), why);
  }

  private resultsOf(
    { name }: HistoryChannel,
    reply: readonly string[],
    { drafts, attempt }: Batch,
  ): ReadonlyArray<Stored | MessagesError> {
    if (!isStrings(reply)) throw uncertain(new Error('the reply of Redis is malformed'));
    const failure = publishFailureOf(reply);
    if (failure) this.link.unpublished(name, failure);
    const refusal = refusalIn(reply);
    if (refusal) this.link.refused('a post', refusal);
    return resultsOf(reply, drafts, attempt);
  }

  private readPage(reply: unknown, reading: PageReading): HistoryPage<StoredMessage> {
    try {
      return pageOf(reply, reading);
    } catch (error) {
      throw this.unreadable(error as Error);
    }
  }

  private unreadable(error: Error): MessagesError {
    this.link.refused('a read of a history', error);
    return unreadable(error);
  }

  private failureOf(error: Error): Error {
    if (error instanceof MessagesError) return error;
    if (!isReply(error)) return uncertain(error);
    this.link.refused('a post', error);
    return refused(error);
  }
}

function keysOfAppend({ meta, stream, idStart }: ChannelKeySet, drafts: readonly Draft[]): string[] {
  return [meta, stream, ...drafts.map(({ id }) => idStart + id)];
}

function newEpoch(): string {
  return randomBytes(16).toString('base64url');
}
