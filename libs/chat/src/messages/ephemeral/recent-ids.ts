/** Remembers the newest ids of posts of this process, each for a time. */
export class RecentIds {
  /** The times of the ids, the oldest first. */
  private readonly times = new Map<string, number>();

  /**
   * @param ageMs the time for which an id is remembered, in milliseconds
   * @param max the most ids; one more forgets the oldest
   */
  constructor(
    private readonly ageMs: number,
    private readonly max: number,
  ) {}

  add(id: string): void {
    const now = Date.now();
    this.times.delete(id);
    this.times.set(id, now);
    for (const [oldest, at] of this.times) {
      if (this.times.size <= this.max && now - at < this.ageMs) break;
      this.times.delete(oldest);
    }
  }

  has(id: string): boolean {
    const at = this.times.get(id);
    return at !== undefined && Date.now() - at < this.ageMs;
  }

  get size(): number {
    return this.times.size;
  }
}
