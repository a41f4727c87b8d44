/** The Web Locks of an origin, shared by the pages of a test. */
export class OriginLocks {
  readonly #held = new Map<string, object>();
  readonly #waiting: Array<() => void> = [];

  /** The names of the locks that pages hold. */
  get names(): string[] {
    return [...this.#held.keys()];
  }

  /** Returns the locks of a new page. */
  page(): PageLocks {
    return new PageLocks(this);
  }

  take(name: string, page: PageLocks): boolean {
    if (this.#held.has(name)) return false;
    this.#held.set(name, page);
    return true;
  }

  release(name: string): void {
    this.#held.delete(name);
    for (const retry of this.#waiting.splice(0)) retry();
  }

  /** Releases all locks of a page, as when it is closed. */
  forget(page: PageLocks): void {
    for (const [name, owner] of this.#held) if (owner === page) this.release(name);
  }

  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** `navigator.locks` of one page. */
export class PageLocks {
  readonly #origin: OriginLocks;

  constructor(origin: OriginLocks) {
    this.#origin = origin;
  }

  async request(
    name: string,
    { ifAvailable }: { ifAvailable?: true },
    run: (lock: object | null) => unknown,
  ): Promise<unknown> {
    while (!this.#origin.take(name, this)) {
      if (ifAvailable) return run(null);
      await this.#origin.released();
    }
    try {
      return await run({ name });
    } finally {
      this.#origin.release(name);
    }
  }

  end(): void {
    this.#origin.forget(this);
  }
}
