/** Counts events within a window of time that begins with the first of them. */
export class WindowCount {
  private count = 0;
  private since = 0;

  constructor(private readonly windowMs: number) {}

  /** Counts an event, or one that weighs as much as several; returns the count of the window. */
  add(now: number, weight = 1): number {
    if (now - this.since > this.windowMs) {
      this.count = 0;
      this.since = now;
    }
    this.count += weight;
    return this.count;
  }
}
