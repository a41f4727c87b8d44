import { messageNameOf } from '@nestwire/protocol';
import type { CallWire } from './call-port.js';
import { notAnItem } from './call.errors.js';
import type { ItemSource } from './item-source.js';
import type { OutboundWindow } from './outbound-window.js';

/** The call of the items. */
export interface SentCall {
  /** The id of the call. */
  readonly call: number;
  readonly method: string;
  /** The items in flight. */
  readonly window: OutboundWindow;
  readonly wire: CallWire;
}

/** Sends the items of a call while its client and its connection have room. */
export class ItemSender {
  private isStopped = false;
  private wake: (() => void) | undefined;
  /** The wait for the outbound queue. */
  private below: Promise<void> | undefined;

  constructor(
    private readonly source: ItemSource,
    private readonly sent: SentCall,
  ) {}

  /**
   * Sends items until the source ends or `stop` is called; resolves to true when the source has ended.
   *
   * @throws {Error} the error of the source; TypeError when an item is not a message; NOT_ENCODABLE
   */
  async send(): Promise<boolean> {
    const { source } = this;
    const { call, method, window, wire } = this.sent;
    for (;;) {
      if (!this.fits(1) && !(await this.hasRoom(1))) return false;
      const { done, value } = await source.next();
      if (this.isStopped) return false;
      if (done) return true;
      assertItem(method, value);
      const frame = wire.itemFrame(call, window.sent + 1, value);
      if (!window.fits(frame.length) && !(await this.hasRoom(frame.length))) return false;
      window.add(frame.length);
      wire.push(frame);
    }
  }

  /** Continues when the client has consumed items. */
  resume(): void {
    this.wake?.();
  }

  /** Sends no more items, and ends the source. */
  stop(): void {
    this.isStopped = true;
    this.wake?.();
    void this.source.leave();
  }

  /** Ends the source; resolves when the code of the application has finished. */
  settled(): Promise<void> {
    return this.source.leave();
  }

  /** Returns whether an item of this size may be sent now. */
  private fits(size: number): boolean {
    const { window, wire } = this.sent;
    if (this.isStopped || wire.isAboveSoftBound) return false;
    return size === 1 ? window.isOpen : window.fits(size);
  }

  /** Waits for credit and for room in the outbound queue; resolves to false when the call ends. */
  private async hasRoom(size: number): Promise<boolean> {
    while (!this.fits(size)) {
      if (this.isStopped) return false;
      if (this.sent.wire.isAboveSoftBound) await this.belowSoftBound();
      else await this.woken();
    }
    return true;
  }

  /** Waits for the outbound queue; a credit may end the wait early. */
  private belowSoftBound(): Promise<void> {
    this.below ??= this.sent.wire.whenBelowSoftBound().then(() => {
      this.below = undefined;
      this.wake?.();
    });
    return this.woken();
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}

/**
 * Checks that a reply or an item is a message.
 *
 * @throws {TypeError} when it is none
 */
export function assertItem(method: string, value: unknown): asserts value is object {
  if (!messageNameOf((value as object | undefined)?.constructor)) throw notAnItem(method, value);
}
