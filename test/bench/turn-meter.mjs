import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const LONGEST = 5;
const LEAST_MS = 1;
const STEPS_FOR_MS = 50;

/**
 * Measures the turns of the event loop of this process, while it is on; the loop does not rest meanwhile.
 *
 * It takes the processor time of the main thread, on Linux: other processes of the machine and helper threads of the
 * garbage collector do not make a turn longer. A pause of the collector does, so it is told apart.
 *
 * The kernel counts that time in steps, often of 4 ms, so a turn may look longer by one step. The result has the step.
 */
export class TurnMeter {
  #turns = [];
  #pauses = [];
  #isOn = false;
  #observer = new PerformanceObserver((list) => this.#pauses.push(...list.getEntries()));

  start() {
    this.#turns = [];
    this.#pauses = [];
    this.#isOn = true;
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#measure(performance.now(), threadMs());
  }

  /** Ends the measurement; returns the longest turns with and without pauses of the collector. */
  async stop() {
    this.#isOn = false;
    // Entries come in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 100));
    this.#observer.disconnect();
    const turns = this.#turns.map((turn) => ({ ...turn, pausedMs: this.#pausedMs(turn) }));
    return {
      longestTurnsMs: longest(turns.map(({ cpuMs }) => cpuMs)),
      // The pause is measured by the clock: where the thread had to wait, it is too long, and the work too short.
      longestWorkMs: longest(turns.map(({ cpuMs, pausedMs }) => cpuMs - pausedMs)),
      longestWithoutPauseMs: longest(turns.flatMap(({ cpuMs, pausedMs }) => (pausedMs > 0 ? [] : [cpuMs]))),
      clockStepMs: Math.round(clockStepMs() * 10) / 10,
      pausedMs: Math.round(this.#pauses.reduce((sum, { duration }) => sum + duration, 0)),
    };
  }

  #measure(startedAt, startedMs) {
    setImmediate(() => {
      const cpuMs = threadMs() - startedMs;
      if (cpuMs > LEAST_MS) this.#turns.push({ startedAt, endedAt: performance.now(), cpuMs });
      if (this.#isOn) this.#measure(performance.now(), threadMs());
    });
  }

  #pausedMs({ startedAt, endedAt }) {
    return this.#pauses.reduce((sum, { startTime, duration }) => {
      const ms = Math.min(endedAt, startTime + duration) - Math.max(startedAt, startTime);
      return sum + Math.max(0, ms);
    }, 0);
  }
}

const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const bytes = Buffer.alloc(64);

/** The processor time of the main thread; its first figure is in nanoseconds. */
function threadMs() {
  const length = readSync(schedule, bytes, 0, bytes.length, 0);
  return Number.parseInt(bytes.toString('latin1', 0, length), 10) / 1e6;
}

/** Returns by how much the processor time grows at once, at most. */
function clockStepMs() {
  const endsAt = performance.now() + STEPS_FOR_MS;
  let most = 0;
  let last = threadMs();
  while (performance.now() < endsAt) {
    const now = threadMs();
    most = Math.max(most, now - last);
    last = now;
  }
  return most;
}

function longest(times) {
  const sorted = times.toSorted((a, b) => b - a);
  return sorted.slice(0, LONGEST).map((ms) => Math.round(ms * 10) / 10);
}
