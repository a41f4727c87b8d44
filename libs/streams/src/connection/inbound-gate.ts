import { cpuClock, type CpuClock } from '../fairness/cpu-clock.js';
import { TokenBucket } from '../fairness/token-bucket.js';
import type { StreamsLimits } from '../streams-limits.js';
import { WindowCount } from '../fairness/window-count.js';

const REFUSAL_WINDOW_MS = 10_000;
const BAD_FRAME_WINDOW_MS = 60_000;
const INFLATED_BYTES_PER_REFUSAL = 4_096;
/** The unmeasured work of a refusal: writing the answer, collecting garbage. */
const UNMEASURED_MS = 0.05;
/** The free work on an accepted message; decoding and checking most messages takes less. */
const FREE_MS = 0.25;
/** The maximum charge before CPU time is measured, because the machine may have been busy. */
const MAX_UNPROVEN_MS = 10;
/** The time for which CPU time is measured after a frame that exceeded MAX_UNPROVEN_MS. */
const WATCHED_MS = 60_000;

/**
 * Limits the frames of one connection: number, bytes, faults and cost.
 *
 * Items within the windows of their calls have a rate of their own, because credits limit them already.
 *
 * The connection is charged for the time of each refusal, and for the time of reading a message that takes
 * long. While it owes time, its frames are refused without decoding.
 */
export class InboundGate {
  private readonly frames: TokenBucket;
  private readonly bytes: TokenBucket;
  // Created on demand, because few clients send items.
  private items: TokenBucket | undefined;
  /** True when the last frame was refused for the number of frames alone. */
  private lacksFramesAlone = false;
  private startedAt = 0;
  /** The CPU time of the process at `begin`, or shortly before; undefined while it is not measured. */
  private startedCpuMs: number | undefined;
  // Created on demand, because most clients are never refused.
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

  /** Starts without work that earlier connections of the client have used up, in milliseconds. */
  startWithout(spentMs: number, now: number): void {
    if (!spentMs) return;
    this.work = new TokenBucket(this.limits.frameWorkMsPerSecond, now);
    this.work.spend(spentMs, now);
  }

  /** Returns the work that is used up and not earned again, in milliseconds; at most the burst. */
  spentMs(now: number): number {
    return this.work?.missing(now) ?? 0;
  }

  /** Counts a frame; returns 0, or the wait in milliseconds until it is accepted. */
  admit(bytes: number, now: number): number {
    const frameMs = this.frames.take(1, now);
    const otherMs = Math.max(this.bytes.take(bytes, now), this.work ? this.debtMs(now) : 0);
    this.lacksFramesAlone = frameMs > 0 && !otherMs;
    return Math.max(frameMs, otherMs);
  }

  /**
   * Admits the frame that `admit` has refused, because it seems to be an item within the window of its call.
   *
   * Returns whether its only fault is the number of frames, and items have room; `itemTaken` then pays for it.
   */
  admitItem(now: number): boolean {
    if (!this.lacksFramesAlone || this.itemRate(now).available(now) < 1) return false;
    this.frames.spend(1, now);
    return true;
  }

  /** Counts an item that its call has taken by the rate of items, not of frames; without room it stays a frame. */
  itemTaken(): void {
    const now = performance.now();
    if (!this.itemRate(now).take(1, now)) this.frames.add(1);
  }

  /** Returns a frame to the rate, because the server has paid for it. */
  refundFrame(): void {
    this.frames.add(1);
  }

  /** Returns the wait in milliseconds until the charged work is paid; 0 without a debt. */
  debtMs(now: number): number {
    return this.work ? this.work.debtMs(now) : 0;
  }

  private itemRate(now: number): TokenBucket {
    return (this.items ??= new TokenBucket(this.limits.itemsPerSecond, now));
  }

  /** Starts to measure the work on a frame. */
  begin(now: number): void {
    this.startedAt = now;
    this.startedCpuMs = this.isWatched(now) ? this.cpu.recent(now) : undefined;
  }

  /** Returns whether CPU time is measured: the connection owes some, or took long recently. */
  private isWatched(now: number): boolean {
    if (!this.work) return false;
    if (now < this.watchedUntil || !this.work.isFull(now)) return true;
    this.work = undefined;
    return false;
  }

  /** Stops the measurement. */
  end(): void {
    this.startedAt = 0;
  }

  /** Returns the time of the work on the current frame, in milliseconds. */
  measuredMs(now: number): number {
    if (!this.startedAt) return 0;
    const elapsedMs = now - this.startedAt;
    // Reading the CPU time would cost more than it could save.
    if (elapsedMs <= FREE_MS) return elapsedMs;
    if (this.startedCpuMs === undefined) {
      if (elapsedMs > MAX_UNPROVEN_MS) this.watchedUntil = now + WATCHED_MS;
      return Math.min(elapsedMs, MAX_UNPROVEN_MS);
    }
    // On a busy machine the elapsed time includes time in which this process does not run.
    return Math.min(elapsedMs, this.cpu.exact(now) - this.startedCpuMs);
  }

  /**
   * Charges a refusal: the time since `begin`, and the time that was measured elsewhere.
   *
   * @param elsewhereMs the work in other turns of the event loop than the frame's own
   */
  charge(elsewhereMs = 0): void {
    const now = performance.now();
    const measuredMs = this.measuredMs(now);
    if (this.startedAt) this.begin(now);
    this.work ??= new TokenBucket(this.limits.frameWorkMsPerSecond, now);
    this.work.spend(UNMEASURED_MS + measuredMs + elsewhereMs, now);
  }

  /** Charges the reading of an accepted message if it took long; the handler is free. */
  chargeReading(): void {
    if (!this.startedAt) return;
    const now = performance.now();
    // A short elapsed time needs no CPU time.
    if (now - this.startedAt <= FREE_MS) return;
    const chargedMs = this.measuredMs(now) - FREE_MS;
    this.begin(now);
    if (chargedMs <= 0) return;
    this.work ??= new TokenBucket(this.limits.frameWorkMsPerSecond, now);
    this.work.spend(chargedMs, now);
  }

  /**
   * Counts a refused frame; returns whether there were too many.
   *
   * @param inflatedBytes the size of a frame that was inflated before its length was known; a large one counts as several
   */
  refuse(now: number, inflatedBytes = 0): boolean {
    this.refusals ??= new WindowCount(REFUSAL_WINDOW_MS);
    const weight = 1 + Math.floor(inflatedBytes / INFLATED_BYTES_PER_REFUSAL);
    return this.refusals.add(now, weight) > this.limits.maxRefusals;
  }

  /** Counts a bad frame; returns whether there were too many. */
  countBadFrame(now: number): boolean {
    this.badFrames ??= new WindowCount(BAD_FRAME_WINDOW_MS);
    return this.badFrames.add(now) >= this.limits.maxBadFrames;
  }
}
