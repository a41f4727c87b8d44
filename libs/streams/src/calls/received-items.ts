import type { Message } from '@nestwire/protocol';
import type { ClientItemFrame, FramePayload } from '@nestwire/protocol/codec';
import { copiedPayload } from '../session/copied-payload.js';
import type { StreamsLimits } from '../streams-limits.js';
import { CallItems } from './call-items.js';
import { tooManyItemBytes, unexpectedItem, windowExceeded } from './call.errors.js';

/** The limits of the items of one call. */
export type ItemLimits = Pick<
  StreamsLimits,
  'callWindow' | 'callWindowBytes' | 'maxPayloadBytes' | 'maxPendingBytes'
>;

/** The call of received items. */
export interface ItemsOwner {
  /** Counts bytes that wait for the method; returns false when the connection has no room. */
  hold(bytes: number): boolean;
  /** Returns bytes that no longer wait. */
  release(bytes: number): void;
  /** Decodes an item that waited. */
  decode(payload: FramePayload): ClientItemFrame;
  /**
   * Validates an item, and charges the client when it is refused.
   *
   * @throws {CodedError} INVALID_MESSAGE, UNKNOWN_MESSAGE
   */
  read(frame: ClientItemFrame): Message | Promise<Message>;
  /** Tells the client how many items were consumed, which lets it send more. */
  credit(credit: ItemCredit): void;
  /** Ends the call, because an item is invalid. */
  refused(error: unknown): void;
}

/** The progress of a method with the client's items. */
export interface ItemCredit {
  /** The number of all items that were consumed. */
  readonly consumed: number;
  /** The number and the size of those after the last credit. */
  readonly items: number;
  readonly bytes: number;
}

/** An item that waits; decoded it would take many times its bytes. */
interface WaitingItem {
  readonly payload: FramePayload;
  readonly size: number;
}

/** The end of the items: normal, or with the error that the reader receives. */
type ItemsEnd = { readonly error?: unknown };

/**
 * The items of a client in one call, limited by the window of the server.
 *
 * An item is consumed when the method takes it. It is validated then, in the order of arrival.
 */
export class ReceivedItems extends CallItems<Message> {
  private readonly waiting: WaitingItem[] = [];
  private direct: { readonly frame: ClientItemFrame; readonly size: number } | undefined;
  private wake: (() => void) | undefined;
  private end: ItemsEnd | undefined;
  private isLeft = false;
  private isRead = false;
  private turn: Promise<unknown> = Promise.resolve();
  private consumed = 0;
  private credited = 0;
  /** The sizes of the items that were consumed after the last credit. */
  private consumedBytes = 0;
  /** The number and size of the items that arrived and were not credited. */
  private uncredited = 0;
  private uncreditedBytes = 0;

  constructor(
    private readonly limits: ItemLimits,
    private readonly owner: ItemsOwner,
  ) {
    super();
  }

  /** True while the client may send another item. */
  get hasRoom(): boolean {
    return !this.end && this.uncredited < this.limits.callWindow;
  }

  /**
   * Takes an item from the client.
   *
   * @throws {CodedError} CALL_WINDOW_EXCEEDED, BUSY, BAD_FRAME
   */
  add(frame: ClientItemFrame, payload: FramePayload): void {
    if (this.end) throw unexpectedItem();
    const size = payload.length;
    const { callWindow, callWindowBytes, maxPendingBytes } = this.limits;
    if (this.uncredited >= callWindow) throw windowExceeded(`${callWindow} items`);
    if (this.uncredited && this.uncreditedBytes + size > callWindowBytes)
      throw windowExceeded(`${callWindowBytes} bytes of items`);
    this.uncredited++;
    this.uncreditedBytes += size;
    // The method reads no more; the client waits for credit and then for the end.
    if (this.isLeft) return;
    if (this.wake && !this.waiting.length && !this.direct) this.direct = { frame, size };
    else if (this.owner.hold(size)) this.waiting.push({ payload: copiedPayload(payload), size });
    else throw tooManyItemBytes(maxPendingBytes);
    this.wake?.();
  }

  /** Ends the items, with the error of the reader if there is one; the first end decides. */
  finish(end: ItemsEnd = {}): void {
    this.end ??= end;
    this.wake?.();
  }

  /** Ends the items at once: those that wait are dropped. */
  close(end: ItemsEnd): void {
    this.drop();
    this.end = end;
    this.wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    if (this.isRead) throw new TypeError('The items of a call can be read once.');
    this.isRead = true;
    const iterator: AsyncIterableIterator<Message, undefined> = {
      next: () => {
        const taken = this.turn.then(() => this.take());
        this.turn = taken.then(ignore, ignore);
        return taken;
      },
      return: () => {
        this.isLeft = true;
        this.drop();
        this.wake?.();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  private async take(): Promise<IteratorResult<Message, undefined>> {
    while (!this.hasNext) await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
    if (this.isLeft) return DONE_ITEMS;
    const frame = this.takeFrame();
    if (!frame) {
      if (this.end && 'error' in this.end) throw this.end.error;
      return DONE_ITEMS;
    }
    try {
      const value = await this.owner.read(frame);
      this.creditWhenDue();
      return { done: false, value };
    } catch (error) {
      this.owner.refused(error);
      throw error;
    }
  }

  private get hasNext(): boolean {
    return this.waiting.length > 0 || !!this.direct || !!this.end || this.isLeft;
  }

  private takeFrame(): ClientItemFrame | undefined {
    const { direct } = this;
    const queued = direct ? undefined : this.waiting.shift();
    this.direct = undefined;
    const size = direct?.size ?? queued?.size;
    if (size === undefined) return undefined;
    if (queued) this.owner.release(size);
    this.consumed++;
    this.consumedBytes += size;
    return direct?.frame ?? this.owner.decode(queued!.payload);
  }

  /** Sends credit when half of the window is consumed, or when the client may wait. */
  private creditWhenDue(): void {
    const { callWindow, callWindowBytes, maxPayloadBytes } = this.limits;
    const items = this.consumed - this.credited;
    const isHalf = items * 2 >= callWindow || this.consumedBytes * 2 >= callWindowBytes;
    const mayWait = this.uncredited >= callWindow || this.uncreditedBytes + maxPayloadBytes > callWindowBytes;
    if (this.end || !(isHalf || (mayWait && !this.waiting.length))) return;
    this.credited = this.consumed;
    this.uncredited -= items;
    const bytes = this.consumedBytes;
    this.uncreditedBytes -= bytes;
    this.consumedBytes = 0;
    this.owner.credit({ consumed: this.consumed, items, bytes });
  }

  private drop(): void {
    this.direct = undefined;
    for (const { size } of this.waiting.splice(0)) this.owner.release(size);
  }
}

const DONE_ITEMS: IteratorResult<Message, undefined> = { done: true, value: undefined };

function ignore(): void {}
