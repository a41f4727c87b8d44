/** Counts what was made, disposed and collected, by kind. */
export class Lives {
  opened = 0;
  closed = 0;
  /** Calls of listeners. */
  heard = 0;
  #made = new Map();
  #disposed = new Map();
  #collected = new Map();
  #registry = new FinalizationRegistry((kind) => count(this.#collected, kind));

  /**
   * @param {string} kind
   * @param {object} thing held weakly
   */
  made(kind, thing) {
    count(this.#made, kind);
    this.#registry.register(thing, kind);
  }

  /** @param {string} kind */
  disposed(kind) {
    count(this.#disposed, kind);
  }

  /** Of each kind: how many were made, how many are not collected, how many were disposed. */
  counts() {
    return Object.fromEntries(
      [...this.#made].map(([kind, made]) => [
        kind,
        { made, alive: made - (this.#collected.get(kind) ?? 0), disposed: this.#disposed.get(kind) },
      ]),
    );
  }
}

function count(counts, kind) {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
