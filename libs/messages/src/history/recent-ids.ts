const CAPACITY = 256;

/**
 * Remembers the ids of the last 256 messages of a channel, in 2 KiB.
 *
 * An id is stored as a hash of 64 bits; two of a few hundred ids practically never share one.
 */
export class RecentIds {
  private readonly hashes = new Uint32Array(2 * CAPACITY);
  private next = 0;

  /** Adds an id, and forgets the oldest. */
  add(id: string): void {
    const [low, high] = hashOf(id);
    this.hashes[this.next] = low;
    this.hashes[this.next + 1] = high;
    this.next = (this.next + 2) % this.hashes.length;
  }

  /** Returns true for a remembered id. */
  has(id: string): boolean {
    const [low, high] = hashOf(id);
    for (let at = 0; at < this.hashes.length; at += 2)
      if (this.hashes[at] === low && this.hashes[at + 1] === high) return true;
    return false;
  }
}

/** Returns two FNV-1a hashes with different start values. */
function hashOf(id: string): [low: number, high: number] {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (high >>> 13);
  }
  return [low >>> 0, high >>> 0];
}
