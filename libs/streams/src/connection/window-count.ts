/** Counts events within a window of time that begins with the first of them. */
export class WindowCount {
  private count = 0;
  private since = 0;

  constructor(private readonly windowMs: number) {}

  /** Counts one event; returns how many the window has. */
  add(now: number): number {
    if (now - this.since > this.windowMs) {
      this.count = 0;
      this.since = now;
    }
    return ++this.count;
  }
}
