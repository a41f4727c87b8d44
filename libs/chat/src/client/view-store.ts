import type { Store } from '@nestwire/client/store';
import type { ChatClock } from './chat-client.js';

/** A source that runs while a store has subscribers, and some time longer. */
export interface StoreUse {
  readonly begin: () => void;
  readonly end: () => void;
  /** The time between the last subscriber and `end`, in milliseconds. */
  readonly keepMs: number;
  readonly clock: ChatClock;
}

/** A store whose value is made when somebody asks for it. */
export class ViewStore<T> implements Store<T> {
  readonly initial: T;
  private value: T;
  private isStale = false;
  private isPlanned = false;
  private isUsed = false;
  private cancelEnd: (() => void) | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly make: () => T,
    private readonly use?: StoreUse,
  ) {
    this.initial = this.value = make();
  }

  readonly get = (): T => {
    if (this.isStale) this.value = this.make();
    this.isStale = false;
    return this.value;
  };

  readonly subscribe = (onChange: () => void): (() => void) => {
    const listener = (): void => onChange();
    this.cancelEnd?.();
    this.cancelEnd = undefined;
    this.listeners.add(listener);
    if (!this.isUsed) {
      this.isUsed = true;
      this.use?.begin();
    }
    return () => {
      if (!this.listeners.delete(listener) || this.listeners.size || !this.use) return;
      this.cancelEnd = this.use.clock.after(this.use.keepMs, this.end);
    };
  };

  /** True while the store is in use: it has subscribers, or had some a short time ago. */
  get isInUse(): boolean {
    return this.isUsed;
  }

  /** Ends the use at once; the subscribers remain and begin no other one. */
  readonly end = (): void => {
    this.cancelEnd?.();
    this.cancelEnd = undefined;
    if (!this.isUsed) return;
    this.isUsed = false;
    this.use?.end();
  };

  /** Makes the value anew for the next reader; calls the subscribers once for all changes of a task. */
  readonly changed = (): void => {
    this.isStale = true;
    if (this.isPlanned || !this.listeners.size) return;
    this.isPlanned = true;
    setTimeout(() => {
      this.isPlanned = false;
      for (const listener of [...this.listeners]) listener();
    });
  };
}
