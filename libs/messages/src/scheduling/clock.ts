/** What tells the time and waits. */
export interface Clock {
  /** The time in milliseconds; only differences count. */
  now(): number;
  /** Runs the function once, after the time in milliseconds; returns the function that takes it back. */
  after(ms: number, run: () => void): () => void;
}

/** The process's own clock; what waits on it does not keep the process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
