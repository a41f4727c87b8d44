/** An item that is ordered by its size in bytes. */
export interface Sized {
  bytes: number;
  /** The size class of its last filing; only `ShareSizes` sets it. */
  sizeClass?: number;
}

/** The number of size classes, one per power of two. */
const CLASSES = 54;

/**
 * Finds one of the largest shares without scanning all.
 *
 * The result has at least half the size of the largest.
 */
export class ShareSizes<S extends Sized> {
  private readonly classes = Array.from({ length: CLASSES }, () => new Set<S>());

  /** Files a share by its size; an empty share is left out. */
  file(share: S): void {
    const next = share.bytes > 0 ? Math.floor(Math.log2(share.bytes)) : undefined;
    if (next === share.sizeClass) return;
    this.leaveOut(share);
    share.sizeClass = next;
    if (next !== undefined) this.classes[next]?.add(share);
  }

  /** Leaves a share out until its size class changes. */
  leaveOut(share: S): void {
    if (share.sizeClass !== undefined) this.classes[share.sizeClass]?.delete(share);
  }

  /** Returns one of the largest shares; undefined when there is none. */
  largest(): S | undefined {
    for (let at = CLASSES - 1; at >= 0; at--) {
      const [share] = this.classes[at] ?? [];
      if (share) return share;
    }
    return undefined;
  }
}
