import { Logger } from '@nestjs/common';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { Broker, type BrokerCounters, type BrokerSink, type MessagesStatus } from '../pubsub/broker.js';
import { LogLimiter } from '../logging/log-limiter.js';
import { MessagesConfigurationError } from '../messages-configuration.error.js';
import type { MessagesError } from '../messages.error.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../messages.options.js';
import { ChannelKeys } from './history/channel-keys.js';
import { ClusterTopology } from './connection/cluster-topology.js';
import { Envelope } from './pubsub/envelope.js';
import { PendingPosts } from './pubsub/pending-posts.js';
import { replyTextOf, unavailable } from './connection/redis.errors.js';
import { RedisHistoryStore } from './history/redis-history-store.js';
import { RedisCallStore } from './calls/redis-call-store.js';
import { RedisClaimStore } from './once/redis-claim-store.js';
import { RedisRevokedTokenStore } from './revocations/redis-revoked-token-store.js';
import { isCluster, openLink, type RedisLink } from './connection/redis-link.js';
import {
  resolveTuning,
  type RedisBrokerOptions,
  type RedisConnection,
  type ResolvedTuning,
} from './connection/redis.options.js';
import { RedisPresenceStore } from './presence/redis-presence-store.js';
import { RedisPublisher } from './pubsub/redis-publisher.js';
import { RedisReceiver } from './pubsub/redis-receiver.js';
import { RedisShard } from './connection/redis-shard.js';
import { sharedSecret } from './connection/shared-secret.js';
import { settledWithin } from './connection/within-deadline.js';
import {
  SingleTopology,
  untilReady,
  type RedisTopology,
  type ShardMaker,
} from './connection/redis-topology.js';

const AUTHENTICATION_ERROR = /^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/;
const CLIENT_EVENTS = ['ready', 'close', 'end', 'reconnecting'] as const;

/** Carries channels over Redis: a single server, a Sentinel group, or a Cluster. */
export class RedisBroker extends Broker {
  override readonly history: RedisHistoryStore;
  override readonly claims: RedisClaimStore;
  override readonly calls: RedisCallStore;
  override readonly revokedTokens: RedisRevokedTokenStore;
  override readonly presence: RedisPresenceStore;
  private readonly logger = new Logger('Messages');
  private readonly limiter = new LogLimiter((line) => this.logger.warn(line));
  private readonly connections = new LogLimiter((line) => this.logger.log(line), { linesPerMinute: 10 });
  private readonly origin = randomBytes(9).toString('base64url');
  private readonly tuning: ResolvedTuning;
  private readonly maxMessageBytes: number;
  private readonly envelope: Envelope;
  private readonly keys: ChannelKeys;
  private readonly link: RedisLink;
  private readonly topology: RedisTopology;
  private readonly pending: PendingPosts;
  private readonly publisher: RedisPublisher;
  private readonly receiver: RedisReceiver;
  private stalls = 0;
  private sink: BrokerSink | undefined;
  private currentStatus: MessagesStatus = 'degraded';
  private lastError = '';
  private closed: Promise<void> | undefined;
  private cancelRevival: (() => void) | undefined;

  /** @throws {MessagesConfigurationError} when the connection or an option is wrong or unsafe */
  constructor(connection: RedisConnection, options: RedisBrokerOptions = {}) {
    super();
    const { tuning, problems } = resolveTuning(options);
    if (problems.length > 0) throw new MessagesConfigurationError(problems);
    this.tuning = tuning;
    this.maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    this.envelope = new Envelope(this.origin, this.maxMessageBytes);
    this.receiver = new RedisReceiver({
      envelope: this.envelope,
      maxMessageBytes: this.maxMessageBytes,
      limiter: this.limiter,
    });
    this.keys = new ChannelKeys(tuning.prefix);
    this.link = openLink(connection, tuning);
    this.claims = new RedisClaimStore(this.link.client, tuning);
    this.calls = new RedisCallStore(this.link.client, tuning);
    this.revokedTokens = new RedisRevokedTokenStore(this.link.client, tuning);
    this.presence = new RedisPresenceStore(this.link.client, tuning, (channel, error) =>
      this.receiver.drop(channel, error),
    );
    this.topology = this.makeTopology();
    this.pending = new PendingPosts(tuning);
    this.publisher = this.makePublisher();
    this.history = this.makeHistory();
  }

