import type { Redis } from 'ioredis';
import { deferred, type Deferred } from '../../scheduling/deferred.js';
import { slicedWork } from '../../scheduling/sliced-work.js';
import { isReply } from './redis.errors.js';
import { reconnectDelay, type ResolvedTuning } from './redis.options.js';

const CHUNK = 100;
const RENEWAL_MS = 50;

/** What a subscriber tells its owner. */
export interface SubscriberEvents {
  /** A publication arrived on a wanted key. */
  readonly message: (key: string, payload: Buffer) => void;
  /** `live` may have changed. */
  readonly changed: () => void;
  /** Keys came into force that nobody waited for: what was published before went unheard. */
  readonly resumed: (keys: readonly string[]) => void;
  /** Keys live on another server now. */
  readonly moved: () => void;
  /** Something went wrong; it heals by itself. */
  readonly failed: (error: unknown) => void;
}

/** How a subscriber speaks to its server. */
export interface SubscriberLink {
  /** Makes a client that neither connects nor reconnects by itself. */
  readonly open: () => Redis;
  /** Whether keys are those of sharded pub/sub. */
  readonly sharded: boolean;
}

/**
 * One connection that holds subscriptions, made anew whenever it is lost.
 *
 * What is wanted is written down before it is sent, so an outage costs nothing but time. One request
 * is under way at a time, for up to a hundred keys, so they cannot overtake each other.
 */
export class RedisSubscriber {
  readonly #wanted = new Set<string>();
  readonly #confirmed = new Set<string>();
  /** What is wanted, as far as a new connection has not been told. */
  #restoring: Iterator<string> | undefined;
  /** Keys to subscribe and to unsubscribe on the present connection. */
  readonly #adding = new Set<string>();
  readonly #dropping = new Set<string>();
  /** Keys that the server refused; asked for again after a pause. */
  readonly #refused = new Set<string>();
  #waiters = new Map<string, Deferred<void>>();
  #client: Redis | undefined;
  #connected = false;
  #restored = false;
  #pumping = false;
  #closed = false;
  #attempts = 0;
  #connects = 0;
  #cancelConnect: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelRenewal: (() => void) | undefined;

  constructor(
    private readonly link: SubscriberLink,
    private readonly tuning: ResolvedTuning,
    private readonly events: SubscriberEvents,
  ) {}

  /** Whether the connection stands and all that was wanted before it is confirmed. */
  get live(): boolean {
    return this.#restored && this.#refused.size === 0;
  }

  /** Whether the connection stands. */
  get connected(): boolean {
    return this.#connected;
  }

