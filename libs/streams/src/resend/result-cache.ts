import { createHash } from 'node:crypto';
import type { ClaimStore } from '@nestwire/messages/backend';
import type { ClientShares, ShareHolder } from '../fairness/client-shares.js';
import { ShareSizes, type Sized } from '../fairness/share-sizes.js';
import { CallResults } from './call-results.js';
import { StreamResults, type ResultKeeper } from './stream-results.js';
import type { StreamsLimits } from '../streams-limits.js';

/** The number of clients that share the memory at least; no client uses more than its part. */
const CLIENTS_AT_LEAST = 64;
/** Results per unanswered message of the window; the second one is for refusals. */
const RESULTS_PER_PENDING = 2;
/** Streams with results per open stream of a connection; the others are closed. */
const STREAMS_PER_OPEN = 2;
/** The size of the memory of forgotten streams, in bytes. */
const FORGOTTEN_BYTES = 64;

/** The clients of one user, or the anonymous clients of one address. */
interface Share extends Sized {
  readonly key: string;
  readonly connected: Set<ClientResults>;
  /** The clients without a connection, in order of leaving. */
  readonly gone: Set<ClientResults>;
}

/** The results of one client of one user. */
export class ClientResults implements ResultKeeper {
  bytes = 0;
  /** The number of connections of the client. */
  connections = 0;
  /** The end of its last connection. */
  releasedAt = 0;
  readonly claimTtlMs: number;
  readonly maxResults: number;
  private readonly maxBytes: number;
  private readonly maxStreams: number;
  /** The greatest id in the forgotten streams. */
  private forgottenId = 0;
  private readonly streams = new Map<string, StreamResults>();
  private callResults: CallResults | undefined;

  constructor(
    readonly key: string,
    /** The share whose memory it uses. */
    public share: Share,
    private readonly cache: ResultCache,
  ) {
    const { resendWindowMs, handlerTimeoutMs, maxPendingMessages, resendMemoryBytes, maxStreams } =
      cache.limits;
    this.maxStreams = STREAMS_PER_OPEN * maxStreams;
    this.maxBytes = resendMemoryBytes / CLIENTS_AT_LEAST;
    this.claimTtlMs = Math.ceil(resendWindowMs + handlerTimeoutMs);
    this.maxResults = Math.max(1, RESULTS_PER_PENDING * maxPendingMessages);
  }

  get claims(): ClaimStore {
    return this.cache.claims;
  }

  /** Returns the results of the stream with an endpoint and parameters. */
  of(subject: string): StreamResults {
    const stream = this.streams.get(subject) ?? new StreamResults(this, this.forgottenId);
    this.streams.delete(subject);
    // The order is that of the last use.
    this.streams.set(subject, stream);
    if (this.streams.size > this.maxStreams) this.forgetStream(stream);
    return stream;
  }

  /** The outcomes of the client's calls, of all endpoints. */
  get calls(): CallResults {
    return (this.callResults ??= new CallResults(this));
  }

  readonly claimIdOf = (id: number): string =>
    createHash('sha256').update(`${id}.${this.key}`).digest('base64url');

  grow(bytes: number): boolean {
    this.bytes += bytes;
    const fits = this.cache.grow(this.share, bytes);
    return fits && this.bytes <= this.maxBytes;
  }

  /** Forgets the stream without a session that was used first; a client may open any number in turn. */
  private forgetStream(latest: StreamResults): void {
    for (const [subject, stream] of this.streams) {
      if (stream.isAttached || stream === latest) continue;
      this.streams.delete(subject);
      const forgottenId = stream.forgetAll();
      // Its bytes keep the client known for the resend window.
      if (forgottenId && !this.forgottenId) this.grow(FORGOTTEN_BYTES);
      this.forgottenId = Math.max(this.forgottenId, forgottenId);
      return;
    }
  }

  /** Forgets the older half of the results of each stream. */
  shrink(): void {
    for (const stream of this.streams.values()) stream.forgetOlderHalf();
    this.callResults?.forgetOlderHalf();
  }
}

/**
 * The results of messages of all clients that may be resent.
 *
 * When memory is full, the share with the most loses its own results first. So no client makes the server
 * forget the results of others.
 */
export class ResultCache {
  private readonly known = new Map<string, ClientResults>();
  private readonly shares = new Map<string, Share>();
  private readonly sizes = new ShareSizes<Share>();
  /** The clients without a connection, in order of leaving. */
  private readonly gone = new Set<ClientResults>();
  private all = 0;

  constructor(
    readonly limits: StreamsLimits,
    readonly claims: ClaimStore,
    private readonly clientShares: ClientShares,
  ) {}

  /** The number of clients without a connection. */
  get goneClients(): number {
    return this.gone.size;
  }

  /** The approximate memory of all results, in bytes. */
  get bytes(): number {
    return this.all;
  }

  /** Returns the results of a client of this user, until `release`; undefined when resending is disabled. */
  acquire(holder: ShareHolder): ClientResults | undefined {
    const { user, handshake } = holder;
    const { client } = handshake;
    if (client === undefined || this.limits.resendWindowMs <= 0) return undefined;
    // A client id contains no colon, so no two pairs have the same key.
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

  /** Counts the end of a connection; the results stay for the resend window. */
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

  /** Counts bytes of a share; frees memory of the largest share. Returns false when none is free. */
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
    // The share has no more results to forget.
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
