import type { ResolvedTuning } from './redis.options.js';

const SUSPECT_INTERVAL_MS = 500;

/** What a probe acts on. */
export interface ProbeTarget {
  /** Publishes to the probe's own key by the way that all publications go. */
  readonly publish: (text: string) => Promise<void>;
  /** Whether the subscriber is connected; without it there is nothing to miss. */
  readonly connected: () => boolean;
  /** The probe's message did not come back for too long. */
  readonly starved: () => void;
  /** `suspect` has changed. */
  readonly changed: () => void;
}

/**
 * Proves that what is published comes back, by sending itself messages.
 *
 * A connection that stands proves nothing: its server may be stopped, or may have forgotten the
 * subscription. A publication that is not answered makes it suspect until a message comes back.
 */
export class RedisProbe {
  #sent = 0;
  #seenAtMs: number;
  #suspect = false;
  #sending = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly target: ProbeTarget,
    private readonly tuning: ResolvedTuning,
  ) {
    this.#seenAtMs = tuning.clock.now();
    this.#schedule();
  }

  /** Whether a publication went without its answer, and nothing has come back since. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Takes the probe's own message. */
  seen(text: string): void {
    if (text !== String(this.#sent)) return;
    this.#seenAtMs = this.tuning.clock.now();
    this.#setSuspect(false);
  }

  /** Starts the time anew: the subscriber has just been connected. */
  reset(): void {
    this.#seenAtMs = this.tuning.clock.now();
  }

  /** Doubts the connection until a message comes back. */
  doubt(): void {
    if (!this.#suspect) this.#setSuspect(true);
  }

  /** Stops probing. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  #setSuspect(suspect: boolean): void {
    if (this.#suspect === suspect || this.#closed) return;
    this.#suspect = suspect;
    this.#schedule();
    this.target.changed();
  }

  #schedule(): void {
    this.#cancelTimer?.();
    const { probeIntervalMs, clock } = this.tuning;
    const intervalMs = this.#suspect
      ? Math.min(probeIntervalMs || Infinity, SUSPECT_INTERVAL_MS)
      : probeIntervalMs;
    if (intervalMs === 0 || this.#closed) return;
    // Jitter of a tenth, so that the processes of a cluster do not probe in step.
    this.#cancelTimer = clock.after(intervalMs * (0.9 + Math.random() * 0.2), () => {
      this.#schedule();
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const { probeTimeoutMs, probeIntervalMs, clock } = this.tuning;
    if (probeIntervalMs > 0 && this.target.connected() && clock.now() - this.#seenAtMs > probeTimeoutMs) {
      this.reset();
      this.target.starved();
      return;
    }
    if (this.#sending) return;
    this.#sending = true;
    // A refusal is told by the status already, and silence by what does not come back.
    await this.target.publish(String(++this.#sent)).catch(() => undefined);
    this.#sending = false;
  }
}