  /** How often it was connected anew. */
  get reconnects(): number {
    return Math.max(0, this.#connects - 1);
  }

  /** Connects; resolves when all that is wanted is confirmed, or the try has failed. */
  async start(): Promise<void> {
    const client = (this.#client = this.link.open());
    const lost = () => this.#lost(client);
    // A server may accept the connection and say nothing: the whole handshake has a deadline.
    const cancelDeadline = this.tuning.clock.after(this.tuning.connectTimeoutMs, lost);
    client.on('error', (error: unknown) => this.events.failed(error));
    client.on('end', lost);
    client.on('moved', () => this.#moved(client));
    // As bytes: what this process published itself is not worth a string.
    client.on(this.link.sharded ? 'smessageBuffer' : 'messageBuffer', (name: Buffer, payload: Buffer) => {
      const key = name.toString();
      if (client === this.#client && this.#wanted.has(key)) this.events.message(key, payload);
    });
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    cancelDeadline();
    if (connected) await this.#gained(client);
    else lost();
  }

  /** Wants a key; resolves when it is confirmed, or at once while there is no connection. */
  want(key: string): Promise<void> {
    this.#wanted.add(key);
    this.#dropping.delete(key);
    if (!this.#connected || this.#confirmed.has(key)) return Promise.resolve();
    const waiter = this.#waiters.get(key) ?? deferred<void>();
    this.#waiters.set(key, waiter);
    this.#adding.add(key);
    void this.#pump();
    return waiter.promise;
  }

  /** No longer wants a key; no message on it arrives after the call. */
  unwant(key: string): void {
    this.#wanted.delete(key);
    this.#adding.delete(key);
    this.#refused.delete(key);
    this.#settle(key);
    if (!this.#confirmed.has(key)) return;
    this.#dropping.add(key);
    void this.#pump();
  }

  /** Drops the connection and makes a new one. */
  rebuild(): void {
    if (this.#client) this.#lost(this.#client);
  }

  /** Lets go of everything, for good. */
  close(): void {
    this.#closed = true;
    this.#wanted.clear();
    this.#disconnect();
    this.#cancelConnect?.();
  }

  async #gained(client: Redis): Promise<void> {
    if (client !== this.#client) return;
    this.#connected = true;
    this.#attempts = 0;
    this.#connects++;
    this.#restoring = this.#wanted.values();
    await this.#pump();
  }

  /**
   * Subscribes anew to what is still wanted here: the server ended some of it by itself.
   *
   * It does so when a slot is assigned, be it to itself again, and the client does not say which keys.
   */
  #moved(client: Redis): void {
    if (client !== this.#client) return;
    this.events.moved();
    // Many keys of a slot end at the same time.
    this.#cancelRenewal ??= this.tuning.clock.after(RENEWAL_MS, () => {
      this.#cancelRenewal = undefined;
      for (const key of this.#wanted) if (this.#confirmed.delete(key)) this.#adding.add(key);
      void this.#pump();
    });
  }

  #lost(client: Redis | undefined): void {
    if (this.#closed || client !== this.#client) return;
    this.#disconnect();
    const delayMs = reconnectDelay(this.#attempts++, this.tuning.maxReconnectDelayMs);
    this.#cancelConnect = this.tuning.clock.after(delayMs, () => void this.start());
    this.events.changed();
  }

  #disconnect(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#connected = this.#restored = false;
    this.#restoring = undefined;
    this.#cancelRetry?.();
    this.#cancelRenewal?.();
    // Else nothing would ever be tried again on the next connection.
    this.#cancelRetry = this.#cancelRenewal = undefined;
    for (const keys of [this.#confirmed, this.#adding, this.#dropping, this.#refused]) keys.clear();
    const waiters = this.#waiters;
    this.#waiters = new Map();
    void slicedWork.forEach(waiters.values(), ({ resolve }) => resolve());
    client?.removeAllListeners('end');
    if (client?.status !== 'end') client?.disconnect();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#connected && (this.#adding.size > 0 || this.#dropping.size > 0 || !this.#restored)) {
      const client = this.#client!;
      try {
        const keys = this.#takeAdding();
        if (keys.length > 0) await this.#add(client, keys);
        else if (this.#dropping.size > 0) await this.#drop(client, take(this.#dropping));
        else this.#restore();
      } catch (error) {
        if (client === this.#client) this.events.failed(error);
        this.#lost(client);
      }
    }
    this.#pumping = false;
  }

  /** Takes the keys to subscribe to next: those that somebody waits for first. */
  #takeAdding(): string[] {
    const keys = take(this.#adding);
    while (this.#restoring && keys.length < CHUNK) {
      const next = this.#restoring.next();
      if (next.done) this.#restoring = undefined;
      else if (!this.#confirmed.has(next.value) && !this.#refused.has(next.value)) keys.push(next.value);
    }
    return keys;
  }

  #restore(): void {
    this.#restored = true;
    this.events.changed();
  }

  async #add(client: Redis, keys: readonly string[]): Promise<void> {
    try {
      if (this.link.sharded) await Promise.all(keys.map((key) => client.ssubscribe(key)));
      else await client.subscribe(...keys);
    } catch (error) {
      if (!isReply(error)) throw error;
      if (keys.length > 1) for (const key of keys) await this.#add(client, [key]);
      else this.#refuse(client, keys[0]!, error);
      return;
    }
    if (client !== this.#client) return;
    const resumed = keys.filter((key) => this.#wanted.has(key) && !this.#waiters.has(key));
    for (const key of keys) this.#confirm(key);
    if (resumed.length > 0) this.events.resumed(resumed);
  }

  async #drop(client: Redis, keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#confirmed.delete(key);
    if (this.link.sharded) await Promise.all(keys.map((key) => client.sunsubscribe(key)));
    else await client.unsubscribe(...keys);
  }

  #confirm(key: string): void {
    this.#confirmed.add(key);
    this.#settle(key);
    if (!this.#wanted.has(key)) this.#dropping.add(key);
  }

  /** Keeps a key that the server refuses apart, so that it does not cost the others their connection. */
  #refuse(client: Redis, key: string, error: Error): void {
    if (client !== this.#client || !this.#wanted.has(key)) return;
    this.#settle(key);
    this.#refused.add(key);
    this.events.failed(error);
    if (error.message.startsWith('MOVED')) this.events.moved();
    this.#cancelRetry ??= this.tuning.clock.after(this.tuning.maxReconnectDelayMs, () =>
      this.#retryRefused(),
    );
    this.events.changed();
  }

  #retryRefused(): void {
    this.#cancelRetry = undefined;
    for (const key of this.#refused) this.#adding.add(key);
    this.#refused.clear();
    void this.#pump().then(() => this.events.changed());
  }

  #settle(key: string): void {
    this.#waiters.get(key)?.resolve();
    this.#waiters.delete(key);
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
