import { CodedError, ErrorCode, messageNameOf, type WireError } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { encodingOf } from '@nestwire/protocol/compiled';
import type { CallState, CallStore } from '@nestwire/messages/backend';
import type { Clock } from '@nestwire/messages/internal';
import type { ResumableBounds } from '../endpoint/endpoint.js';
import { cancelled, notAnItem, tooManyStored, withoutReader } from './call.errors.js';
import { sourceOf, type ItemSource } from './item-source.js';
import type { ServerCall } from './server-call.js';
import { endText, itemText, type StoredEnd } from './stored-call.js';

/** The maximum number of all items of a call, and of their characters. */
const MAX_STORED_ITEMS = 100_000;
const MAX_STORED_CHARACTERS = 16_777_216;
/** The maximum number of items that are stored in one step. */
const MAX_BATCH = 64;
/** The time that a call is stored longer than its server confirms it, in milliseconds. */
const SLACK_MS = 60_000;

/** The environment of a call that is produced on this server. */
export interface Production {
  readonly store: CallStore;
  readonly clock: Clock;
  readonly maxObservedItems: number;
  /** Tells the present reader that there are new items or an end; gives them to a reader of this process. */
  deliver(call: ProducedCall, reader: string, first: number, items: readonly EncodedMessage[]): void;
  /** Converts an error for the client, and logs it when it has no text for clients. */
  wireErrorOf(error: unknown): WireError;
  /** Reports that nothing of the call is left in this process. */
  released(call: ProducedCall): void;
}

/** The facts about a call that is produced on this server. */
export interface ProducedFacts {
  readonly key: string;
  readonly method: string;
  readonly call: ServerCall;
  readonly bounds: ResumableBounds;
  /** The share that the call counts against. */
  readonly share: string;
  readonly timeoutMs: number | undefined;
}

/** Items and their texts in the store. */
interface Batch {
  readonly items: EncodedMessage[];
  readonly texts: string[];
}

/**
 * The state of a produced call.
 *
 * - `running`: the method runs and has not returned.
 * - `streaming`: the items of the method are read and stored.
 * - `ending`: the end is decided; stored items precede it, and the application's code may still run.
 * - `ended`: the end is stored or given up.
 */
type ProducedState = 'running' | 'streaming' | 'ending' | 'ended';

/** Runs the method of a resumable call, and stores its items and its end. */
export class ProducedCall {
  readonly key: string;
  readonly share: string;
  /** Resolves when the end is stored or given up. */
  readonly whenEnded: Promise<void>;
  private resolveEnded!: () => void;
  /** The end, once all items before it are stored. */
  end: StoredEnd | undefined;
  private decided: StoredEnd | undefined;
  private state: ProducedState = 'running';
  private source: ItemSource | undefined;
  /** The items that the store is not asked to store yet, and their texts. */
  private pending: Batch = { items: [], texts: [] };
  /** The numbers of all items and of the stored ones. */
  private added = 0;
  private stored = 0;
  /** The sizes of the items that are not consumed, stored or not. */
  private readonly unread: number[] = [];
  private unreadCharacters = 0;
  private consumed = 0;
  private characters = 0;
  private reader = '';
  /** True while the store is asked to store items or the end. */
  private isStoring = false;
  /** True when the store may have items that it has not confirmed. */
  private isUncertain = false;
  private wake: (() => void) | undefined;
  private cancelAbandonment: (() => void) | undefined;
  private cancelDeadline: (() => void) | undefined;

  constructor(
    readonly facts: ProducedFacts,
    private readonly env: Production,
  ) {
    this.key = facts.key;
    this.share = facts.share;
    this.whenEnded = new Promise((resolve) => (this.resolveEnded = resolve));
  }

  /** The number of stored items. */
  get items(): number {
    return this.stored;
  }

  /** Returns whether this is the present reader, and has received all that the store has. */
  isUpToDate(reader: string, received: number): boolean {
    return this.reader === reader && this.stored === received && !this.isUncertain;
  }

  /** The time for which the call stays stored while it runs, in milliseconds. */
  get ttlMs(): number {
    return this.facts.bounds.forMs + SLACK_MS;
  }

  /** Sets the timer that ends the call at its deadline. */
  limit(error: (timeoutMs: number) => CodedError): void {
    const { timeoutMs } = this.facts;
    if (timeoutMs !== undefined)
      this.cancelDeadline = this.env.clock.after(timeoutMs, () => this.cancel(error(timeoutMs)));
  }

