const PERIOD_MS = 60_000;

/** Lets one line a minute through for each kind of event, and counts the rest. */
export class LogLimiter {
  readonly #kinds = new Map<string, { nextAtMs: number; suppressed: number }>();

  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** Writes the line unless one of its kind was written within the last minute. */
  log(kind: string, line: string): void {
    const nowMs = this.now();
    const state = this.#kinds.get(kind) ?? { nextAtMs: 0, suppressed: 0 };
    this.#kinds.set(kind, state);
    if (nowMs < state.nextAtMs) {
      state.suppressed++;
      return;
    }
    this.write(state.suppressed ? `${line} (${state.suppressed} more like it since the last line)` : line);
    state.suppressed = 0;
    state.nextAtMs = nowMs + PERIOD_MS;
  }
}
