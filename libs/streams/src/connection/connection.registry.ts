import type { StreamsLimits } from '../streams.limits.js';
import type { LiveConnection } from './live-connection.js';
import type { StreamUser } from './stream-authenticator.js';
import { TokenBucket } from './token-bucket.js';

const MAX_ADDRESS_BUCKETS = 10_000;

/** Why a new connection is not admitted, and when to try again, in seconds. */
export interface AdmissionRefusal {
  readonly status: 429 | 503;
  readonly message: string;
  readonly retryAfterSeconds: number;
}

/** How many of something each key has; a key without any is forgotten. */
class Counts {
  private readonly counts = new Map<string, number>();

  get(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  add(key: string, by: 1 | -1): void {
    const count = this.get(key) + by;
    if (count > 0) this.counts.set(key, count);
    else this.counts.delete(key);
  }
}

/** The live connections of this process, and the limits on their number. */
export class ConnectionRegistry {
  private readonly connections = new Map<LiveConnection, string | undefined>();
  private readonly greetings = new Set<LiveConnection>();
  private readonly perAddress = new Counts();
  private readonly greetingsPerAddress = new Counts();
  private readonly perUser = new Counts();
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly bucket: TokenBucket;
  private emptied: Array<() => void> = [];

  constructor(private readonly limits: StreamsLimits) {
    this.bucket = new TokenBucket(limits.connectsPerSecond, performance.now());
  }

  /** How many connections there are. */
  get size(): number {
    return this.connections.size;
  }

  /** How many of them have not finished their hello. */
  get greetingCount(): number {
    return this.greetings.size;
  }

  /** The connections that have not ended. */
  all(): Iterable<LiveConnection> {
    return this.connections.keys();
  }

  /** Judges a new connection; an undefined address is not counted. */
  refusal(address: string | undefined): AdmissionRefusal | undefined {
    const { limits } = this;
    if (this.size >= limits.maxConnections) return full('The server has as many connections as it may have.');
    if (this.greetings.size >= limits.maxGreetings)
      return full('Too many connections are waiting for their hello.');
    const now = performance.now();
    const wait = this.bucket.take(1, now);
    if (wait) return full('Too many new connections.', wait);
    return address === undefined ? undefined : this.refusalOfAddress(address, now);
  }

  /** Counts a connection as present until `forget`. */
  add(connection: LiveConnection, address: string | undefined): void {
    this.connections.set(connection, address);
    this.greetings.add(connection);
    if (address === undefined) return;
    this.perAddress.add(address, 1);
    this.greetingsPerAddress.add(address, 1);
  }

  /** The connection has finished its hello. */
  greeted(connection: LiveConnection): void {
    if (!this.greetings.delete(connection)) return;
    const address = this.connections.get(connection);
    if (address !== undefined) this.greetingsPerAddress.add(address, -1);
  }

  /** Counts the connection for another user; returns false when that user has too many. */
  changeUser(connection: LiveConnection, user: StreamUser | null): boolean {
    if (connection.user?.id === user?.id) return true;
    if (user && this.perUser.get(user.id) >= this.limits.maxConnectionsPerUser) return false;
    if (connection.user) this.perUser.add(connection.user.id, -1);
    if (user) this.perUser.add(user.id, 1);
    return true;
  }

  /** Forgets a connection that has ended. */
  forget(connection: LiveConnection): void {
    if (!this.connections.has(connection)) return;
    this.greeted(connection);
    const address = this.connections.get(connection);
    if (address !== undefined) this.perAddress.add(address, -1);
    this.changeUser(connection, null);
    connection.streams.answers.leave();
    this.connections.delete(connection);
    if (!this.size) for (const resolve of this.emptied.splice(0)) resolve();
  }

  /** Resolves when the last connection has ended and all of it is released. */
  whenEmpty(): Promise<void> {
    return this.size ? new Promise((resolve) => this.emptied.push(resolve)) : Promise.resolve();
  }

  /** Forgets the rates of addresses that have been quiet. */
  sweep(now: number): void {
    for (const [address, bucket] of this.buckets) if (bucket.isFull(now)) this.buckets.delete(address);
  }

  private refusalOfAddress(address: string, now: number): AdmissionRefusal | undefined {
    const { limits } = this;
    if (this.perAddress.get(address) >= limits.maxConnectionsPerAddress) {
      return tooMany('This address has as many connections as it may have.');
    }
    if (this.greetingsPerAddress.get(address) >= limits.maxGreetingsPerAddress) {
      return tooMany('Too many connections of this address are waiting for their hello.');
    }
    const wait = this.bucketOf(address, now).take(1, now);
    return wait ? tooMany('Too many new connections of this address.', wait) : undefined;
  }

  private bucketOf(address: string, now: number): TokenBucket {
    let bucket = this.buckets.get(address);
    if (bucket) return bucket;
    if (this.buckets.size >= MAX_ADDRESS_BUCKETS) this.sweep(now);
    bucket = new TokenBucket(this.limits.connectsPerSecondPerAddress, now);
    if (this.buckets.size < MAX_ADDRESS_BUCKETS) this.buckets.set(address, bucket);
    return bucket;
  }
}

const MS_PER_SECOND = 1_000;

function full(message: string, waitMs = MS_PER_SECOND): AdmissionRefusal {
  return { status: 503, message, retryAfterSeconds: Math.ceil(waitMs / MS_PER_SECOND) };
}

function tooMany(message: string, waitMs = MS_PER_SECOND): AdmissionRefusal {
  return { status: 429, message, retryAfterSeconds: Math.ceil(waitMs / MS_PER_SECOND) };
}
