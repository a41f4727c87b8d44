/** Functions that a user added; the same function twice counts twice. */
export class Listeners<F> {
  readonly #all = new Set<{ run: F }>();

  constructor(private readonly warn: (text: string, cause: unknown) => void) {}

  get size(): number {
    return this.#all.size;
  }

  /** Adds a function; returns the function that removes it. */
  add(run: F): () => void {
    const listener = { run };
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  /** Calls each in the order of adding; what one throws becomes a warning. */
  call(visit: (run: F) => void): void {
    for (const { run } of [...this.#all])
      try {
        visit(run);
      } catch (error) {
        this.warn('nestwire: a listener threw', error);
      }
  }
}
