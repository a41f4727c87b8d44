/** How old a reading may be, in milliseconds. */
const MAX_AGE_MS = 1;
const US_PER_MS = 1_000;

/** Reads the CPU time of the process, in microseconds. */
export type ReadCpu = () => NodeJS.CpuUsage;

/**
 * Tells how much CPU time the process has used.
 *
 * The kernel is not asked for each frame: a reading costs as much as a tenth of a frame. So all
 * connections share one for a millisecond.
 */
export class CpuClock {
  private readAt = -Infinity;
  private readMs = 0;

  constructor(private readonly read: ReadCpu = () => process.cpuUsage()) {}

  /**
   * Returns the CPU time in milliseconds at this time, or up to a millisecond before it.
   *
   * It is never too high. So what is used between `recent` and a later `exact` is never too little.
   */
  recent(now: number): number {
    return now - this.readAt < MAX_AGE_MS ? this.readMs : this.exact(now);
  }

  /** Returns the CPU time in milliseconds at this time. */
  exact(now: number): number {
    const { user, system } = this.read();
    this.readAt = now;
    this.readMs = (user + system) / US_PER_MS;
    return this.readMs;
  }
}

/** The CPU time of this process. */
export const cpuClock = new CpuClock();
