import type { Cluster, Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import {
  HistoryStore,
  REMEMBER_IDS_MS,
  type Draft,
  type HistoryChannel,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type StoredMessage,
  type Head,
} from '../../history/history-store.js';
import { slicedWork } from '../../scheduling/sliced-work.js';
import type { HistoryPage } from '../../history/recovery.js';
import { MessagesError } from '../../messages.error.js';
import type { ChannelKeys, KeysOfChannel } from './channel-keys.js';
import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_MESSAGES } from '../pubsub/envelope.js';
import { openStored } from './history-envelope.js';
import { isTexts, pageOf, refusalIn, resultsOf, missedBecause, type PageReading } from './history-replies.js';
import { APPEND, READ } from './history-scripts.js';
import type { PendingPosts } from '../pubsub/pending-posts.js';
import { isReply, refused, uncertain, unreadable, unavailable } from '../connection/redis.errors.js';
import { openWriter } from '../connection/redis-link.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import type { ScriptRun } from '../connection/redis-script.js';
import type { RedisShard } from '../connection/redis-shard.js';
import type { RedisTopology } from '../connection/redis-topology.js';
import { ReplicatedWriter } from './replicated-writer.js';
import { HeadReader, type HeadPosition } from './head-reader.js';
import { withinDeadline } from '../connection/within-deadline.js';

const WEEK_MS = 604_800_000;
/** How much longer than its messages a history remembers its top. */
const HEAD_AGES = 10;
/** How long the head of a history is remembered that nobody has posted to and nobody follows. */
const UNPOSTED_HEAD_MS = 600_000;

/** What a history shares with the backend that it belongs to. */
export interface HistoryLink {
  readonly client: Redis | Cluster;
  readonly topology: RedisTopology;
  readonly keys: ChannelKeys;
  readonly pending: PendingPosts;
  readonly maxMessageBytes: number;
  /** Whether the application has shut down. */
  readonly isClosed: () => boolean;
  /** Is told what was heard on a channel and cannot be read. */
  readonly undecodable: (channel: string, error: Error) => void;
  /** Is told that what was stored could not be published, and why. */
  readonly missed: (channel: string, why: string) => void;
  /** Is told what Redis refused, and with which error. */
  readonly refused: (what: string, error: Error) => void;
}

/** Drafts on their way, and what no other attempt is called. */
interface Batch {
  readonly attempt: string;
  readonly drafts: readonly Draft[];
}

/** Keeps the messages of channels with history in Redis: a stream a channel. */
export class RedisHistoryStore extends HistoryStore {
  /** By the key that what is stored is heard on. */
  readonly #followed = new Map<string, string>();
  readonly #writers = new Map<Redis, ReplicatedWriter>();
  readonly #topReader: HeadReader;
  #sink: HistorySink | undefined;

  constructor(
    private readonly link: HistoryLink,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
    this.#topReader = new HeadReader(tuning, { postedMs: WEEK_MS, unpostedMs: UNPOSTED_HEAD_MS });
  }

  attach(sink: HistorySink): void {
    this.#sink = sink;
  }

  follow(channel: string): Promise<void> {
    const { live } = this.link.keys.of(channel);
    this.#followed.set(live, channel);
    return this.link.topology.want(live);
  }

  unfollow(channel: string): void {
    const { live } = this.link.keys.of(channel);
    this.#followed.delete(live);
    this.link.topology.unwant(live);
  }

