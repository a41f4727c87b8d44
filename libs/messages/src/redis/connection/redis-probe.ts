import { MessagesErrorCode, type MessagesError } from '../../messages.error.js';
import type { ResolvedTuning } from './redis.options.js';

const SUSPECT_INTERVAL_MS = 500;

/** The target that a probe observes and reports to. */
export interface ProbeTarget {
  /** Publishes to the probe's own key along the path of all publications. */
  readonly publish: (text: string) => Promise<void>;
  /** Returns true while the subscriber is connected; otherwise no message can be missing. */
  readonly connected: () => boolean;
  /** Called when the probe's message has been missing for longer than `probeTimeoutMs`. */
  readonly stalled: () => void;
  /** Called when `suspect` has changed. */
  readonly changed: () => void;
}

/**
 * Verifies that publications are delivered, by sending messages to itself.
 *
 * An open connection proves nothing: its server may be stopped, or may have lost the subscription.
 * A publication without a reply makes the connection suspect until a probe message is received.
 */
export class RedisProbe {
  private sent = 0;
  /** The time at which the oldest missing message was sent. */
  private missingSinceMs: number | undefined;
  private isSuspect = false;
  private sending = false;
  private closed = false;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly target: ProbeTarget,
    private readonly tuning: ResolvedTuning,
  ) {
    this.schedule();
  }

  /** True after a publication without a reply, until a probe message is received. */
  get suspect(): boolean {
    return this.isSuspect;
  }

  /** Receives a publication on the probe's own key: a header line, then the number of the message. */
  seen(payload: Buffer): void {
    if (payload.toString('latin1', payload.indexOf('\n') + 1) !== String(this.sent)) return;
    this.missingSinceMs = undefined;
    if (!this.isSuspect) return;
    this.isSuspect = false;
    this.changed();
  }

  /** Restarts the timeout; the subscriber has just connected. */
  reset(): void {
    this.missingSinceMs = undefined;
  }

  /** Marks the connection as suspect until a probe message is received. */
  markSuspect(): void {
    if (this.isSuspect || this.closed) return;
    this.isSuspect = true;
    this.changed();
  }

  /** Stops probing. */
  close(): void {
    this.closed = true;
    this.cancelTimer?.();
  }

  private changed(): void {
    this.schedule();
    this.target.changed();
  }

  private schedule(): void {
    this.cancelTimer?.();
    const { probeIntervalMs, clock } = this.tuning;
    const intervalMs = this.isSuspect
      ? Math.min(probeIntervalMs || Infinity, SUSPECT_INTERVAL_MS)
      : probeIntervalMs;
    if (intervalMs === 0 || this.closed) return;
    // A jitter of 10 % keeps the processes of a cluster from probing at the same time.
    this.cancelTimer = clock.after(intervalMs * (0.9 + Math.random() * 0.2), () => {
      this.schedule();
      void this.probe();
    });
  }

  private async probe(): Promise<void> {
    if (this.isStalled()) {
      this.reset();
      this.target.stalled();
      return;
    }
    if (this.sending) return;
    this.sending = true;
    const sinceMs = (this.missingSinceMs ??= this.tuning.clock.now());
    const sent = await this.target.publish(String(++this.sent)).then(() => true, mayHaveBeenSent);
    if (!sent && this.missingSinceMs === sinceMs) this.missingSinceMs = undefined;
    this.sending = false;
  }

  private isStalled(): boolean {
    const { probeTimeoutMs, probeIntervalMs, clock } = this.tuning;
    return (
      probeIntervalMs > 0 &&
      this.target.connected() &&
      this.missingSinceMs !== undefined &&
      clock.now() - this.missingSinceMs >= probeTimeoutMs
    );
  }
}

function mayHaveBeenSent(error: unknown): boolean {
  return (error as MessagesError).code === MessagesErrorCode.Uncertain;
}
