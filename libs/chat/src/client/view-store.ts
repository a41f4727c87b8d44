import type { Store } from '@nestwire/client/store';
import type { ChatContext } from './chat-context.js';
import { Task } from './task.js';

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
  readonly #end: Task;
  readonly #listeners = new Set<() => void>();
  readonly #loads = new Map<unknown, Promise<void>>();

  constructor(protected readonly context: ChatContext) {
    this.#end = new Task(context.clock, () => this.end());
  }

  readonly get = (): T => {
    if (this.#isStale) this.#value = this.view();
    this.#isStale = false;
    return this.#value;
  };

  readonly subscribe = (onChange: () => void): (() => void) => {
    const listener = (): void => onChange();
    this.#end.stop();
    this.#listeners.add(listener);
    if (!this.isInUse) {
      this.isInUse = true;
      this.begin();
    }
    return () => {
      if (this.#listeners.delete(listener) && !this.#listeners.size)
        this.#end.ask(this.context.options.keepMs);
    };
  };

  /** Ends the use at once; the subscribers remain and begin no other one. */
  end(): void {
    this.#end.stop();
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

  /** Returns true while a load runs. */
  protected isLoading(name: string): boolean {
    return this.#loads.has(name);
  }

  /** Runs a load; calls during it share its promise. */
  protected load(name: string, work: () => Promise<void>): Promise<void> {
    const load =
      this.#loads.get(name) ??
      work().finally(() => {
        this.#loads.delete(name);
        this.changed();
      });
    this.#loads.set(name, load);
    this.changed();
    return load;
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
