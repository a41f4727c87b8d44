import type { ClientFrame } from '@nestwire/protocol';

/** Frames that came while a sign-in was under way, bounded in number and bytes. */
export class EarlyFrames {
  private frames: Array<readonly [frame: ClientFrame, bytes: number]> = [];
  private bytes = 0;

  constructor(
    private readonly maxFrames: number,
    private readonly maxBytes: number,
  ) {}

  /** Keeps a frame; returns false when there is no room. */
  add(frame: ClientFrame, bytes: number): boolean {
    if (this.frames.length >= this.maxFrames || this.bytes + bytes > this.maxBytes) return false;
    this.frames.push([frame, bytes]);
    this.bytes += bytes;
    return true;
  }

  /** Tells whether a frame with this id is kept. */
  awaits(id: number): boolean {
    return this.frames.some(([frame]) => 'id' in frame && frame.id === id);
  }

  /** Returns the frames in order and keeps none. */
  take(): ReadonlyArray<readonly [frame: ClientFrame, bytes: number]> {
    const { frames } = this;
    this.frames = [];
    this.bytes = 0;
    return frames;
  }
}