  get status(): MessagesStatus {
    return this.currentStatus;
  }

  get counters(): BrokerCounters {
    const reconnects = this.topology.shards.reduce((sum, { subscriber }) => sum + subscriber.reconnects, 0);
    return { undecodable: this.receiver.undecodable, stalled: this.stalls, reconnects };
  }

  async start(sink: BrokerSink): Promise<void> {
    this.sink = this.receiver.sink = sink;
    const { client, given } = this.link;
    client.on('error', this.onError);
    client.on('node error', this.onError);
    for (const event of CLIENT_EVENTS) client.on(event, this.onChange);
    if (!given) client.on('end', this.onEnd);
    await settledWithin(this.connect(), this.tuning.connectTimeoutMs, this.tuning.clock);
    this.changed();
    if (this.currentStatus === 'connected') return;
    if (AUTHENTICATION_ERROR.test(this.lastError)) await this.failAuthentication();
    this.limiter.log('degraded', `Redis is unreachable${this.reason()}; channels reach this process only.`);
  }

  subscribe(channel: string): Promise<void> {
    const key = this.keys.of(channel).ephemeral;
    this.receiver.desired.set(key, channel);
    return this.topology.subscribe(key);
  }

  unsubscribe(channel: string): void {
    const key = this.keys.of(channel).ephemeral;
    this.receiver.desired.delete(key);
    this.topology.unsubscribe(key);
  }

  refusal(channel: string): MessagesError | undefined {
    return this.unreachable(this.keys.of(channel).ephemeral) ?? this.publisher.refusal();
  }

  publish(channel: string, encoded: EncodedMessage): Promise<void> {
    const key = this.keys.of(channel).ephemeral;
    const refusal = this.unreachable(key);
    return refusal ? Promise.reject(refusal) : this.publisher.publish(key, encoded);
  }

  override secret(): Promise<string> {
    return sharedSecret(this.link.client, this.tuning);
  }

  close(): Promise<void> {
    return (this.closed ??= this.closeNow());
  }

  private unreachable(key: string): MessagesError | undefined {
    if (this.closed) return unavailable('The application has shut down');
    return this.topology.shardOf(key)?.publishable ? undefined : unavailable('Redis cannot be reached');
  }

  private async closeNow(): Promise<void> {
    this.receiver.desired.clear();
    this.topology.close();
    // Pending posts are still sent; each has a deadline.
    await this.pending.settled();
    this.publisher.close();
    this.history.close();
    const { client, given } = this.link;
    for (const event of CLIENT_EVENTS) client.off(event, this.onChange);
    this.currentStatus = 'degraded';
    this.cancelRevival?.();
    client.off('end', this.onEnd);
    if (given) for (const event of ['error', 'node error']) client.off(event, this.onError);
    else if (client.status !== 'end') client.disconnect();
  }

  private readonly onChange = (): void => this.changed();
  private readonly onResumed = (keys: readonly string[]): void => this.history.resumed(keys);

  /** Reconnects: ioredis gives up for good when a failover interrupts a connection attempt. */
  private readonly onEnd = (): void => {
    const { client } = this.link;
    this.cancelRevival = this.tuning.clock.after(this.tuning.maxReconnectDelayMs * Math.random(), () => {
      if (!this.closed && client.status === 'end') client.connect().catch(() => undefined);
    });
  };

  private readonly onError = (error: unknown): void => {
    // Store only the text: an ioredis error contains its command, which may include the password.
    this.lastError = error instanceof Error ? error.message : String(error);
  };

  /** Logs the text of Redis; it appears only in the log, because the caller may answer a client. */
  private readonly onRefused = (operation: string, error: Error): void =>
    this.limiter.log(`refused ${operation}`, `Redis refused ${operation}: ${replyTextOf(error)}.`);

