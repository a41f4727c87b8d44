/** The time and randomness of a client; tests may replace them. */
export interface ClientClock {
  /** Returns milliseconds since a fixed moment; never goes backwards. */
  now(): number;
  /** Runs a function later; returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Returns a random number from 0 (included) to 1 (excluded). */
  random(): number;
}

// A longer delay overflows and fires at once.
const MAX_DELAY_MS = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: ClientClock = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
