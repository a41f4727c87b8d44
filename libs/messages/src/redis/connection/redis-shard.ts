import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Redis } from 'ioredis';
import { openSubscriber } from './redis-link.js';
import type { ResolvedTuning } from './redis.options.js';
import { RedisProbe } from './redis-probe.js';
import { RedisSubscriber } from './redis-subscriber.js';
import { ReplicationCheck } from './replication-check.js';

/** What a shard tells its owner. */
export interface ShardEvents {
  readonly message: (key: string, payload: Buffer) => void;
  /** `healthy` may have changed. */
  readonly changed: () => void;
  /** Keys came into force that nobody waited for. */
  readonly resumed: (keys: readonly string[]) => void;
  /** Publications may have gone unheard. */
  readonly suspected: (shard: RedisShard) => void;
  /** The server is another than it was: what was connected to it is to be connected anew. */
  readonly replaced: (shard: RedisShard) => void;
  /** The server is no master. */
  readonly notMaster: (shard: RedisShard) => void;
  readonly moved: () => void;
  readonly failed: (error: unknown) => void;
  /** The probe's message did not come back for too long. */
  readonly stalled: (shard: RedisShard) => void;
}

/** Where a shard is and how it is reached. */
export interface ShardLink {
  /** The client that publishes to this server; subscribers are made after it. */
  readonly client: Redis;
  readonly sharded: boolean;
  /** The probe's own key; this server holds it. */
  readonly probeKey: string;
  readonly publish: (key: string, encoded: EncodedMessage) => Promise<void>;
}

/** One Redis server that holds channels: its subscriber, and its probe. */
export class RedisShard {
  /** The client that publishes here. */
  readonly client: Redis;
  readonly subscriber: RedisSubscriber;
  readonly probe: RedisProbe;
  readonly #replication: ReplicationCheck;
  #started: Promise<void> | undefined;
  #wasSuspect = false;

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
          if (this.#wasSuspect && !this.probe.suspect) events.suspected(this);
          this.#wasSuspect = this.probe.suspect;
          events.changed();
        },
      },
      tuning,
    );
    this.#replication = new ReplicationCheck(client, tuning, {
      replaced: () => {
        events.replaced(this);
        this.subscriber.rebuild();
        events.suspected(this);
      },
      notMaster: () => events.notMaster(this),
    });
    void this.subscriber.want(probeKey);
  }

  /** Whether what is published here arrives, as far as is known. */
  get healthy(): boolean {
    return this.subscriber.live && this.publishable;
  }

  /** Whether publications can be sent here and are answered, as far as is known. */
  get publishable(): boolean {
    return this.client.status === 'ready' && !this.probe.suspect;
  }

  /** Connects; resolves when all that is wanted is confirmed, or the first try has failed. */
  start(): Promise<void> {
    return (this.#started ??= this.subscriber.start());
  }

  /** Lets go of the connection and of the timers. */
  close(): void {
    this.#replication.close();
    this.probe.close();
    this.subscriber.close();
  }
}
