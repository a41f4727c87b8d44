/** What the client asks of time and chance; a test may give its own. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes backwards. */
  now(): number;
  /** Runs something later; returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** A number from 0 up to, and without, 1. */
  random(): number;
}

// A longer delay overflows, and would be none.
const MAX_DELAY_MS = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