  /** Takes the result of the method. */
  returned(result: unknown): void {
    try {
      const source = sourceOf(result, this.env.maxObservedItems);
      if (source) return void this.pump(source);
      if (result !== undefined && result !== null) assertMessage(this.facts.method, result);
      this.finish({ kind: 'reply', reply: result ? encodingOf(result) : null });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the call, because its method failed. */
  fail(error: unknown): void {
    if (this.state === 'running' || this.state === 'streaming')
      this.finish({ kind: 'error', error: this.env.wireErrorOf(error) });
    void this.source?.leave();
  }

  /** Ends the call, and aborts its signal. */
  cancel(error: CodedError = cancelled()): void {
    if (this.state === 'ending' || this.state === 'ended') return;
    this.facts.call.abort(error);
    this.fail(error);
  }

  /** Takes the state that the store has; undefined when the store has lost the call. */
  changed(state: CallState | undefined): void {
    if (!state)
      return this.cancel(new CodedError(ErrorCode.CallLost, 'The store of calls has lost the call.'));
    this.progress(state.consumed);
    if (state.isCancelled) this.cancel();
    this.readBy(state.reader);
  }

  /** Sets the present reader; an empty one starts the time without a reader. */
  readBy(reader: string): void {
    const former = this.reader;
    const isNew = reader !== former;
    this.reader = reader;
    if (isNew && former) this.env.deliver(this, former, this.stored, []);
    if (reader) {
      this.cancelAbandonment?.();
      this.cancelAbandonment = undefined;
      if (isNew) this.env.deliver(this, reader, this.stored, []);
    } else if (this.state !== 'ended')
      this.cancelAbandonment ??= this.env.clock.after(this.facts.bounds.forMs, () => this.abandon());
  }

  /** Takes the number of items that the reader has consumed. */
  progress(consumed: number): void {
    const count = Math.min(consumed, this.stored) - this.consumed;
    if (count <= 0) return;
    for (const size of this.unread.splice(0, count)) this.unreadCharacters -= size;
    this.consumed += count;
    this.wake?.();
  }

  /** Stores the end again after a failed attempt. */
  retry(): void {
    if (this.state === 'ending') this.flush();
  }

  /** Forgets the call without an end, because its time without a reader is over. */
  private abandon(): void {
    this.cancel(withoutReader(this.facts.bounds.forMs));
    void this.env.store.remove(this.key).catch(ignore);
    this.release();
  }

  private async pump(source: ItemSource): Promise<void> {
    this.source = source;
    if (this.state === 'running') this.state = 'streaming';
    try {
      while (this.isReady || (await this.hasRoom())) {
        const next = await source.next();
        if (this.state !== 'streaming') break;
        if (next.done) this.finish({ kind: 'end' });
        else this.add(next.value);
      }
    } catch (error) {
      this.fail(error);
    }
    await source.leave();
  }

  private add(item: unknown): void {
    assertMessage(this.facts.method, item);
    const encoded = encodingOf(item);
    const text = itemText(encoded);
    this.characters += text.length;
    if (this.added >= MAX_STORED_ITEMS || this.characters > MAX_STORED_CHARACTERS)
      throw tooManyStored(MAX_STORED_ITEMS, MAX_STORED_CHARACTERS);
    this.added++;
    this.pending.items.push(encoded);
    this.pending.texts.push(text);
    this.unread.push(text.length);
    this.unreadCharacters += text.length;
    this.flush();
  }

  /** True while the unread items are below their bounds. */
  private get isReady(): boolean {
    const { maxItems, maxBytes } = this.facts.bounds;
    const isFull = this.unread.length >= maxItems || this.unreadCharacters >= maxBytes;
    return this.state === 'streaming' && !isFull && this.pending.texts.length < MAX_BATCH;
  }

  /** Waits until the unread items are below their bounds; resolves to false when the call ends. */
  private async hasRoom(): Promise<boolean> {
    while (this.state === 'streaming') {
      if (this.isReady) return true;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return false;
  }

  private finish(end: StoredEnd): void {
    this.state = 'ending';
    this.decided = end;
    this.cancelDeadline?.();
    this.wake?.();
    this.flush();
  }

  /** Stores what is pending, one batch at a time, and then the end. */
  private flush(): void {
    if (this.isStoring || this.state === 'ended') return;
    if (this.pending.texts.length) this.storeItems();
    else if (this.state === 'ending') void this.storeEnd();
  }

  private storeItems(): void {
    const { pending } = this;
    const storing = this.env.store.append(this.key, pending.texts);
    this.pending = { items: [], texts: [] };
    this.isStoring = true;
    storing.then(
      (isKnown) => {
        this.isStoring = false;
        if (isKnown) this.storedItems(pending.items);
        else this.unavailable(new Error('The stored call is unknown.'));
      },
      (error: unknown) => {
        this.isStoring = false;
        this.unavailable(error);
      },
    );
  }

  private storedItems(items: readonly EncodedMessage[]): void {
    const first = this.stored;
    this.stored += items.length;
    this.env.deliver(this, this.reader, first, items);
    this.wake?.();
    this.flush();
  }

  /** Ends the call after the last stored item, because the store has failed. */
  private unavailable(cause: unknown): void {
    if (this.state === 'ended') return;
    this.pending = { items: [], texts: [] };
    this.isUncertain = true;
    const error = this.env.wireErrorOf(cause);
    const unavailable = new CodedError(
      'UNAVAILABLE',
      'An item of the call could not be stored; it has ended.',
    );
    this.facts.call.abort(unavailable);
    this.state = 'ending';
    const { code, message } = unavailable;
    this.decided = this.end = { kind: 'error', error: error.code === code ? error : { code, message } };
    void this.source?.leave();
    this.wake?.();
    this.env.deliver(this, this.reader, this.stored, []);
  }

  private async storeEnd(): Promise<void> {
    if (this.state !== 'ending' || !this.decided) return;
    this.end = this.decided;
    const { forMs } = this.facts.bounds;
    this.isStoring = true;
    this.env.deliver(this, this.reader, this.stored, []);
    try {
      await this.env.store.change(this.key, { end: endText(this.end), ttlMs: forMs });
    } catch {
      // The next check of this server stores it again.
      return;
    } finally {
      this.isStoring = false;
    }
    this.env.deliver(this, this.reader, this.stored, []);
    this.release();
  }

  private release(): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.cancelAbandonment?.();
    this.cancelDeadline?.();
    this.env.released(this);
    this.resolveEnded();
  }
}

function assertMessage(method: string, value: unknown): asserts value is object {
  if (!messageNameOf((value as object | undefined)?.constructor)) throw notAnItem(method, value);
}

function ignore(): void {}
