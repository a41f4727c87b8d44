import type { PresenceRecord } from '../../presence/presence-store.js';

/** The connections of this process in one channel, and the pending changes. */
export class PresenceRecords {
  /** The server name whose set in Redis has the channel. */
  notedFor = '';
  /** The remaining comparisons of an empty channel; see `RedisPresenceStore`. */
  emptyChecks = 0;
  private readonly records = new Map<string, PresenceRecord>();
  private pending = new Set<string>();
  private isSuspect = false;
  private current: Promise<boolean> = Promise.resolve(true);
  private next: Promise<boolean> | undefined;

  constructor(
    readonly channel: string,
    private readonly reconcile: (room: PresenceRecords) => Promise<void>,
  ) {}

  get isEmpty(): boolean {
    return this.records.size === 0;
  }

  /** True when Redis has all changes, as far as this process knows. */
  get isSettled(): boolean {
    return this.pending.size === 0 && !this.isSuspect;
  }

  /** Returns true when Redis must be compared with the records, and resets the mark. */
  takeSuspect(): boolean {
    const wasSuspect = this.isSuspect;
    this.isSuspect = false;
    return wasSuspect;
  }

  put(record: PresenceRecord): void {
    this.records.set(record.id, record);
    this.pending.add(record.id);
  }

  /** Removes a connection; returns false when it is absent. */
  remove(id: string): boolean {
    const wasThere = this.records.delete(id);
    if (wasThere) this.pending.add(id);
    return wasThere;
  }

  clear(): void {
    for (const id of [...this.records.keys()]) this.remove(id);
  }

  /** Removes a record that Redis refused, unless a newer one has replaced it. */
  drop(record: PresenceRecord): void {
    if (this.records.get(record.id) === record) this.records.delete(record.id);
  }

  /** Makes the next attempt compare Redis with the records. */
  markSuspect(): void {
    this.isSuspect = true;
    this.notedFor = '';
  }

  /** Marks all differences between the records and Redis, so that `flush` repairs them. */
  compare(held: ReadonlyMap<string, string>, textOf: (record: PresenceRecord) => string): void {
    for (const [id, record] of this.records) if (held.get(id) !== textOf(record)) this.pending.add(id);
    for (const id of held.keys()) if (!this.records.has(id)) this.pending.add(id);
  }

  /**
   * Resolves to true when Redis has all changes before the call; never rejects.
   *
   * Calls during an attempt share the next one.
   */
  settle(): Promise<boolean> {
    this.next ??= this.current.then(() => {
      this.next = undefined;
      return (this.current = this.attempt());
    });
    return this.next;
  }

  /** Sends the changes in batches; a failed batch stays pending. */
  async flush(
    most: number,
    send: (set: readonly PresenceRecord[], gone: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const ids = [...this.pending];
    for (let at = 0; at < ids.length; at += most) {
      const batch = ids.slice(at, at + most);
      for (const id of batch) this.pending.delete(id);
      try {
        const set = batch.flatMap((id) => this.records.get(id) ?? []);
        await send(
          set,
          batch.filter((id) => !set.some((record) => record.id === id)),
        );
      } catch (error) {
        for (const id of batch) this.pending.add(id);
        throw error;
      }
    }
  }

  private attempt(): Promise<boolean> {
    return this.reconcile(this).then(
      () => true,
      () => false,
    );
  }
}
