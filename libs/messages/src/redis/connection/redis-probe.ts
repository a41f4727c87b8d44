import { MessagesErrorCode, type MessagesError } from '../../messages.error.js';
import type { ResolvedTuning } from './redis.options.js';

const SUSPECT_INTERVAL_MS = 500;

/** What a probe acts on. */
export interface ProbeTarget {
  /** Publishes to the probe's own key by the way that all publications go. */
  readonly publish: (text: string) => Promise<void>;
  /** Whether the subscriber is connected; without it there is nothing to miss. */
  readonly connected: () => boolean;
  /** The probe's message did not come back for too long. */
  readonly stalled: () => void;
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
  /** When the first message was sent that has not come back. */
  #missingSinceMs: number | undefined;
  #suspect = false;
  #sending = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly target: ProbeTarget,
    private readonly tuning: ResolvedTuning,
  ) {
    this.#schedule();
  }

  /** Whether a publication went without its answer, and nothing has come back since. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Takes a publication of the probe's own key, in its envelope: a number follows the header's line. */
  seen(payload: Buffer): void {
    if (payload.toString('latin1', payload.indexOf('\n') + 1) !== String(this.#sent)) return;
    this.#missingSinceMs = undefined;
    if (!this.#suspect) return;
    this.#suspect = false;
    this.#changed();
  }

  /** Starts the time anew: the subscriber has just been connected. */
  reset(): void {
    this.#missingSinceMs = undefined;
  }

  /** Doubts the connection until a message comes back. */
  doubt(): void {
    if (this.#suspect || this.#closed) return;
    this.#suspect = true;
    this.#changed();
  }

  /** Stops probing. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  #changed(): void {
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
    if (this.#starved()) {
      this.reset();
      this.target.stalled();
      return;
    }
    if (this.#sending) return;
    this.#sending = true;
    const sinceMs = (this.#missingSinceMs ??= this.tuning.clock.now());
    const sent = await this.target.publish(String(++this.#sent)).then(() => true, mayHaveBeenSent);
    if (!sent && this.#missingSinceMs === sinceMs) this.#missingSinceMs = undefined;
    this.#sending = false;
  }

  #starved(): boolean {
    const { probeTimeoutMs, probeIntervalMs, clock } = this.tuning;
    return (
      probeIntervalMs > 0 &&
      this.target.connected() &&
      this.#missingSinceMs !== undefined &&
      clock.now() - this.#missingSinceMs >= probeTimeoutMs
    );
  }
}

function mayHaveBeenSent(error: unknown): boolean {
  return (error as MessagesError).code === MessagesErrorCode.Uncertain;
}
