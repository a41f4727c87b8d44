import { ReplyRing } from './reply-ring.js';

const SLOTS = 8;

/** Adds replies in turn, and frees the oldest slot when all are in use. */
function ringOf(replies: ReadonlyArray<string | Uint8Array>): { ring: ReplyRing; first: number } {
  const ring = new ReplyRing(SLOTS);
  for (const [index, reply] of replies.entries()) {
    const oldest = Math.max(0, index + 1 - SLOTS);
    if (index >= SLOTS) ring.remove(index % SLOTS);
    ring.add(index % SLOTS, reply, oldest % SLOTS);
  }
  return { ring, first: Math.max(0, replies.length - SLOTS) };
}

/** Texts of very different sizes, with characters of one to four bytes. */
const TEXTS = Array.from({ length: 500 }, (_, index) => 'aé€😀'.repeat((index * index * 7) % 211));

describe('The ring of replies', () => {
  it('returns the latest replies as they were added, at any number of replies', () => {
    for (let count = 1; count <= TEXTS.length; count += 7) {
      const replies = TEXTS.slice(0, count);
      const { ring, first } = ringOf(replies);

      const read = replies.slice(first).map((_, index) => ring.read((first + index) % SLOTS));
      expect(read).toEqual(replies.slice(first));
    }
  });

  it('returns bytes that later replies do not change', () => {
    const { ring } = ringOf([new Uint8Array([1, 2, 255])]);
    const read = ring.read(0);
    ring.remove(0);
    for (let slot = 1; slot < SLOTS; slot++) ring.add(slot, 'x'.repeat(300), 1);

    expect(read).toEqual(new Uint8Array([1, 2, 255]));
  });

  it.each([63, 64, 65, 100])('uses the same bytes again for replies of %i bytes', (length) => {
    const replies = Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(length, 'x'));
    const { ring, first } = ringOf(replies);

    expect(ring.capacity).toBeLessThanOrEqual(4 * SLOTS * length);
    expect(replies.slice(first).map((_, index) => ring.read((first + index) % SLOTS))).toEqual(
      replies.slice(first),
    );
  });

  it('gives the bytes of a long reply back once shorter ones have replaced it', () => {
    const long = ringOf(['x'.repeat(65_536)]).ring.capacity;
    const { ring } = ringOf(['x'.repeat(65_536), ...Array.from({ length: SLOTS }, () => 'y')]);

    expect(long).toBeGreaterThanOrEqual(65_536);
    expect(ring.capacity).toBeLessThanOrEqual(1_024);
  });
});
