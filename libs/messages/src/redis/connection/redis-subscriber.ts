import type { Redis } from 'ioredis';
import { deferred, type Deferred } from '../../scheduling/deferred.js';
import { slicedWork } from '../../scheduling/sliced-work.js';
import { isReply } from './redis.errors.js';
import { reconnectDelay, type ResolvedTuning } from './redis.options.js';

const CHUNK = 100;
const RENEWAL_MS = 50;

/** The events that a subscriber reports to its owner. */
export interface SubscriberEvents {
  /** A publication was received on a desired key. */
  readonly message: (key: string, payload: Buffer) => void;
  /** `live` may have changed. */
  readonly changed: () => void;
  /** Keys were confirmed again without a pending `subscribe` call; earlier publications were missed. */
  readonly resumed: (keys: readonly string[]) => void;
  /** Keys belong to another server now. */
  readonly moved: () => void;
  /** An error occurred; the subscriber recovers by itself. */
  readonly failed: (error: unknown) => void;
}

/** The access of a subscriber to its server. */
export interface SubscriberLink {
  /** Creates a client that neither connects nor reconnects by itself. */
  readonly open: () => Redis;
  /** True for sharded pub/sub. */
  readonly sharded: boolean;
}

/**
 * One connection that holds subscriptions; it reconnects after each loss.
 *
 * Desired keys are recorded before a request is sent, so an outage loses no subscription. One request of
 * at most 100 keys is in progress at a time, so requests cannot overtake each other.
 */
export class RedisSubscriber {
  private readonly desired = new Set<string>();
  private readonly confirmed = new Set<string>();
  /** Desired keys that are not yet sent on a new connection. */
  private restoring: Iterator<string> | undefined;
  /** Keys to subscribe to, and to unsubscribe from, on the current connection. */
  private readonly adding = new Set<string>();
  private readonly dropping = new Set<string>();
  /** Keys that the server refused; they are retried after a pause. */
  private readonly refused = new Set<string>();
  private waiters = new Map<string, Deferred<void>>();
  private client: Redis | undefined;
  private isConnected = false;
  private restored = false;
  private pumping = false;
  private closed = false;
  private attempts = 0;
  private connects = 0;
  private cancelConnect: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;
  private cancelRenewal: (() => void) | undefined;

  constructor(
    private readonly link: SubscriberLink,
    private readonly tuning: ResolvedTuning,
    private readonly events: SubscriberEvents,
  ) {}

  /** True when the connection is open and all keys desired before it are confirmed. */
  get live(): boolean {
    return this.restored && this.refused.size === 0;
  }

  /** True while the connection is open. */
  get connected(): boolean {
    return this.isConnected;
  }

  /** The number of reconnects since the first connection. */
  get reconnects(): number {
    return Math.max(0, this.connects - 1);
  }

  /** Connects; resolves when all desired keys are confirmed, or the attempt has failed. */
  async start(): Promise<void> {
    const client = (this.client = this.link.open());
    const lost = () => this.lost(client);
    // A server may accept the connection and never reply, so the whole handshake has a deadline.
    const cancelDeadline = this.tuning.clock.after(this.tuning.connectTimeoutMs, lost);
    client.on('error', (error: unknown) => this.events.failed(error));
    client.on('end', lost);
    client.on('moved', () => this.moved(client));
    // Received as bytes, because own publications are dropped without decoding.
    client.on(this.link.sharded ? 'smessageBuffer' : 'messageBuffer', (name: Buffer, payload: Buffer) => {
      const key = name.toString();
      if (client === this.client && this.desired.has(key)) this.events.message(key, payload);
    });
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    cancelDeadline();
    if (connected) await this.gained(client);
    else lost();
  }

  /** Adds a desired key; resolves when it is confirmed, or at once without a connection. */
  subscribe(key: string): Promise<void> {
    this.desired.add(key);
    this.dropping.delete(key);
    if (!this.isConnected || this.confirmed.has(key)) return Promise.resolve();
    const waiter = this.waiters.get(key) ?? deferred<void>();
    this.waiters.set(key, waiter);
    this.adding.add(key);
    void this.pump();
    return waiter.promise;
  }

  /** Removes a desired key; no message on it is reported after the call. */
  unsubscribe(key: string): void {
    this.desired.delete(key);
    this.adding.delete(key);
    this.refused.delete(key);
    this.settle(key);
    if (!this.confirmed.has(key)) return;
    this.dropping.add(key);
    void this.pump();
  }

  /** Drops the connection and schedules a reconnect. */
  rebuild(): void {
    if (this.client) this.lost(this.client);
  }

  /** Closes the connection for good and releases everything. */
  close(): void {
    this.closed = true;
    this.desired.clear();
    this.disconnect();
    this.cancelConnect?.();
  }

  private async gained(client: Redis): Promise<void> {
    if (client !== this.client) return;
    this.isConnected = true;
    this.attempts = 0;
    this.connects++;
    this.restoring = this.desired.values();
    await this.pump();
  }

