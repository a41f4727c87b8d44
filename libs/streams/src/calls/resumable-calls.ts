import { createHash, randomBytes } from 'node:crypto';
import type { MessagesService } from '@nestwire/messages';
import type { CallState, CallStore } from '@nestwire/messages/backend';
import type { Clock } from '@nestwire/messages/internal';
import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { callLost, callUnknown, deadlineExceeded, notStarted, tooManyResumable } from './call.errors.js';
import { CallNotices } from './call-notices.js';
import { ProducedCall, type ProducedFacts, type Production } from './produced-call.js';
import { endText } from './stored-call.js';

/** The time for which a server counts as alive after it has confirmed that, in milliseconds. */
const LEASE_MS = 3_000;
/** The time in which the ends of all calls are stored at the shutdown, in milliseconds. */
const STOP_MS = 1_000;
/** The time between two checks, in milliseconds. */
const CHECK_MS = 1_000;
/** The maximum number of calls whose states are read at the same time. */
const MAX_REFRESHES = 64;
/** The maximum number of calls that may be stored without a producer. */
const MAX_DOUBTFUL = 1_000;

/** A reader of a stored call on this server. */
export interface StoredCallReader {
  readonly key: string;
  /** The name of the reader in the cluster; it begins with the name of its server. */
  readonly token: string;
  /** Takes stored items, which follow the first `first` ones. */
  offer(first: number, items: readonly EncodedMessage[]): void;
  /** Called when the call may have changed. */
  changed(): void;
}

/** The parts that the resumable calls of a process share. */
export interface ResumableParts {
  readonly store: CallStore;
  readonly clock: Clock;
  readonly messages: MessagesService;
  readonly limits: { readonly maxResumableCalls: number; readonly maxObservedItems: number };
  /** Converts an error for clients. */
  readonly wireErrorOf: (error: unknown) => WireError;
}

/** The caller of a stored call, and the call. */
export interface CallName {
  readonly callId: string;
  readonly method: string;
  /** The endpoint and its parameters. */
  readonly subject: string;
  /** The user, or the secret of an anonymous client. */
  readonly holder: string;
}

/** The resumable calls that this process produces, and that its clients read. */
export class ResumableCalls implements Production {
  readonly server = randomBytes(9).toString('base64url');
  readonly store: CallStore;
  readonly clock: Clock;
  private readonly produced = new Map<string, ProducedCall>();
  private readonly readers = new Map<string, StoredCallReader>();
  private readonly shares = new Map<string, number>();
  /** The calls that the store is asked to store. */
  private readonly starting = new Set<string>();
  /** The calls that did not start because the store did not answer, and that it may have stored. */
  private readonly doubtful = new Set<string>();
  private readonly notices: CallNotices;
  /** Cancels the next check; undefined before the first call. */
  private cancelCheck: (() => void) | undefined;
  private begun: Promise<void> | undefined;
  private checking: Promise<void> | undefined;
  private tokens = 0;
  private isStopped = false;

