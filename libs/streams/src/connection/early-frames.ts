import type { ClientFrame, FramePayload } from '@nestwire/protocol/codec';
import type { ShareHolder } from '../fairness/client-shares.js';
import { copiedPayload } from '../session/copied-payload.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { EarlyBudget } from '../fairness/early-budget.js';

/** A frame that waits, as it came: decoded it would take many times its bytes. */
export interface EarlyFrame {
  readonly id: number | undefined;
  readonly payload: FramePayload;
  readonly bytes: number;
}

/** Frames that came while a sign-in was under way, bounded in number and bytes. */
export class EarlyFrames {
  private frames: EarlyFrame[] = [];
  private bytes = 0;
  /** Gives back what the frames take of the budget of all connections. */
  private release: Array<() => void> = [];

  constructor(
    private readonly limits: Pick<StreamsLimits, 'maxEarlyFrames' | 'maxEarlyBytes'>,
    private readonly budget: EarlyBudget,
    private readonly holder: ShareHolder,
  ) {}

  /** Keeps a frame; returns false when there is no room. */
  add(frame: ClientFrame, payload: FramePayload, bytes: number): boolean {
    const { maxEarlyFrames, maxEarlyBytes } = this.limits;
    if (this.frames.length >= maxEarlyFrames || this.bytes + bytes > maxEarlyBytes) return false;
    const release = this.budget.take(this.holder, bytes);
    if (!release) return false;
    this.release.push(release);
    this.frames.push({ id: 'id' in frame ? frame.id : undefined, payload: copiedPayload(payload), bytes });
    this.bytes += bytes;
    return true;
  }

  /** Tells whether a frame with this id is kept. */
  awaits(id: number): boolean {
    return this.frames.some((frame) => frame.id === id);
  }

  /** Returns the frames in order and keeps none. */
  take(): readonly EarlyFrame[] {
    const { frames } = this;
    this.frames = [];
    this.bytes = 0;
    for (const release of this.release.splice(0)) release();
    return frames;
  }
}
