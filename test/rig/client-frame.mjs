const FIN_TEXT = 0x81;
const FIN_CLOSE = 0x88;
const NORMAL_CLOSURE = [0x03, 0xe8];
const MASKED = 0x80;
const MEDIUM_LENGTH = 126;
// Not zero: servers skip the unmasking of a mask of zeros.
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
/** The ids of the frames in a ring. */
export const FIRST_ID = 1_000;
export const RING_SIZE = 128;

/**
 * Writes a masked text frame of up to 65,535 bytes.
 *
 * @param {string} text
 */
export function clientFrame(text) {
  return maskedFrame(FIN_TEXT, Buffer.from(text));
}

/** Writes a close frame with code 1000. */
export function closeFrame() {
  return maskedFrame(FIN_CLOSE, Buffer.from(NORMAL_CLOSURE));
}

/**
 * @param {number} first
 * @param {Buffer} payload
 */
function maskedFrame(first, payload) {
  const isShort = payload.length < MEDIUM_LENGTH;
  const header = Buffer.alloc(isShort ? 2 : 4);
  header[0] = first;
  header[1] = MASKED | (isShort ? payload.length : MEDIUM_LENGTH);
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  for (let index = 0; index < payload.length; index++) payload[index] ^= MASK[index % MASK.length];
  return Buffer.concat([header, MASK, payload]);
}

/** Frames that differ by their id alone, written in advance: any number of them in a row is one slice. */
export class FrameRing {
  #bytes;
  #frameLength;
  #next = 0;

  /**
   * @param {(id: number) => string} textOf all of the same length
   * @param {(text: string) => Buffer} frameOf
   */
  constructor(textOf, frameOf = clientFrame) {
    const frames = Array.from({ length: RING_SIZE }, (_, index) => frameOf(textOf(FIRST_ID + index)));
    this.#frameLength = frames[0].length;
    // Twice, so that a slice may run over the end.
    this.#bytes = Buffer.concat([...frames, ...frames]);
  }

  /**
   * Returns the next frames, as many as asked for, at most 128.
   *
   * @param {number} count
   */
  take(count) {
    const start = this.#next;
    this.#next = (start + count) % RING_SIZE;
    return this.#bytes.subarray(start * this.#frameLength, (start + count) * this.#frameLength);
  }

  /**
   * Writes the next frames: in one write, or each in a write of its own.
   *
   * @param {{ write(frames: Buffer): void }} connection
   * @param {number} count at most 128
   * @param {'joined' | 'separate'} writes
   */
  writeTo(connection, count, writes) {
    if (writes === 'joined') return connection.write(this.take(count));
    for (let left = count; left > 0; left--) connection.write(this.take(1));
  }
}
