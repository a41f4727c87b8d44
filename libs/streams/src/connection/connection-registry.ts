import type { StreamsLimits } from '../streams-limits.js';
import type { LiveConnection } from './live-connection.js';
import type { StreamUser } from '../auth/stream-authenticator.js';
import { TokenBucket } from '../fairness/token-bucket.js';

const MAX_ADDRESS_BUCKETS = 10_000;
const NO_CONNECTIONS: ReadonlySet<LiveConnection> = new Set();

/** The refusal of a new connection, with the time after which it may try again. */
export interface AdmissionRefusal {
  readonly status: 429 | 503;
  readonly message: string;
  /** The exceeded limit. */
  readonly limit: keyof StreamsLimits;
  readonly retryAfterSeconds: number;
}

/** Counts by key; a key with the count 0 takes no memory. */
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

/** The address of a new connection, as limits count it. */
export interface ConnectingClient {
  /** The address or /64 that limits count; undefined if many clients may share it. */
  readonly limitKey: string | undefined;
  /** The address or /64, also if many clients may share it. */
  readonly network: string;
}

/** The live connections of this process, and the limits on their number. */
export class ConnectionRegistry {
  private readonly connections = new Map<LiveConnection, ConnectingClient>();
  private readonly handshakes = new Set<LiveConnection>();
  /** Only connections without a user: users have their own limit and may share an address. */
  private readonly anonymousPerAddress = new Counts();
  private readonly handshakesPerNetwork = new Counts();
  private readonly perUser = new Map<string, Set<LiveConnection>>();
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly bucket: TokenBucket;
  private emptied: Array<() => void> = [];

  constructor(private readonly limits: StreamsLimits) {
    this.bucket = new TokenBucket(limits.connectsPerSecond, performance.now());
  }

  /** The number of connections. */
  get size(): number {
    return this.connections.size;
  }

  /** The number of connections before their `welcome`. */
  get handshakeCount(): number {
    return this.handshakes.size;
  }

  /** Returns the connections whose sessions are not all released. */
  all(): Iterable<LiveConnection> {
    return this.connections.keys();
  }

  /** Checks a new connection, first by its address, so that one address does not use up the shared limits. */
  refusal(client: ConnectingClient): AdmissionRefusal | undefined {
    const { limits } = this;
    const now = performance.now();
    const refusal = this.refusalOfAddress(client, now);
    if (refusal) return refusal;
    if (this.size >= limits.maxConnections)
      return full('The server has reached its limit of connections.', 'maxConnections');
    if (this.handshakes.size >= limits.maxHandshakes)
      return full('Too many connections are in their handshake.', 'maxHandshakes');
    const wait = this.bucket.take(1, now);
    return wait ? full('Too many new connections.', 'connectsPerSecond', wait) : undefined;
  }

  /** Counts a connection until `forget`; it is anonymous until `changeUser`. */
  add(connection: LiveConnection, client: ConnectingClient): void {
    this.connections.set(connection, client);
    this.handshakes.add(connection);
    this.handshakesPerNetwork.add(client.network, 1);
    if (client.limitKey !== undefined) this.anonymousPerAddress.add(client.limitKey, 1);
  }

  /** Counts the handshake of a connection as finished. */
  handshakeDone(connection: LiveConnection): void {
    const client = this.connections.get(connection);
    if (client && this.handshakes.delete(connection)) this.handshakesPerNetwork.add(client.network, -1);
  }

  /** Counts the connection for another user; returns false when that user has too many connections. */
  changeUser(connection: LiveConnection, user: StreamUser | null): boolean {
    if (connection.user?.id === user?.id) return true;
    if (user && this.connectionsOf(user.id).size >= this.limits.maxConnectionsPerUser) return false;
    if (connection.user) this.removeOf(connection.user.id, connection);
    if (user) this.addOf(user.id, connection);
    const address = this.connections.get(connection)?.limitKey;
    if (address !== undefined && !connection.user !== !user)
      this.anonymousPerAddress.add(address, user ? -1 : 1);
    return true;
  }

  /** Returns the connections of a user. */
  connectionsOf(userId: string): ReadonlySet<LiveConnection> {
    return this.perUser.get(userId) ?? NO_CONNECTIONS;
  }

  private addOf(userId: string, connection: LiveConnection): void {
    const connections = this.perUser.get(userId);
    if (connections) connections.add(connection);
    else this.perUser.set(userId, new Set([connection]));
  }

  private removeOf(userId: string, connection: LiveConnection): void {
    const connections = this.perUser.get(userId);
    connections?.delete(connection);
    if (!connections?.size) this.perUser.delete(userId);
  }

  /** Removes a connection whose sessions are released. */
  forget(connection: LiveConnection): void {
    if (!this.connections.has(connection)) return;
    this.handshakeDone(connection);
    this.changeUser(connection, null);
    const address = this.connections.get(connection)?.limitKey;
    if (address !== undefined) this.anonymousPerAddress.add(address, -1);
    connection.streams.results.release();
    this.connections.delete(connection);
    if (!this.size) for (const resolve of this.emptied.splice(0)) resolve();
  }

  /** Resolves when the last connection is removed. */
  whenEmpty(): Promise<void> {
    return this.size ? new Promise((resolve) => this.emptied.push(resolve)) : Promise.resolve();
  }

  /** Removes the rates of quiet addresses. */
  sweep(now: number): void {
    for (const [address, bucket] of this.buckets) if (bucket.isFull(now)) this.buckets.delete(address);
  }

  private refusalOfAddress(
    { limitKey, network }: ConnectingClient,
    now: number,
  ): AdmissionRefusal | undefined {
    const { limits } = this;
    // A possible proxy stands for many clients; it gets half of the limit, and the others get the rest.
    const maxHandshakes =
      limitKey === undefined ? Math.ceil(limits.maxHandshakes / 2) : limits.maxHandshakesPerAddress;
    if (this.handshakesPerNetwork.get(network) >= maxHandshakes) {
      const limit = limitKey === undefined ? 'maxHandshakes' : 'maxHandshakesPerAddress';
      return tooMany('Too many connections of this address are in their handshake.', limit);
    }
    if (limitKey === undefined) return undefined;
    if (this.anonymousPerAddress.get(limitKey) >= limits.maxConnectionsPerAddress) {
      const message = 'This address has reached its limit of connections without a user.';
      return tooMany(message, 'maxConnectionsPerAddress');
    }
    const wait = this.bucketOf(limitKey, now).take(1, now);
    const message = 'Too many new connections of this address.';
    return wait ? tooMany(message, 'connectsPerSecondPerAddress', wait) : undefined;
  }

  private bucketOf(address: string, now: number): TokenBucket {
    const known = this.buckets.get(address);
    if (known) return known;
    const [oldest] = this.buckets.size >= MAX_ADDRESS_BUCKETS ? this.buckets.keys() : [];
    if (oldest !== undefined) this.buckets.delete(oldest);
    const bucket = new TokenBucket(this.limits.connectsPerSecondPerAddress, now);
    this.buckets.set(address, bucket);
    return bucket;
  }
}

const MS_PER_SECOND = 1_000;

function full(message: string, limit: keyof StreamsLimits, waitMs = MS_PER_SECOND): AdmissionRefusal {
  return { status: 503, message, limit, retryAfterSeconds: Math.ceil(waitMs / MS_PER_SECOND) };
}

function tooMany(message: string, limit: keyof StreamsLimits, waitMs = MS_PER_SECOND): AdmissionRefusal {
  return { status: 429, message, limit, retryAfterSeconds: Math.ceil(waitMs / MS_PER_SECOND) };
}
