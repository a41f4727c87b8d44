import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { CallStore, type CallChange, type CallState, type NewCall, type StoredItems } from './call-store.js';

/** The maximum number of calls, and of their characters, of one process. */
const MAX_CALLS = 10_000;
const MAX_CHARACTERS = 67_108_864;
/** The least time between two searches for calls whose time is over, in milliseconds. */
const SEARCH_MS = 1_000;

interface LocalCall {
  readonly owner: string;
  readonly request: string;
  readonly list: string[];
  reader: string;
  consumed: number;
  isCancelled: boolean;
  end: string | undefined;
  characters: number;
  endsAtMs: number;
}

/**
 * Stores the calls of one process.
 *
 * It stores at most 10,000 calls with 67,108,864 characters; what does not fit is refused with UNAVAILABLE.
 */
export class LocalCallStore extends CallStore {
  private readonly calls = new Map<string, LocalCall>();
  private readonly leases = new Map<string, number>();
  private characters = 0;
  /** The time from which the next search is due. */
  private searchesAtMs = -Infinity;

  constructor(private readonly clock: Clock = SYSTEM_CLOCK) {
    super();
  }

  /** The number of stored calls. */
  get size(): number {
    this.removeExpired(this.clock.now());
    return this.calls.size;
  }

  async renew(server: string, leaseMs: number): Promise<void> {
    const nowMs = this.clock.now();
    for (const [name, endsAtMs] of this.leases) if (endsAtMs <= nowMs) this.leases.delete(name);
    this.leases.set(server, nowMs + leaseMs);
  }

  async isAlive(server: string): Promise<boolean> {
    return (this.leases.get(server) ?? 0) > this.clock.now();
  }

  async create({ key, owner, request, ttlMs }: NewCall): Promise<boolean> {
    this.forget();
    if (this.find(key)) return false;
    if (this.calls.size >= MAX_CALLS) throw full();
    this.grow(request.length);
    this.calls.set(key, {
      ...{ owner, request, list: [], reader: '', consumed: 0, isCancelled: false, end: undefined },
      ...{ characters: request.length, endsAtMs: this.clock.now() + ttlMs },
    });
    return true;
  }

  async append(key: string, items: readonly string[]): Promise<boolean> {
    const call = this.find(key);
    if (!call || call.end !== undefined) return false;
    let length = 0;
    for (const item of items) length += item.length;
    this.grow(length);
    call.characters += length;
    call.list.push(...items);
    return true;
  }

  async change(key: string, change: CallChange): Promise<CallState | undefined> {
    const call = this.find(key);
    if (!call) return undefined;
    if (change.leaves !== undefined && change.leaves === call.reader) call.reader = '';
    call.reader = change.reader ?? call.reader;
    call.consumed = Math.max(call.consumed, change.consumed ?? 0);
    call.isCancelled ||= change.cancel === true;
    call.end ??= change.end;
    if (change.ttlMs !== undefined) call.endsAtMs = this.clock.now() + change.ttlMs;
    return stateOf(call);
  }

  async read(key: string, after: number, limit: number): Promise<StoredItems | undefined> {
    const call = this.find(key);
    return call && { state: stateOf(call), items: call.list.slice(after, after + limit) };
  }

  async remove(key: string): Promise<void> {
    const call = this.calls.get(key);
    if (!call) return;
    this.calls.delete(key);
    this.characters -= call.characters;
  }

  private find(key: string): LocalCall | undefined {
    const call = this.calls.get(key);
    if (!call || call.endsAtMs > this.clock.now()) return call;
    void this.remove(key);
    return undefined;
  }

  private grow(length: number): void {
    if (this.characters + length > MAX_CHARACTERS) this.forget();
    if (this.characters + length > MAX_CHARACTERS) throw full();
    this.characters += length;
  }

  /** Makes room; it passes all calls, so it does so once a second at most. */
  private forget(): void {
    const nowMs = this.clock.now();
    if (nowMs < this.searchesAtMs) return;
    this.searchesAtMs = nowMs + SEARCH_MS;
    this.removeExpired(nowMs);
  }

  /** Removes the calls whose time is over. */
  private removeExpired(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.calls) if (endsAtMs <= nowMs) void this.remove(key);
  }
}

function stateOf({ owner, request, list, reader, consumed, isCancelled, end }: LocalCall): CallState {
  return { owner, request, reader, items: list.length, consumed, isCancelled, end };
}

function full(): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Unavailable,
    `The calls of this process need more than ${MAX_CHARACTERS} characters, or are more than ${MAX_CALLS}: configure a cluster, or store less.`,
  );
}
