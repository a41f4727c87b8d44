import type { StreamsLimits } from '../streams.limits.js';
import { TokenBucket } from './token-bucket.js';

const REFUSAL_WINDOW_MS = 10_000;
const BAD_FRAME_WINDOW_MS = 60_000;

/** Counts of something within a window that begins with the first. */
class WindowCount {
  private count = 0;
  private since = 0;

  constructor(private readonly windowMs: number) {}

  add(now: number): number {
    if (now - this.since > this.windowMs) {
      this.count = 0;
      this.since = now;
    }
    return ++this.count;
  }
}

/** Judges what one connection sends: how much, and how badly. */
export class InboundGate {
  private readonly frames: TokenBucket;
  private readonly bytes: TokenBucket;
  // Made when they are needed: few clients are refused anything.
  private refusals: WindowCount | undefined;
  private badFrames: WindowCount | undefined;

  constructor(
    private readonly limits: StreamsLimits,
    now: number,
  ) {
    this.frames = new TokenBucket(limits.framesPerSecond, now);
    this.bytes = new TokenBucket(limits.bytesPerSecond, now);
  }

  /** Counts a frame; returns 0, or in how many milliseconds it would be accepted. */
  admit(bytes: number, now: number): number {
    return Math.max(this.frames.take(1, now), this.bytes.take(bytes, now));
  }

  /** Counts a refused frame; tells whether there were too many of them. */
  refuse(now: number): boolean {
    this.refusals ??= new WindowCount(REFUSAL_WINDOW_MS);
    return this.refusals.add(now) > this.limits.maxRefusals;
  }

  /** Counts a bad frame; tells whether there were too many of them. */
  countBadFrame(now: number): boolean {
    this.badFrames ??= new WindowCount(BAD_FRAME_WINDOW_MS);
    return this.badFrames.add(now) >= this.limits.maxBadFrames;
  }
}
