import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Redis } from 'ioredis';
import { openSubscriber } from './redis-link.js';
import type { ResolvedTuning } from './redis.options.js';
import { RedisProbe } from './redis-probe.js';
import { RedisSubscriber } from './redis-subscriber.js';
import { ReplicationCheck } from './replication-check.js';

/** The events that a shard reports to its owner. */
export interface ShardEvents {
  /** A publication was received on a desired key. */
  readonly message: (key: string, payload: Buffer) => void;
  /** `healthy` may have changed. */
  readonly changed: () => void;
  /** Keys were confirmed again without a pending `subscribe` call. */
  readonly resumed: (keys: readonly string[]) => void;
  /** Publications may have been missed. */
  readonly suspected: (shard: RedisShard) => void;
  /** The server was replaced; all connections to it must be reopened. */
  readonly replaced: (shard: RedisShard) => void;
  /** The server is no master. */
  readonly notMaster: (shard: RedisShard) => void;
  /** Keys belong to another server now. */
  readonly moved: () => void;
  /** An error occurred; the shard recovers by itself. */
  readonly failed: (error: unknown) => void;
  /** The probe's message has been missing for longer than `probeTimeoutMs`. */
  readonly stalled: (shard: RedisShard) => void;
}

/** The server of a shard, and the path to it. */
export interface ShardLink {
  /** The client that publishes to this server; subscribers copy its options. */
  readonly client: Redis;
  readonly sharded: boolean;
  /** The probe's own key; it belongs to this server. */
  readonly probeKey: string;
  readonly publish: (key: string, encoded: EncodedMessage) => Promise<void>;
}

/** One Redis server that carries channels, with its subscriber and its probe. */
export class RedisShard {
  /** The client that publishes here. */
  readonly client: Redis;
  readonly subscriber: RedisSubscriber;
  readonly probe: RedisProbe;
  private readonly replication: ReplicationCheck;
  private started: Promise<void> | undefined;
  private wasSuspect = false;

  constructor(
    { client, sharded, probeKey, publish }: ShardLink,
    tuning: ResolvedTuning,
    events: ShardEvents,
  ) {
    this.client = client;
    this.subscriber = new RedisSubscriber({ open: () => openSubscriber(client, tuning), sharded }, tuning, {
      ...events,
      message: (key, payload) => (key === probeKey ? this.probe.seen(payload) : events.message(key, payload)),
      changed: () => {
        if (this.subscriber.live) this.probe.reset();
        events.changed();
      },
    });
    this.probe = new RedisProbe(
      {
        publish: (data) => publish(probeKey, { type: 'probe', data }),
        connected: () => this.subscriber.connected,
        stalled: () => {
          events.stalled(this);
          this.subscriber.rebuild();
        },
        changed: () => {
          if (this.wasSuspect && !this.probe.suspect) events.suspected(this);
          this.wasSuspect = this.probe.suspect;
          events.changed();
        },
      },
      tuning,
    );
    this.replication = new ReplicationCheck(client, tuning, {
      replaced: () => {
        events.replaced(this);
        this.subscriber.rebuild();
        events.suspected(this);
      },
      notMaster: () => events.notMaster(this),
    });
    void this.subscriber.subscribe(probeKey);
  }

  /** True when publications here are delivered, as far as the process knows. */
  get healthy(): boolean {
    return this.subscriber.live && this.publishable;
  }

  /** True when the server accepts publications and replies, as far as the process knows. */
  get publishable(): boolean {
    return this.client.status === 'ready' && !this.probe.suspect;
  }

  /** Connects; resolves when all desired keys are confirmed, or the first attempt has failed. */
  start(): Promise<void> {
    return (this.started ??= this.subscriber.start());
  }

  /** Closes the connection and stops the timers. */
  close(): void {
    this.replication.close();
    this.probe.close();
    this.subscriber.close();
  }
}
