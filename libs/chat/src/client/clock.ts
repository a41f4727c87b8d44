import type { ChatClock } from './chat-client.js';

/** The clock of the machine. */
export const systemClock: ChatClock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    // In Node the timer keeps no process alive.
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};