  /**
   * Subscribes again to all desired keys, because the server has ended some subscriptions.
   *
   * A server ends them when a slot is assigned, even to itself, and ioredis does not report the keys.
   */
  private moved(client: Redis): void {
    if (client !== this.client) return;
    this.events.moved();
    // The subscriptions of a slot end together, so one renewal covers them all.
    this.cancelRenewal ??= this.tuning.clock.after(RENEWAL_MS, () => {
      this.cancelRenewal = undefined;
      for (const key of this.desired) if (this.confirmed.delete(key)) this.adding.add(key);
      void this.pump();
    });
  }

  private lost(client: Redis | undefined): void {
    if (this.closed || client !== this.client) return;
    this.disconnect();
    const delayMs = reconnectDelay(this.attempts++, this.tuning.maxReconnectDelayMs);
    this.cancelConnect = this.tuning.clock.after(delayMs, () => void this.start());
    this.events.changed();
  }

  private disconnect(): void {
    const client = this.client;
    this.client = undefined;
    this.isConnected = this.restored = false;
    this.restoring = undefined;
    this.cancelRetry?.();
    this.cancelRenewal?.();
    // A leftover handle would prevent all retries on the next connection.
    this.cancelRetry = this.cancelRenewal = undefined;
    for (const keys of [this.confirmed, this.adding, this.dropping, this.refused]) keys.clear();
    const waiters = this.waiters;
    this.waiters = new Map();
    void slicedWork.forEach(waiters.values(), ({ resolve }) => resolve());
    client?.removeAllListeners('end');
    if (client?.status !== 'end') client?.disconnect();
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    while (this.isConnected && (this.adding.size > 0 || this.dropping.size > 0 || !this.restored)) {
      const client = this.client;
      if (!client) break;
      try {
        const keys = this.takeAdding();
        if (keys.length > 0) await this.add(client, keys);
        else if (this.dropping.size > 0) await this.drop(client, take(this.dropping));
        else this.restore();
      } catch (error) {
        if (client === this.client) this.events.failed(error);
        this.lost(client);
      }
    }
    this.pumping = false;
  }

  /** Takes the next keys to subscribe to; keys with a waiting caller come first. */
  private takeAdding(): string[] {
    const keys = take(this.adding);
    while (this.restoring && keys.length < CHUNK) {
      const next = this.restoring.next();
      if (next.done) this.restoring = undefined;
      else if (!this.confirmed.has(next.value) && !this.refused.has(next.value)) keys.push(next.value);
    }
    return keys;
  }

  private restore(): void {
    this.restored = true;
    this.events.changed();
  }

  private async add(client: Redis, keys: readonly string[]): Promise<void> {
    try {
      if (this.link.sharded) await Promise.all(keys.map((key) => client.ssubscribe(key)));
      else await client.subscribe(...keys);
    } catch (error) {
      if (!isReply(error)) throw error;
      const [key, ...others] = keys;
      if (others.length > 0) for (const each of keys) await this.add(client, [each]);
      else if (key !== undefined) this.refuse(client, key, error);
      return;
    }
    if (client !== this.client) return;
    const resumed = keys.filter((key) => this.desired.has(key) && !this.waiters.has(key));
    for (const key of keys) this.confirm(key);
    if (resumed.length > 0) this.events.resumed(resumed);
  }

  private async drop(client: Redis, keys: readonly string[]): Promise<void> {
    for (const key of keys) this.confirmed.delete(key);
    if (this.link.sharded) await Promise.all(keys.map((key) => client.sunsubscribe(key)));
    else await client.unsubscribe(...keys);
  }

  private confirm(key: string): void {
    this.confirmed.add(key);
    this.settle(key);
    if (!this.desired.has(key)) this.dropping.add(key);
  }

  /** Sets a refused key aside, so that the other keys keep their connection. */
  private refuse(client: Redis, key: string, error: Error): void {
    if (client !== this.client || !this.desired.has(key)) return;
    this.settle(key);
    this.refused.add(key);
    this.events.failed(error);
    if (error.message.startsWith('MOVED')) this.events.moved();
    this.cancelRetry ??= this.tuning.clock.after(this.tuning.maxReconnectDelayMs, () => this.retryRefused());
    this.events.changed();
  }

  private retryRefused(): void {
    this.cancelRetry = undefined;
    for (const key of this.refused) this.adding.add(key);
    this.refused.clear();
    void this.pump().then(() => this.events.changed());
  }

  private settle(key: string): void {
    this.waiters.get(key)?.resolve();
    this.waiters.delete(key);
  }
}

function take(keys: Set<string>): string[] {
  const taken: string[] = [];
  for (const key of keys) {
    taken.push(key);
    keys.delete(key);
    if (taken.length === CHUNK) break;
  }
  return taken;
}