  constructor(private readonly parts: ResumableParts) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.notices = new CallNotices(parts.messages, this.server, (key) => this.told(key));
  }

  get maxObservedItems(): number {
    return this.parts.limits.maxObservedItems;
  }

  /** The number of calls that this process produces. */
  get size(): number {
    return this.produced.size;
  }

  /** Returns the secret name of a call in the store. */
  keyOf({ callId, method, subject, holder }: CallName): string {
    return createHash('sha256')
      .update(JSON.stringify([callId, method, subject, holder]))
      .digest('base64url');
  }

  /** Returns the name of a new reader. */
  newReader(): string {
    return `${this.server}.${++this.tokens}`;
  }

  /**
   * Stores a new call and begins to produce it; undefined when it is stored already.
   *
   * @throws {CodedError} TOO_MANY_CALLS when the share has `maxResumableCalls`; UNAVAILABLE
   */
  async create(facts: ProducedFacts, request: string): Promise<ProducedCall | undefined> {
    const { maxResumableCalls } = this.parts.limits;
    const ofShare = this.shares.get(facts.share) ?? 0;
    if (ofShare >= maxResumableCalls) throw tooManyResumable(maxResumableCalls);
    this.shares.set(facts.share, ofShare + 1);
    const call = new ProducedCall(facts, this);
    try {
      await this.begin();
      if (await this.storeNew(call, request)) {
        call.limit(deadlineExceeded);
        // The client may have left meanwhile.
        call.readBy('');
        return call;
      }
    } catch (error) {
      this.freeShare(facts.share);
      throw error;
    }
    this.freeShare(facts.share);
    return undefined;
  }

  /** Returns the call with this key when this process produces it. */
  producedHere(key: string): ProducedCall | undefined {
    return this.produced.get(key);
  }

  /** Adds a reader of this process, which is told of changes until it is removed. */
  async addReader(reader: StoredCallReader): Promise<void> {
    await this.begin();
    this.readers.set(reader.token, reader);
  }

  removeReader(reader: StoredCallReader): void {
    this.readers.delete(reader.token);
  }

  /** Tells the server of a call, or of a reader, that the call has changed. */
  tell(server: string, key: string): void {
    this.notices.tell(server, key);
  }

  /**
   * Cancels a stored call on any server.
   *
   * @throws {CodedError} CALL_UNKNOWN when it is not stored; UNAVAILABLE
   */
  async cancel(key: string): Promise<void> {
    const state = await this.store.change(key, { cancel: true });
    if (!state) throw callUnknown();
    const here = this.produced.get(key);
    if (here) here.cancel();
    else this.tell(state.owner, key);
  }

  /** Returns whether the server of a call is alive. */
  async isProduced({ owner }: CallState, key: string): Promise<boolean> {
    return owner === this.server ? this.isHere(key) : this.store.isAlive(owner);
  }

  deliver(call: ProducedCall, reader: string, first: number, items: readonly EncodedMessage[]): void {
    if (!reader) return;
    const here = this.readers.get(reader);
    if (!here) {
      // A reader of this process that is not here has left.
      if (serverOf(reader) !== this.server) this.tell(serverOf(reader), call.key);
      return;
    }
    if (items.length) here.offer(first, items);
    else here.changed();
  }

  wireErrorOf(error: unknown): WireError {
    return this.parts.wireErrorOf(error);
  }

  released(call: ProducedCall): void {
    if (this.produced.get(call.key) === call) this.produced.delete(call.key);
    this.freeShare(call.share);
  }

  /** Ends the calls of this process; their readers are told that they are lost. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelCheck?.();
    const calls = [...this.produced.values()];
    for (const call of calls) call.cancel(callLost());
    const stored = Promise.all(calls.map(({ whenEnded }) => whenEnded));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([stored, late]);
    clearTimeout(timer);
    await this.notices.stop();
  }

  /** Stores a new call; returns false when it is stored already. */
  private async storeNew(call: ProducedCall, request: string): Promise<boolean> {
    const { key, ttlMs } = call;
    const isFirst = !this.starting.has(key);
    this.starting.add(key);
    try {
      const isNew = await this.store.create({ key, owner: this.server, request, ttlMs });
      if (isNew) this.produced.set(key, call);
      return isNew;
    } catch (error) {
      if (this.doubtful.size < MAX_DOUBTFUL) this.doubtful.add(key);
      throw error;
    } finally {
      if (isFirst) this.starting.delete(key);
    }
  }

  /** Confirms that this server is alive, and listens, once it has the first call. */
  private async begin(): Promise<void> {
    if (this.isStopped) throw new CodedError(ErrorCode.Draining, 'The server shuts down: call again.');
    if (!this.cancelCheck) this.checkLater();
    // Later calls wait too, so that readers attach in the order of their frames.
    await (this.begun ??= this.beginNow());
  }

  private async beginNow(): Promise<void> {
    try {
      await Promise.all([this.store.renew(this.server, LEASE_MS), this.notices.start()]);
    } catch (error) {
      this.begun = undefined;
      throw error;
    }
  }

  private checkLater(): void {
    this.cancelCheck = this.clock.after(CHECK_MS, () => {
      this.checkLater();
      void this.check();
    });
  }

  /** Renews the lease, and looks at all calls of this process, because a notice may be lost. */
  private check(): Promise<void> {
    return (this.checking ??= this.checkNow().finally(() => (this.checking = undefined)));
  }

  private async checkNow(): Promise<void> {
    try {
      await this.store.renew(this.server, LEASE_MS);
    } catch {
      // The calls notice by their own writes that the store is away.
    }
    for (const reader of [...this.readers.values()]) reader.changed();
    const calls = [...this.produced.values()];
    for (let at = 0; at < calls.length; at += MAX_REFRESHES)
      await Promise.all(calls.slice(at, at + MAX_REFRESHES).map((call) => this.refresh(call)));
    for (const key of [...this.doubtful]) if (!(await this.endDoubtful(key))) return;
  }

  private isHere(key: string): boolean {
    return this.produced.has(key) || this.starting.has(key);
  }

  /** Ends a call that is stored and did not start; returns false when the store cannot be reached. */
  private async endDoubtful(key: string): Promise<boolean> {
    try {
      const stored = await this.store.read(key, 0, 1);
      const isOwn = stored?.state.owner === this.server && !this.isHere(key);
      if (isOwn) await this.store.change(key, { end: endText({ kind: 'error', error: notStarted() }) });
      this.doubtful.delete(key);
      return true;
    } catch {
      return false;
    }
  }

  /** Reads the state of a call, and ends the time of a reader whose server has died. */
  private async refresh(call: ProducedCall): Promise<void> {
    call.retry();
    try {
      let state = await this.store.change(call.key, { ttlMs: call.ttlMs });
      const { reader = '' } = state ?? {};
      const isLocal = serverOf(reader) === this.server;
      const isGone = isLocal ? !this.readers.has(reader) : !(await this.store.isAlive(serverOf(reader)));
      if (reader && isGone) state = await this.store.change(call.key, { leaves: reader });
      if (this.produced.get(call.key) === call) call.changed(state);
    } catch {
      // The next check repeats it.
    }
  }

  private told(key: string): void {
    const call = this.produced.get(key);
    if (call) void this.refresh(call);
    for (const reader of this.readers.values()) if (reader.key === key) reader.changed();
  }

  private freeShare(share: string): void {
    const left = (this.shares.get(share) ?? 1) - 1;
    if (left) this.shares.set(share, left);
    else this.shares.delete(share);
  }
}

/** Returns the server of a reader. */
export function serverOf(reader: string): string {
  return reader.slice(0, Math.max(0, reader.indexOf('.')));
}
