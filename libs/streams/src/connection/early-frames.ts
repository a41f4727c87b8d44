import type { ClientFrame, FramePayload } from '@nestwire/protocol/codec';
import type { ShareHolder } from '../fairness/client-shares.js';
import { copiedPayload } from '../session/copied-payload.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { EarlyBudget } from '../fairness/early-budget.js';

/** A waiting frame; decoded it would take many times its bytes. */
export interface EarlyFrame {
  readonly id: number | undefined;
  readonly payload: FramePayload;
  readonly bytes: number;
}

/** The frames that arrive during a sign-in, limited in number and bytes. */
export class EarlyFrames {
  private frames: EarlyFrame[] = [];
  private bytes = 0;
  /** The functions that return the frames' bytes to the budget of all connections. */
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

  /** Returns whether a frame with this id is kept. */
  awaits(id: number): boolean {
    return this.frames.some((frame) => frame.id === id);
  }

  /** Removes and returns the frames, in order. */
  take(): readonly EarlyFrame[] {
    const { frames } = this;
    this.frames = [];
    this.bytes = 0;
    for (const release of this.release.splice(0)) release();
    return frames;
  }
}