  async append(
    channel: HistoryChannel,
    drafts: readonly Draft[],
  ): Promise<ReadonlyArray<Stored | MessagesError>> {
    if (drafts.length === 0) return [];
    const { pending } = this.link;
    const keys = this.link.keys.of(channel.name);
    const why = this.#whyUnreachable(keys);
    const refusal = why ? unavailable(why) : pending.refusal();
    if (refusal) throw refusal;
    const bytes = drafts.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
    pending.add(drafts.length, bytes);
    try {
      const attempt = randomBytes(6).toString('base64url');
      const reply = await this.#store(channel, keys, { attempt, drafts });
      return this.#resultsOf(channel, reply, { attempt, drafts });
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
    this.#assertReadable(keys);
    const from = 'since' in start ? ['since', start.since.offset] : ['last', start.last];
    const { maxMessageBytes } = this.link;
    const limits = [messages, bytes, maxMessageBytes, UNPOSTED_HEAD_MS];
    const args = [newEpoch(), channel.name, headMsOf(channel), ...from, ...limits];
    const run = READ.run({ client: this.link.client, keys: [keys.meta, keys.stream], args });
    const undecodable = (error: Error) => this.link.undecodable(channel.name, error);
    return withinDeadline(run, this.tuning).then(
      (reply) => this.#readPage(reply, { start, maxMessageBytes, undecodable }),
      (error: Error) => {
        if (!isReply(error)) this.#unanswered(keys);
        throw this.#unreadable(error);
      },
    );
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    if (this.link.isClosed()) throw unreadable(new Error('The application has shut down'));
    const asked = channels.map((channel) => this.#placeOfTop(channel));
    const places = asked.filter((place) => place !== undefined);
    const failed = (error: Error): void => {
      this.#followMove(error);
      this.link.refused('a read of a history', error);
    };
    const heads = (await this.#topReader.read(places, failed)).values();
    return asked.map((place) => (place ? heads.next().value : null));
  }

  /** Returns where the top of a channel is; undefined while it cannot be read. */
  #placeOfTop(channel: string): HeadPosition | undefined {
    const keys = this.link.keys.of(channel);
    if (this.#whyUnreachable(keys)) return undefined;
    return { key: keys.meta, node: this.link.topology.nodeOf(keys.live)! };
  }

  /** Takes what was published on a key; tells whether the key is one of a history. */
  hear(key: string, payload: Buffer): boolean {
    const channel = this.#followed.get(key);
    if (channel === undefined) return false;
    try {
      const messages = openStored(payload, this.link.maxMessageBytes);
      this.#sink?.stored(channel, messages);
    } catch (error) {
      this.link.undecodable(channel, error as Error);
      this.#sink?.suspected([channel]);
    }
    return true;
  }

  /** Doubts the channels that are heard on these keys. */
  resumed(keys: readonly string[]): void {
    const channels = keys.map((key) => this.#followed.get(key)).filter((channel) => channel !== undefined);
    if (channels.length > 0) this.#sink?.suspected(channels);
  }

  /** Doubts all channels of a server. */
  doubt(shard: RedisShard): void {
    const { topology } = this.link;
    void slicedWork.forEach(this.#followed, ([key, channel]) => {
      if (topology.shardOf(key) === shard) this.#sink?.suspected([channel]);
    });
  }

  /** Lets go of the connections to a server that may be another now. */
  reset(node: Redis): void {
    this.#writers.get(node)?.reset();
    this.#writers.delete(node);
  }

  /** Lets go of everything. */
  close(): void {
    this.#followed.clear();
    for (const node of this.#writers.keys()) this.reset(node);
  }

  #store(channel: HistoryChannel, keys: KeysOfChannel, batch: Batch): Promise<readonly string[]> {
    const run = { keys: keysOfAppend(keys, batch.drafts), args: this.#argsOfAppend(channel, keys, batch) };
    if (channel.durability === 'replicated') return this.#storeReplicated(keys, run);
    const reply = withinDeadline(APPEND.run({ client: this.link.client, ...run }), this.tuning);
    return reply.catch((error: Error) => {
      if (!isReply(error)) this.#unanswered(keys);
      throw this.#failureOf(error);
    }) as Promise<readonly string[]>;
  }

  #storeReplicated(keys: KeysOfChannel, run: Omit<ScriptRun, 'client'>): Promise<readonly string[]> {
    const node = this.link.topology.nodeOf(keys.live)!;
    // Only its own connection is in doubt when there is no answer, and the writer drops it.
    return this.#writerOf(node)
      .run(APPEND, run)
      .catch((error: Error) => {
        this.#followMove(error);
        throw this.#failureOf(error);
      }) as Promise<readonly string[]>;
  }

  #writerOf(node: Redis): ReplicatedWriter {
    const known = this.#writers.get(node);
    if (known) return known;
    for (const other of this.#writers.keys()) if (other.status === 'end') this.reset(other);
    const writer = new ReplicatedWriter(() => openWriter(node, this.tuning), this.tuning);
    this.#writers.set(node, writer);
    return writer;
  }

  #argsOfAppend(
    channel: HistoryChannel,
    keys: KeysOfChannel,
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

  #followMove(error: Error): void {
    if (isReply(error) && error.message.startsWith('MOVED')) this.link.topology.moved();
  }

  #unanswered({ live }: KeysOfChannel): void {
    const { topology } = this.link;
    const shard = topology.shardOf(live);
    if (shard && shard.client === topology.nodeOf(live)) shard.probe.doubt();
  }

  #whyUnreachable({ live }: KeysOfChannel): string | undefined {
    if (this.link.isClosed()) return 'The application has shut down';
    const { topology } = this.link;
    const isReachable = topology.nodeOf(live)?.status === 'ready' && !topology.shardOf(live)?.probe.suspect;
    return isReachable ? undefined : 'Redis cannot be reached';
  }

  #assertReadable(keys: KeysOfChannel): void {
    const why = this.#whyUnreachable(keys);
    if (why) throw unreadable(new Error(why), why);
  }

  #resultsOf(
    { name }: HistoryChannel,
    reply: readonly string[],
    { drafts, attempt }: Batch,
  ): ReadonlyArray<Stored | MessagesError> {
    if (!isTexts(reply)) throw uncertain(new Error('its answer does not have the form of one'));
    const missed = missedBecause(reply);
    if (missed) this.link.missed(name, missed);
    const refusal = refusalIn(reply);
    if (refusal) this.link.refused('a post', refusal);
    return resultsOf(reply, drafts, attempt);
  }

  #readPage(reply: unknown, reading: PageReading): HistoryPage<StoredMessage> {
    try {
      return pageOf(reply, reading);
    } catch (error) {
      throw this.#unreadable(error as Error);
    }
  }

  #unreadable(error: Error): MessagesError {
    this.link.refused('a read of a history', error);
    return unreadable(error);
  }

  #failureOf(error: Error): Error {
    if (error instanceof MessagesError) return error;
    if (!isReply(error)) return uncertain(error);
    this.link.refused('a post', error);
    return refused(error);
  }
}

function keysOfAppend({ meta, stream, idStart }: KeysOfChannel, drafts: readonly Draft[]): string[] {
  return [meta, stream, ...drafts.map(({ id }) => idStart + id)];
}

/** Returns how long the top of a history is remembered, in milliseconds. */
export function headMsOf({ history }: HistoryChannel): number {
  return Math.max(history.ageMs * HEAD_AGES, WEEK_MS);
}

function newEpoch(): string {
  return randomBytes(16).toString('base64url');
}