  private changed(): void {
    if (this.closed) return;
    const { shards } = this.topology;
    const connected = shards.length > 0 && shards.every(({ healthy }) => healthy);
    const status = connected ? 'connected' : 'degraded';
    if (status === this.currentStatus) return;
    this.currentStatus = status;
    if (connected) this.connections.log('connected', 'Redis is connected; channels reach the cluster.');
    else this.limiter.log('degraded', `Redis is degraded${this.reason()}; see MessagesService.status.`);
    this.sink?.statusChanged();
  }

  private reason(): string {
    return this.lastError && ` (${this.lastError})`;
  }

  private async connect(): Promise<void> {
    const { client } = this.link;
    const connecting = client.status === 'wait' ? client.connect() : untilReady(client as Redis);
    const connected = connecting.catch((error: Error) => void (this.lastError ||= error.message));
    if (isCluster(client)) await connected;
    await Promise.all([connected, this.topology.start()]);
  }

  private async failAuthentication(): Promise<never> {
    await this.close();
    throw new MessagesConfigurationError([
      `Redis refused the credentials (${this.lastError}): check the user and the password in the option redis.`,
    ]);
  }

  private makePublisher(): RedisPublisher {
    const unanswered = (key: string) => this.topology.shardOf(key)?.probe.markSuspect();
    const link = {
      client: this.link.client,
      topology: this.topology,
      envelope: this.envelope,
      pending: this.pending,
      unanswered,
    };
    return new RedisPublisher(link, this.tuning);
  }

  private makeHistory(): RedisHistoryStore {
    const link = {
      client: this.link.client,
      topology: this.topology,
      keys: this.keys,
      pending: this.pending,
      maxMessageBytes: this.maxMessageBytes,
      isClosed: () => this.closed !== undefined,
      refused: this.onRefused,
      undecodable: (channel: string, error: Error) => this.receiver.drop(channel, error),
      unpublished: (channel: string, reason: string) =>
        this.limiter.log(
          'unpublished',
          `Redis stored a post on channel '${channel}' but did not publish it: ${reason}.`,
        ),
    };
    return new RedisHistoryStore(link, this.tuning);
  }

  private makeTopology(): RedisTopology {
    const { client } = this.link;
    const probeKeyOf = (number: number) => this.keys.probeKeyOf(this.origin, number);
    const makeShard: ShardMaker = (node, sharded, number) =>
      this.makeShard({ client: node, sharded, probeKey: probeKeyOf(number) });
    const owner = { makeShard, probeKeyOf, changed: this.onChange, resumed: this.onResumed };
    return isCluster(client)
      ? new ClusterTopology(client, owner, this.tuning)
      : new SingleTopology(client, makeShard);
  }

  private makeShard(at: {
    readonly client: Redis;
    readonly sharded: boolean;
    readonly probeKey: string;
  }): RedisShard {
    const publish = (key: string, encoded: EncodedMessage) => this.publisher.publish(key, encoded);
    return new RedisShard({ ...at, publish }, this.tuning, {
      message: (key, payload) =>
        void (this.receiver.receive(key, payload) || this.history.receive(key, payload)),
      changed: this.onChange,
      resumed: this.onResumed,
      suspected: (shard) => this.history.markSuspect(shard),
      replaced: ({ client }) => this.history.reset(client),
      notMaster: () => this.locateMaster(),
      moved: () => this.topology.moved(),
      failed: this.onError,
      stalled: (shard) => this.onStalled(shard),
    });
  }

  private onStalled(shard: RedisShard): void {
    this.stalls++;
    this.limiter.log('stalled', 'Redis is connected but pub/sub is stalled; reconnecting the subscriber.');
    if (isCluster(this.link.client) || shard.probe.suspect) this.locateMaster();
  }

  /** Locates the master again: by a new slot map, or by a reconnect through the Sentinels. */
  private locateMaster(): void {
    const { client, given } = this.link;
    if (isCluster(client)) this.topology.moved();
    else if (!given) client.disconnect(true);
  }
}
