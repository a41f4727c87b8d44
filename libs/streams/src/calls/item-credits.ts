import { TokenBucket } from '../fairness/token-bucket.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { ItemCredit } from './received-items.js';

/** The part of the rates of a connection that credits may use up; the first windows of calls use the rest. */
const CREDITED_PART = 3 / 4;

/** Sends the credit of a call. */
export type SendCredit = (consumed: number) => void;

/**
 * Paces the credits of all calls of one connection.
 *
 * The items of a client that follows its credits stay within the rates of its connection. The calls take
 * turns.
 */
export class ItemCredits {
  private readonly due = new Map<object, { readonly credit: ItemCredit; readonly send: SendCredit }>();
  private readonly items: TokenBucket;
  private readonly bytes: TokenBucket;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: Pick<StreamsLimits, 'itemsPerSecond' | 'bytesPerSecond'>,
    now: number,
  ) {
    const { itemsPerSecond, bytesPerSecond } = limits;
    this.items = new TokenBucket(itemsPerSecond * CREDITED_PART, now, itemsPerSecond);
    this.bytes = new TokenBucket(bytesPerSecond * CREDITED_PART, now, bytesPerSecond);
  }

  /** Sends the credit of a call, now or later; those of one call are sent as one. */
  add(call: object, credit: ItemCredit, send: SendCredit): void {
    const waiting = this.due.get(call)?.credit;
    const items = credit.items + (waiting?.items ?? 0);
    const bytes = credit.bytes + (waiting?.bytes ?? 0);
    this.due.set(call, { credit: { ...credit, items, bytes }, send });
    if (!this.timer) this.sendDue();
  }

  /** Forgets the credit of a call that has ended. */
  forget(call: object): void {
    this.due.delete(call);
    if (this.due.size) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private readonly sendDue = (): void => {
    this.timer = undefined;
    for (const [call, { credit, send }] of this.due) {
      const waitMs = this.waitMs(credit, performance.now());
      if (waitMs) {
        this.timer = setTimeout(this.sendDue, waitMs).unref();
        return;
      }
      this.due.delete(call);
      send(credit.consumed);
    }
  };

  /** Takes the tokens of a credit, or returns the wait in milliseconds. */
  private waitMs({ items, bytes }: ItemCredit, now: number): number {
    const { itemsPerSecond, bytesPerSecond } = this.limits;
    // A credit above a whole burst waits for a full bucket.
    const count = Math.min(items, itemsPerSecond);
    const size = Math.min(bytes, bytesPerSecond);
    const bytesDebtMs = this.bytes.take(size, now);
    if (bytesDebtMs) return bytesDebtMs;
    const waitMs = this.items.take(count, now);
    if (waitMs) this.bytes.add(size);
    return waitMs;
  }
}
