/** Counts events within a time window that starts with the first event. */
export class WindowCount {
  private count = 0;
  private since = 0;

  constructor(private readonly windowMs: number) {}

  /** Counts an event with a weight; returns the count of the window. */
  add(now: number, weight = 1): number {
    if (now - this.since > this.windowMs) {
      this.count = 0;
      this.since = now;
    }
    this.count += weight;
    return this.count;
  }
}
