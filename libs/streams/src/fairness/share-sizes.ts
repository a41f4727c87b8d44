/** One whose size decides what goes first. */
export interface Sized {
  bytes: number;
  /** The class of its size that it was last filed under; only `ShareSizes` writes it. */
  sizeClass?: number;
}

/** Sizes by powers of two. */
const CLASSES = 54;

/**
 * Finds one of the largest shares without looking at all.
 *
 * It is at least half as large as the largest.
 */
export class ShareSizes<S extends Sized> {
  private readonly classes = Array.from({ length: CLASSES }, () => new Set<S>());

  /** Files a share by its size; one without bytes is left out. */
  file(share: S): void {
    const next = share.bytes > 0 ? Math.floor(Math.log2(share.bytes)) : undefined;
    if (next === share.sizeClass) return;
    this.leaveOut(share);
    share.sizeClass = next;
    if (next !== undefined) this.classes[next]!.add(share);
  }

  /** Leaves a share out until its size changes its class. */
  leaveOut(share: S): void {
    if (share.sizeClass !== undefined) this.classes[share.sizeClass]!.delete(share);
  }

  /** Returns one of the largest, or undefined when there is none. */
  largest(): S | undefined {
    for (let at = CLASSES - 1; at >= 0; at--) {
      const [share] = this.classes[at]!;
      if (share) return share;
    }
    return undefined;
  }
}
