/** The maximum age of a cached reading, in milliseconds. */
const MAX_AGE_MS = 1;
const US_PER_MS = 1_000;

/** Reads the CPU time of the process, in microseconds. */
export type ReadCpu = () => NodeJS.CpuUsage;

/**
 * Measures the CPU time of the process.
 *
 * A reading costs about a tenth of a frame, so all connections share one for a millisecond.
 */
export class CpuClock {
  private readAt = -Infinity;
  private readMs = 0;

  constructor(private readonly read: ReadCpu = () => process.cpuUsage()) {}

  /**
   * Returns the CPU time in milliseconds, at most one millisecond old.
   *
   * It is never too high, so the difference between `recent` and a later `exact` is never too low.
   */
  recent(now: number): number {
    return now - this.readAt < MAX_AGE_MS ? this.readMs : this.exact(now);
  }

  /** Returns the current CPU time in milliseconds. */
  exact(now: number): number {
    const { user, system } = this.read();
    this.readAt = now;
    this.readMs = (user + system) / US_PER_MS;
    return this.readMs;
  }
}

/** The CPU time of this process. */
export const cpuClock = new CpuClock();
