import type { PresenceRecord } from '../../presence/presence-store.js';

/** The connections of this process in one channel, and what Redis does not know. */
export class PresenceRecords {
  /** The server name under which the channel is noted. */
  notedFor = '';
  /** How many more checks the channel gets although it is empty: see `RedisPresenceStore`. */
  emptyChecks = 0;
  readonly #records = new Map<string, PresenceRecord>();
  #unknown = new Set<string>();
  #isSuspect = false;
  #current: Promise<boolean> = Promise.resolve(true);
  #next: Promise<boolean> | undefined;

  constructor(
    readonly channel: string,
    private readonly reconcile: (room: PresenceRecords) => Promise<void>,
  ) {}

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** Whether Redis knows all, as far as this process can tell. */
  get isSettled(): boolean {
    return this.#unknown.size === 0 && !this.#isSuspect;
  }

  /** Returns whether what Redis has is to be compared with the records, and takes it as begun. */
  takeSuspect(): boolean {
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = false;
    return wasSuspect;
  }

  put(record: PresenceRecord): void {
    this.#records.set(record.id, record);
    this.#unknown.add(record.id);
  }

  /** Returns whether it was there. */
  remove(id: string): boolean {
    const wasThere = this.#records.delete(id);
    if (wasThere) this.#unknown.add(id);
    return wasThere;
  }

  clear(): void {
    for (const id of [...this.#records.keys()]) this.remove(id);
  }

  /** Forgets a record that Redis refused, unless another one took its place. */
  drop(record: PresenceRecord): void {
    if (this.#records.get(record.id) === record) this.#records.delete(record.id);
  }

  /** Has the next attempt compare what Redis has with the records. */
  markSuspect(): void {
    this.#isSuspect = true;
    this.notedFor = '';
  }

  /** Notes every difference between the records and what Redis has of this process, so that `flush` repairs it. */
  compare(held: ReadonlyMap<string, string>, textOf: (record: PresenceRecord) => string): void {
    for (const [id, record] of this.#records) if (held.get(id) !== textOf(record)) this.#unknown.add(id);
    for (const id of held.keys()) if (!this.#records.has(id)) this.#unknown.add(id);
  }

  /**
   * Resolves to whether Redis knows all that was so at the call; never rejects.
   *
   * What comes while one attempt is under way shares the next one.
   */
  settle(): Promise<boolean> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      return (this.#current = this.#attempt());
    });
    return this.#next;
  }

  /** Hands over what is unknown, in batches; what fails stays unknown. */
  async flush(
    most: number,
    send: (set: readonly PresenceRecord[], gone: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const ids = [...this.#unknown];
    for (let at = 0; at < ids.length; at += most) {
      const batch = ids.slice(at, at + most);
      for (const id of batch) this.#unknown.delete(id);
      try {
        const set = batch.flatMap((id) => this.#records.get(id) ?? []);
        await send(
          set,
          batch.filter((id) => !set.some((record) => record.id === id)),
        );
      } catch (error) {
        for (const id of batch) this.#unknown.add(id);
        throw error;
      }
    }
  }

  #attempt(): Promise<boolean> {
    return this.reconcile(this).then(
      () => true,
      () => false,
    );
  }
}
