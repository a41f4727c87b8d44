import { CodedError } from '@nestwire/protocol';
import type { ClientEndFrame, ClientItemFrame, EncodedMessage, FramePayload } from '@nestwire/protocol/codec';
import type { CallState } from '@nestwire/messages/backend';
import type { SessionRuntime } from '../session/session-runtime.js';
import { callLost, callUnknown, cancelled, excessCredit, takenOver, unexpectedItem } from './call.errors.js';
import type { CallPort, ConnectedCall } from './call-port.js';
import { OutboundWindow, type CreditProgress } from './outbound-window.js';
import { serverOf, type ResumableCalls, type StoredCallReader } from './resumable-calls.js';
import { endOf, endText, itemOf, type StoredEnd } from './stored-call.js';

/** The maximum number of items of one read of the store. */
const READ_ITEMS = 16;
/** The number of failed reads in a row after which a call ends. */
const MAX_FAILED_READS = 3;

/** The facts about a reader. */
export interface ReaderFacts {
  /** The id of the call on this connection. */
  readonly id: number;
  readonly method: string;
  readonly key: string;
  /** True for the reader that stores the call. */
  readonly isNew: boolean;
  /** The number of items that the client accepts unconsumed. */
  readonly window: number;
  /** The number of items that the client has, and has consumed. */
  readonly received: number;
  readonly consumed: number;
}

/** Stores the call or checks its access, and attaches the reader. */
export type PrepareReader = (reader: CallReader) => Promise<void>;

/**
 * The state of a reader.
 *
 * - `preparing`: the call is stored, or the guards run again.
 * - `reading`: items are sent to the client.
 * - `ended`: the client has an end, or has left.
 */
type ReaderState = 'preparing' | 'reading' | 'ended';

/** Sends the stored items of a resumable call to one client. */
export class CallReader implements ConnectedCall, StoredCallReader {
  readonly id: number;
  readonly method: string;
  readonly key: string;
  readonly token: string;
  private readonly isNew: boolean;
  readonly whenReplied = Promise.resolve();
  readonly whenReleased: Promise<void>;
  readonly isReplying = false;
  /** True once the client has cancelled the call; one that is not stored yet ends when it is. */
  isCancelled = false;
  /** The time that the event loop spent on the request, in milliseconds. */
  workMs = 0;
  private state: ReaderState = 'preparing';
  private readonly window: OutboundWindow;
  /** The number of items that were sent to the client, now and before. */
  private sent: number;
  private consumed: number;
  private buffer: EncodedMessage[] = [];
  /** True when the store may have items that the buffer does not have. */
  private isBehind = true;
  private owner = '';
  private failedReads = 0;
  private isReadingStore = false;
  /** True when the client has the end of the call. */
  private hasEnd = false;
  private isWaitingForQueue = false;
  private reporting: Promise<void> | undefined;
  private reported = 0;
  private resolveReleased!: () => void;

  constructor(
    readonly session: SessionRuntime,
    facts: ReaderFacts,
    private readonly calls: ResumableCalls,
    private readonly port: CallPort<CallReader>,
    private prepare: PrepareReader | undefined,
  ) {
    const { callWindow, callWindowBytes } = port.limits;
    this.id = facts.id;
    this.method = facts.method;
    this.key = facts.key;
    this.isNew = facts.isNew;
    this.token = calls.newReader();
    this.sent = facts.received;
    this.consumed = Math.min(facts.consumed, facts.received);
    this.window = new OutboundWindow(Math.min(facts.window, callWindow), callWindowBytes);
    this.window.continueAfter(this.sent, this.consumed);
    this.whenReleased = new Promise((resolve) => (this.resolveReleased = resolve));
  }

  /** True until the client has an end or has left. */
  get isActive(): boolean {
    return this.state !== 'ended';
  }

  /**
   * Becomes the reader of the stored call, and sends its items.
   *
   * @throws {CodedError} CALL_UNKNOWN when it is not stored; UNAVAILABLE
   */
  async attach(): Promise<void> {
    const before = await this.calls.store.read(this.key, this.sent, 1);
    if (!before || this.sent > before.state.items) throw callUnknown();
    await this.replace(before.state.reader);
  }

