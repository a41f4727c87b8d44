import { createHash } from 'node:crypto';
import type { ClaimStore } from '@nestwire/messages/backend';
import type { ClientShares, ShareHolder } from '../fairness/client-shares.js';
import { ShareSizes, type Sized } from '../fairness/share-sizes.js';
import { StreamResults, type ResultKeeper } from './stream-results.js';
import type { StreamsLimits } from '../streams-limits.js';

/** No client takes more than its part of the memory. */
const CLIENTS_AT_LEAST = 64;
/** A client has sent less than its window of unanswered messages; the rest is for refusals. */
const RESULTS_PER_PENDING = 2;

/** The clients of one user, or the anonymous ones of one address. */
interface Share extends Sized {
  readonly key: string;
  readonly connected: Set<ClientResults>;
  /** Those without a connection, who left first. */
  readonly gone: Set<ClientResults>;
}

/** The answers to one client of one user. */
export class ClientResults implements ResultKeeper {
  bytes = 0;
  /** How many connections the client has. */
  connections = 0;
  /** When the last of them ended. */
  releasedAt = 0;
  readonly claimTtlMs: number;
  readonly maxResults: number;
  private readonly maxBytes: number;
  private readonly streams = new Map<string, StreamResults>();

  constructor(
    readonly key: string,
    /** The share that it takes from. */
    public share: Share,
    private readonly cache: ResultCache,
  ) {
    const { resendWindowMs, handlerTimeoutMs, maxPendingMessages, resendMemoryBytes } = cache.limits;
    this.maxBytes = resendMemoryBytes / CLIENTS_AT_LEAST;
    this.claimTtlMs = Math.ceil(resendWindowMs + handlerTimeoutMs);
    this.maxResults = Math.max(1, RESULTS_PER_PENDING * maxPendingMessages);
  }

  get claims(): ClaimStore {
    return this.cache.claims;
  }

  /** Returns the answers of an endpoint's stream. */
  of(endpoint: string): StreamResults {
    const stream = this.streams.get(endpoint) ?? new StreamResults(this);
    this.streams.set(endpoint, stream);
    return stream;
  }

  readonly claimIdOf = (id: number): string =>
    createHash('sha256').update(`${id}.${this.key}`).digest('base64url');

  grow(bytes: number): boolean {
    this.bytes += bytes;
    const fits = this.cache.grow(this.share, bytes);
    return fits && this.bytes <= this.maxBytes;
  }

  /** Forgets the older half of the answers of each stream. */
  shrink(): void {
    for (const stream of this.streams.values()) stream.forgetOlderHalf();
  }
}

/**
 * How the messages of all clients were answered, as far as they may be sent again.
 *
 * A share that takes the most loses its own answers first, so that no client makes the server forget
 * those of others.
 */
export class ResultCache {
  private readonly known = new Map<string, ClientResults>();
  private readonly shares = new Map<string, Share>();
  private readonly sizes = new ShareSizes<Share>();
  /** Those without a connection, who left first. */
  private readonly gone = new Set<ClientResults>();
  private all = 0;

  constructor(
    readonly limits: StreamsLimits,
    readonly claims: ClaimStore,
    private readonly clientShares: ClientShares,
  ) {}

  /** How many clients are remembered after their last connection. */
  get goneClients(): number {
    return this.gone.size;
  }

  /** About how many bytes all take. */
  get bytes(): number {
    return this.all;
  }

  /** Returns the answers to a client of this user, until `leave`; undefined where none are kept. */
  acquire(holder: ShareHolder): ClientResults | undefined {
    const { user, handshake } = holder;
    const { client } = handshake;
    if (client === undefined || this.limits.resendWindowMs <= 0) return undefined;
    // A client's name has no colon, so no two pairs share a key.
    const key = user ? `${client}:${user.id}` : client;
    const share = this.shareOf(this.clientShares.keyOf(holder, client));
    const results = this.known.get(key) ?? new ClientResults(key, share, this);
    this.known.set(key, results);
    if (results.share !== share) this.move(results, share);
    results.connections++;
    this.gone.delete(results);
    share.gone.delete(results);
    share.connected.add(results);
    return results;
  }

  /** A connection of the client has ended; its answers are kept for the window. */
  release(results: ClientResults | undefined, now: number): void {
    if (!results || --results.connections) return;
    results.releasedAt = now;
    results.share.connected.delete(results);
    if (!results.bytes) return this.forget(results);
    this.gone.add(results);
    results.share.gone.add(results);
  }

  /** Forgets the clients whose window is over. */
  sweep(now: number): void {
    for (const results of this.gone) {
      if (now - results.releasedAt <= this.limits.resendWindowMs) return;
      this.forget(results);
    }
  }

  /** Counts bytes of a share; makes room where the most is taken. Returns false when there is none. */
  grow(share: Share, bytes: number): boolean {
    this.all += bytes;
    share.bytes += bytes;
    this.sizes.file(share);
    while (bytes > 0 && this.all > this.limits.resendMemoryBytes) {
      const largest = this.sizes.largest();
      if (!largest) return false;
      this.relieve(largest);
    }
    return this.all <= this.limits.resendMemoryBytes;
  }

  private relieve(share: Share): void {
    const [left] = share.gone;
    if (left) return this.forget(left);
    const before = share.bytes;
    for (const results of share.connected) {
      results.shrink();
      if (this.all <= this.limits.resendMemoryBytes) return;
    }
    // It has nothing more to give.
    if (share.bytes === before) this.sizes.leaveOut(share);
  }

  private shareOf(key: string): Share {
    const share = this.shares.get(key) ?? { key, bytes: 0, connected: new Set(), gone: new Set() };
    this.shares.set(key, share);
    return share;
  }

  private move(results: ClientResults, share: Share): void {
    const { bytes } = results;
    this.remove(results);
    results.share = share;
    share.bytes += bytes;
    this.all += bytes;
    this.sizes.file(share);
  }

  private forget(results: ClientResults): void {
    this.known.delete(results.key);
    this.remove(results);
    results.bytes = 0;
  }

  private remove(results: ClientResults): void {
    const { share, bytes } = results;
    this.gone.delete(results);
    share.gone.delete(results);
    share.connected.delete(results);
    this.all -= bytes;
    share.bytes -= bytes;
    this.sizes.file(share);
    if (!share.connected.size && !share.gone.size) this.shares.delete(share.key);
  }
}
