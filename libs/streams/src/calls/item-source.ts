import { messageNameOf } from '@nestwire/protocol';
import { isObservable, type Observable, type Subscription } from 'rxjs';
import { observableOverflow } from './call.errors.js';

/** The items that a method returns, read one at a time. */
export interface ItemSource {
  next(): Promise<IteratorResult<unknown>>;
  /** Ends the source; settles when the code of the application has finished. Idempotent, never rejects. */
  leave(): Promise<void>;
}

/** Returns the source of a result; undefined when it is no stream of items. */
export function sourceOf(result: unknown, maxObservedItems: number): ItemSource | undefined {
  // Most results are single replies, and the checks of an Observable take longer than this one.
  if (result === undefined || result === null || messageNameOf(result.constructor)) return undefined;
  if (isObservable(result)) return new ObservedItems(result, maxObservedItems);
  const isIterable = typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  return isIterable ? new IteratedItems(result as AsyncIterable<unknown>) : undefined;
}

/** The items of an AsyncIterable; `return` of its iterator is called at most once. */
class IteratedItems implements ItemSource {
  private readonly iterator: AsyncIterator<unknown>;
  private isFinished = false;
  private left: Promise<void> | undefined;

  constructor(items: AsyncIterable<unknown>) {
    this.iterator = items[Symbol.asyncIterator]();
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      const next = await this.iterator.next();
      if (next.done) this.isFinished = true;
      return next;
    } catch (error) {
      this.isFinished = true;
      throw error;
    }
  }

  leave(): Promise<void> {
    this.left ??= this.isFinished ? Promise.resolve() : this.end();
    return this.left;
  }

  private async end(): Promise<void> {
    try {
      await this.iterator.return?.();
    } catch {
      // The client has the end already.
    }
  }
}

/** The items of an Observable, which cannot be paused; a bounded number waits. */
class ObservedItems implements ItemSource {
  private readonly waiting: unknown[] = [];
  private subscription: Subscription | undefined;
  private end: { readonly error?: unknown } | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly items: Observable<unknown>,
    private readonly maxItems: number,
  ) {}

  async next(): Promise<IteratorResult<unknown>> {
    this.subscription ??= this.subscribe();
    while (!this.waiting.length && !this.end) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.waiting.length) return { done: false, value: this.waiting.shift() };
    if (this.end && 'error' in this.end) throw this.end.error;
    return { done: true, value: undefined };
  }

  leave(): Promise<void> {
    this.subscription?.unsubscribe();
    this.waiting.length = 0;
    this.finish({});
    return Promise.resolve();
  }

  private subscribe(): Subscription {
    const subscription = this.items.subscribe({
      next: (item) => this.add(item),
      error: (error: unknown) => this.finish({ error }),
      complete: () => this.finish({}),
    });
    // An Observable may overflow before it returns its subscription.
    if (this.end) subscription.unsubscribe();
    return subscription;
  }

  private add(item: unknown): void {
    if (this.end) return;
    if (this.waiting.length < this.maxItems) this.waiting.push(item);
    else {
      this.subscription?.unsubscribe();
      return this.finish({ error: observableOverflow(this.maxItems) });
    }
    this.wake?.();
  }

  private finish(end: { readonly error?: unknown }): void {
    this.end ??= end;
    this.wake?.();
  }
}
