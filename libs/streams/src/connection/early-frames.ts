import type { ClientFrame, FramePayload } from '@nestwire/protocol';
import { keptPayload } from '../session/kept-payload.js';

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

  constructor(
    private readonly maxFrames: number,
    private readonly maxBytes: number,
  ) {}

  /** Keeps a frame; returns false when there is no room. */
  add(frame: ClientFrame, payload: FramePayload, bytes: number): boolean {
    if (this.frames.length >= this.maxFrames || this.bytes + bytes > this.maxBytes) return false;
    this.frames.push({ id: 'id' in frame ? frame.id : undefined, payload: keptPayload(payload), bytes });
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
    return frames;
  }
}
