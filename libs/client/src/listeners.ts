/** Functions that a user added; the same function twice counts twice. */
export class Listeners<A extends unknown[]> {
  readonly #all = new Set<(...args: A) => void>();
  readonly #warn: (text: string, cause: unknown) => void;

  constructor(warn: (text: string, cause: unknown) => void) {
    this.#warn = warn;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Adds a function; returns the function that removes it. */
  add(run: (...args: A) => void): () => void {
    const listener = (...args: A) => run(...args);
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  /** Calls each in the order of adding; what one throws becomes a warning. */
  call(visit: (run: (...args: A) => void) => void): void {
    for (const run of [...this.#all])
      try {
        visit(run);
      } catch (error) {
        this.#warn('nestwire: a listener threw', error);
      }
  }
}