  /**
   * Becomes the reader of a call that was stored just now, and sends its items.
   *
   * @throws {CodedError} CALL_UNKNOWN when it is not stored; UNAVAILABLE
   */
  attachFirst(): Promise<void> {
    return this.replace('');
  }

  start(): void {
    const { prepare } = this;
    this.prepare = undefined;
    if (!prepare || !this.isActive) return;
    prepare(this).catch((error: unknown) => this.fail(error, this.workMs));
  }

  /** False, because a resumable call takes no items. */
  get mayReceive(): boolean {
    return false;
  }

  receive(_frame: ClientItemFrame, _payload: FramePayload): boolean {
    this.end(unexpectedItem());
    return false;
  }

  receiveEnd(_frame: ClientEndFrame): void {}

  receiveCredit(consumed: number): CreditProgress | undefined {
    const progress = this.window.consume(consumed);
    if (!progress) {
      this.end(excessCredit(consumed, this.sent));
      return undefined;
    }
    this.consumed += progress.items;
    this.report();
    this.advance();
    return progress;
  }

  cancel(): void {
    this.isCancelled = true;
    void this.calls.cancel(this.key).catch(ignore);
    this.fail(cancelled());
  }

  /** Cancels a new call when it is stored; returns false for any other. */
  cancelStart(): boolean {
    if (this.state !== 'preparing' || !this.isNew) return false;
    this.isCancelled = true;
    return true;
  }

  detach(): void {
    if (!this.isActive) return;
    this.release();
  }

  /** Ends this reader with an error; the call continues without it. */
  end(error: unknown): void {
    this.fail(error);
  }

  /** Ends this reader with the error of its call. */
  fail(error: unknown, workMs = 0): void {
    if (!this.isActive) return;
    this.port.failed(this, error, workMs);
    this.release();
  }

  offer(first: number, items: readonly EncodedMessage[]): void {
    const isNext = first === this.sent + this.buffer.length;
    const { callWindow } = this.port.limits;
    if (isNext && !this.isBehind && this.buffer.length + items.length <= 2 * callWindow)
      this.buffer.push(...items);
    else this.isBehind = true;
    this.advance();
  }

  changed(): void {
    this.isBehind = true;
    this.advance();
  }

  private async replace(former: string): Promise<void> {
    if (!this.isActive) return;
    await this.calls.addReader(this);
    const state = await this.calls.store.change(this.key, { reader: this.token, consumed: this.consumed });
    if (!state) throw callUnknown();
    if (former && former !== this.token) this.calls.tell(serverOf(former), this.key);
    this.owner = state.owner;
    if (!this.isActive) return this.leave();
    this.state = 'reading';
    this.tellProducer(state);
    this.advance();
  }

