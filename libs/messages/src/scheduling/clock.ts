/** A source of time and timers. */
export interface Clock {
  /** The time in milliseconds; only differences count. */
  now(): number;
  /** Runs the function once after a time in milliseconds; returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The clock of the process; its timers do not keep the process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
