import { cpuClock, type CpuClock } from '../fairness/cpu-clock.js';
import { TokenBucket } from '../fairness/token-bucket.js';
import type { StreamsLimits } from '../streams-limits.js';
import { WindowCount } from '../fairness/window-count.js';

const REFUSAL_WINDOW_MS = 10_000;
const BAD_FRAME_WINDOW_MS = 60_000;
const INFLATED_BYTES_PER_REFUSAL = 4_096;
/** Work of a refusal that is not measured: writing the answer, collecting garbage. */
const UNMEASURED_MS = 0.05;
/** Work on an accepted message that is not charged: decoding and checking most of them takes less. */
const FREE_MS = 0.25;
/** The most that is charged before a connection is known to cost processor time: the machine may have been busy. */
const MAX_UNPROVEN_MS = 10;
/** How long the processor time of a connection is measured, after a frame that took longer than that. */
const WATCHED_MS = 60_000;

/**
 * Judges what one connection sends: its amount, its faults, their cost.
 *
 * Each refusal is charged to the connection with the time that it took, and so is the reading of a message that
 * takes long. While the connection owes time, its frames are refused undecoded.
 */
export class InboundGate {
  private readonly frames: TokenBucket;
  private readonly bytes: TokenBucket;
  private startedAt = 0;
  /** The CPU time of the process at `begin`, or shortly before; known for connections that are watched. */
  private startedCpuMs: number | undefined;
  // Made when they are needed: few clients are refused anything.
  private work: TokenBucket | undefined;
  private watchedUntil = 0;
  private refusals: WindowCount | undefined;
  private badFrames: WindowCount | undefined;

  constructor(
    private readonly limits: StreamsLimits,
    now: number,
    private readonly cpu: CpuClock = cpuClock,
  ) {
    this.frames = new TokenBucket(limits.framesPerSecond, now);
    this.bytes = new TokenBucket(limits.bytesPerSecond, now);
  }

  /** Counts a frame; returns 0, or in how many milliseconds it would be accepted. */
  admit(bytes: number, now: number): number {
    const waitMs = Math.max(this.frames.take(1, now), this.bytes.take(bytes, now));
    return this.work ? Math.max(waitMs, this.debtMs(now)) : waitMs;
  }

  /** Returns in how many milliseconds the work on what was refused is paid; 0 when nothing is owed. */
  debtMs(now: number): number {
    return this.work ? this.work.debtMs(now) : 0;
  }

  /** Begins to measure the work on a frame. */
  begin(now: number): void {
    this.startedAt = now;
    this.startedCpuMs = this.isWatched(now) ? this.cpu.recent(now) : undefined;
  }

  /** Tells whether the processor time is measured: for a connection that owes some, or took long lately. */
  private isWatched(now: number): boolean {
    if (!this.work) return false;
    if (now < this.watchedUntil || !this.work.isFull(now)) return true;
    this.work = undefined;
    return false;
  }

  /** Ends the measuring: what follows is not work on the frame. */
  end(): void {
    this.startedAt = 0;
  }

  /** Returns how long the work on the present frame has taken, in milliseconds. */
  measuredMs(now: number): number {
    if (!this.startedAt) return 0;
    const elapsedMs = now - this.startedAt;
    // Asking for the CPU time would cost more than it could tell.
    if (elapsedMs <= FREE_MS) return elapsedMs;
    if (this.startedCpuMs === undefined) {
      if (elapsedMs > MAX_UNPROVEN_MS) this.watchedUntil = now + WATCHED_MS;
      return Math.min(elapsedMs, MAX_UNPROVEN_MS);
    }
    // On a busy machine time passes in which this process does not run.
    return Math.min(elapsedMs, this.cpu.exact(now) - this.startedCpuMs);
  }

  /**
   * Charges a refusal: the time since `begin`, and what was measured elsewhere.
   *
   * @param elsewhereMs work outside of the turn in which the frame came
   */
  charge(elsewhereMs = 0): void {
    const now = performance.now();
    const measuredMs = this.measuredMs(now);
    if (this.startedAt) this.begin(now);
    this.work ??= new TokenBucket(this.limits.frameWorkMsPerSecond, now);
    this.work.spend(UNMEASURED_MS + measuredMs + elsewhereMs, now);
  }

  /** Charges the reading of a message that was accepted, where it took long; its handler is not charged. */
  chargeReading(): void {
    if (!this.startedAt) return;
    const now = performance.now();
    // The elapsed time is enough to tell that a message took little.
    if (now - this.startedAt <= FREE_MS) return;
    const chargedMs = this.measuredMs(now) - FREE_MS;
    this.begin(now);
    if (chargedMs <= 0) return;
    this.work ??= new TokenBucket(this.limits.frameWorkMsPerSecond, now);
    this.work.spend(chargedMs, now);
  }

  /**
   * Counts a refused frame; tells whether there were too many of them.
   *
   * @param inflatedBytes the size of a frame that had to be inflated before its length was known; large ones weigh more
   */
  refuse(now: number, inflatedBytes = 0): boolean {
    this.refusals ??= new WindowCount(REFUSAL_WINDOW_MS);
    const weight = 1 + Math.floor(inflatedBytes / INFLATED_BYTES_PER_REFUSAL);
    return this.refusals.add(now, weight) > this.limits.maxRefusals;
  }

  /** Counts a bad frame; tells whether there were too many of them. */
  countBadFrame(now: number): boolean {
    this.badFrames ??= new WindowCount(BAD_FRAME_WINDOW_MS);
    return this.badFrames.add(now) >= this.limits.maxBadFrames;
  }
}