  /** Sends what the client and its connection have room for, and reads the store when it may have more. */
  private advance(): void {
    try {
      while (this.state === 'reading' && !this.isReadingStore) {
        if (this.port.wire.isAboveSoftBound) return this.awaitQueue();
        const [item] = this.buffer;
        if (!item) return this.isBehind ? this.catchUp() : undefined;
        if (!this.window.isOpen || !this.send(item)) return;
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends the first item of the buffer; returns false when the window has no room for it. */
  private send(item: EncodedMessage): boolean {
    const { wire } = this.port;
    const frame = wire.storedItemFrame(this.id, this.sent + 1, item);
    if (!this.window.fits(frame.length)) return false;
    this.buffer.shift();
    this.sent++;
    this.window.add(frame.length);
    wire.push(frame);
    return true;
  }

  /** Continues when the outbound queue has room. */
  private awaitQueue(): void {
    if (this.isWaitingForQueue) return;
    this.isWaitingForQueue = true;
    void this.port.wire.whenBelowSoftBound().then(() => {
      this.isWaitingForQueue = false;
      this.advance();
    });
  }

  /** Reads the store, unless the producer of this process tells that it has nothing more. */
  private catchUp(): void {
    const producer = this.calls.producedHere(this.key);
    if (!producer?.isUpToDate(this.token, this.sent)) return void this.readOn();
    this.isBehind = false;
    if (producer.end) this.finish(producer.end);
  }

  private async readOn(): Promise<void> {
    this.isReadingStore = true;
    try {
      await this.readStore();
    } catch (error) {
      this.fail(error);
    }
    this.isReadingStore = false;
    this.advance();
  }

  /** Reads what follows; sends the end after the last item. */
  private async readStore(): Promise<void> {
    this.isBehind = false;
    const read = await this.calls.store.read(this.key, this.sent, READ_ITEMS).catch((error: unknown) => {
      // The next check wakes the reader.
      if (++this.failedReads >= MAX_FAILED_READS) throw error;
      return null;
    });
    if (!this.isActive || read === null) return;
    const producer = this.calls.producedHere(this.key);
    if (!read) throw callLost();
    this.failedReads = 0;
    const { state, items } = read;
    if (state.reader !== this.token) throw takenOver();
    // Items that the producer has offered meanwhile are the same ones.
    if (!this.buffer.length) {
      this.buffer.push(...items.map(itemOf));
      this.isBehind ||= items.length > 0;
    }
    if (this.buffer.length) return;
    if (state.end !== undefined) return this.finish(endOf(state.end));
    if (producer?.end && producer.items === this.sent) return this.finish(producer.end);
    if (!(await this.calls.isProduced(state, this.key))) await this.lose();
  }

  /** Ends a call whose server is gone, after the items that it may have stored meanwhile. */
  private async lose(): Promise<void> {
    const read = await this.calls.store.read(this.key, this.sent, 1);
    if (read?.items.length || read?.state.end !== undefined) return this.changed();
    const { code, message } = callLost();
    const end: StoredEnd = { kind: 'error', error: { code, message } };
    await this.calls.store.change(this.key, { end: endText(end) });
    this.finish(end);
  }

  private finish(end: StoredEnd): void {
    if (!this.isActive) return;
    this.hasEnd = true;
    const { wire } = this.port;
    if (end.kind === 'error') return this.fail(new CodedError(end.error.code, end.error.message, end.error));
    wire.push(end.kind === 'end' ? wire.endFrame(this.id) : wire.storedReplyFrame(this.id, end.reply));
    this.release();
  }

  private tellProducer({ reader, consumed }: CallState): void {
    const here = this.calls.producedHere(this.key);
    if (!here) return this.calls.tell(this.owner, this.key);
    here.progress(consumed);
    here.readBy(reader);
  }

  /** Tells the producer how much was consumed; one report at a time. */
  private report(): void {
    const here = this.calls.producedHere(this.key);
    if (here) return here.progress(this.consumed);
    this.reporting ??= this.reportNow().finally(() => (this.reporting = undefined));
  }

  private async reportNow(): Promise<void> {
    while (this.isActive && this.reported < this.consumed) {
      this.reported = this.consumed;
      const state = await this.calls.store.change(this.key, { consumed: this.reported }).catch(ignore);
      if (state) this.calls.tell(state.owner, this.key);
    }
  }

  private release(): void {
    const wasReading = this.state === 'reading';
    this.state = 'ended';
    this.buffer = [];
    // The time after the end does not depend on a reader.
    if (wasReading && !this.hasEnd) this.leave();
    else this.calls.removeReader(this);
    this.port.released(this);
    this.resolveReleased();
  }

  /** Leaves the stored call, so that its time without a reader begins. */
  private leave(): void {
    this.calls.removeReader(this);
    const left = this.calls.store.change(this.key, { leaves: this.token, consumed: this.consumed });
    left.then(
      (state) => {
        if (!state || state.end !== undefined) return;
        const here = this.calls.producedHere(this.key);
        if (here) here.changed(state);
        else this.calls.tell(state.owner, this.key);
      },
      // The next check of the producer notices that the reader is gone.
      ignore,
    );
  }
}

function ignore(): void {}
