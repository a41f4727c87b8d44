import type { Store } from '@nestwire/client/store';
import type { ChatContext } from './chat-context.js';

/**
 * A store whose value is made when somebody asks for it.
 *
 * It is in use while it has subscribers, and `keepMs` longer.
 */
export abstract class ViewStore<T> implements Store<T> {
  initial!: T;
  /** True while the store has subscribers, or had some a short time ago. */
  isInUse = false;
  #value!: T;
  #isStale = false;
  #isPlanned = false;
  #cancelEnd: (() => void) | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(protected readonly context: ChatContext) {}

  readonly get = (): T => {
    if (this.#isStale) this.#value = this.view();
    this.#isStale = false;
    return this.#value;
  };

  readonly subscribe = (onChange: () => void): (() => void) => {
    const listener = (): void => onChange();
    this.#cancelEnd?.();
    this.#cancelEnd = undefined;
    this.#listeners.add(listener);
    if (!this.isInUse) {
      this.isInUse = true;
      this.begin();
    }
    return () => {
      const { clock, options } = this.context;
      if (this.#listeners.delete(listener) && !this.#listeners.size)
        this.#cancelEnd = clock.after(options.keepMs, () => this.end());
    };
  };

  /** Ends the use at once; the subscribers remain and begin no other one. */
  end(): void {
    this.#cancelEnd?.();
    this.#cancelEnd = undefined;
    if (!this.isInUse) return;
    this.isInUse = false;
    this.stop();
  }

  /** Makes the value anew for the next reader; calls the subscribers once for all changes of a task. */
  changed(): void {
    this.#isStale = true;
    if (this.#isPlanned || !this.#listeners.size) return;
    this.#isPlanned = true;
    setTimeout(() => {
      this.#isPlanned = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** Makes the first value; the last step of a constructor. */
  protected made(): void {
    this.initial = this.#value = this.view();
  }

  /** Makes the value. */
  protected abstract view(): T;
  /** Begins the use. */
  protected abstract begin(): void;
  /** Ends the use. */
  protected abstract stop(): void;
}
