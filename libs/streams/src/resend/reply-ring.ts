import type { FramePayload } from '@nestwire/protocol/codec';

const LEAST_BYTES = 512;
/** The ring has room for twice its replies when it grows, and shrinks when they are a fourth of it. */
const ROOM_FACTOR = 2;
const SHRINK_FACTOR = 4;

/**
 * The frames of replies in a ring of bytes outside of the heap, the oldest first.
 *
 * As strings they would outlive the young generation, and each would be copied by the garbage collector.
 */
export class ReplyRing {
  private bytes = Buffer.alloc(0);
  /** The place after the newest reply. */
  private head = 0;
  /** The bytes of all replies and of the gaps at the end of the ring. */
  private used = 0;
  // By slot, created on demand.
  private readonly places: number[] = [];
  private readonly lengths: number[] = [];
  /** The bytes of each slot, with the gap in front of it; 0 without a reply. */
  private readonly taken: number[] = [];
  private readonly areTexts: boolean[] = [];

  /** @param slots the maximum number of replies; the slots are used in turn */
  constructor(private readonly slots: number) {}

  /** The size of the ring, in bytes. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Stores a reply in a free slot; `oldest` is the first slot with a reply. */
  add(slot: number, reply: FramePayload, oldest: number): void {
    const isText = typeof reply === 'string';
    const length = isText ? Buffer.byteLength(reply) : reply.length;
    if (!this.take(slot, length)) {
      this.rebuild(oldest, Math.max(LEAST_BYTES, ROOM_FACTOR * (this.used + length)));
      this.take(slot, length);
    }
    const place = this.places[slot] ?? 0;
    this.areTexts[slot] = isText;
    if (isText) this.bytes.write(reply, place, length, 'utf8');
    else this.bytes.set(reply, place);
  }

  /** Returns the reply in a slot. */
  read(slot: number): FramePayload {
    const place = this.places[slot] ?? 0;
    const end = place + (this.lengths[slot] ?? 0);
    return this.areTexts[slot]
      ? this.bytes.toString('utf8', place, end)
      : new Uint8Array(this.bytes.subarray(place, end));
  }

  /** Frees the first slot; without effect when it has no reply. */
  remove(slot: number): void {
    const taken = this.taken[slot];
    if (!taken) return;
    this.used -= taken;
    this.taken[slot] = 0;
    if (this.capacity > LEAST_BYTES && SHRINK_FACTOR * this.used < this.capacity)
      this.rebuild((slot + 1) % this.slots, Math.max(LEAST_BYTES, ROOM_FACTOR * this.used));
  }

  /** Takes consecutive bytes for a slot; returns false without room. */
  private take(slot: number, length: number): boolean {
    const rest = this.capacity - this.head;
    const isBehind = length <= rest;
    const gap = isBehind ? 0 : rest;
    if (this.used + gap + length > this.capacity) return false;
    const place = isBehind ? this.head : 0;
    this.places[slot] = place;
    this.lengths[slot] = length;
    this.taken[slot] = gap + length;
    this.used += gap + length;
    this.head = place + length;
    return true;
  }

  /** Moves all replies into a ring of another size. */
  private rebuild(oldest: number, capacity: number): void {
    const { bytes } = this;
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.head = this.used = 0;
    for (let count = 0; count < this.slots; count++) {
      const slot = (oldest + count) % this.slots;
      if (!this.taken[slot]) continue;
      const from = this.places[slot] ?? 0;
      const length = this.lengths[slot] ?? 0;
      this.take(slot, length);
      bytes.copy(this.bytes, this.places[slot], from, from + length);
    }
  }
}
