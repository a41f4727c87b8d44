const FIN = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL_OPCODE = 8;
const LENGTH = 0x7f;
const MASK_BYTES = 4;
const MAX_HEADER_BYTES = 14;
const SHORT_LENGTH_MARK = 126;
const LONG_LENGTH_MARK = 127;

/**
 * Tracks the frames of a byte stream, to detect unfinished messages.
 *
 * ws waits without a limit for the rest of a message; its age can only be determined from the bytes. Only
 * headers are read, so the cost depends on the number of frames, not bytes.
 */
export class FrameBoundary {
  /** Allocated when a header is split or long. */
  private header: Uint8Array | undefined;
  private headerBytes = 0;
  private payloadLeft = 0;
  private isFragmented = false;

  /** Returns true when the bytes so far end inside a frame or a fragmented message. */
  get isInside(): boolean {
    return this.headerBytes > 0 || this.payloadLeft > 0 || this.isFragmented;
  }

  /** Reads the next bytes of the stream. */
  feed(chunk: Uint8Array): void {
    // Most chunks contain only whole, short frames; the rest is read byte by byte.
    let at = this.isInside ? 0 : endOfShortFrames(chunk);
    while (at < chunk.length) {
      if (this.payloadLeft > 0) {
        const taken = Math.min(this.payloadLeft, chunk.length - at);
        this.payloadLeft -= taken;
        at += taken;
      } else {
        const header = (this.header ??= new Uint8Array(MAX_HEADER_BYTES));
        header[this.headerBytes++] = chunk[at++];
        if (this.headerBytes === this.headerLength(header)) this.endHeader(header);
      }
    }
  }

  private headerLength(header: Uint8Array): number {
    if (this.headerBytes < 2) return 2;
    const length = header[1] & LENGTH;
    const extended = length === SHORT_LENGTH_MARK ? 2 : length === LONG_LENGTH_MARK ? 8 : 0;
    return 2 + extended + MASK_BYTES;
  }

  private endHeader(header: Uint8Array): void {
    const first = header[0];
    if ((first & OPCODE) < FIRST_CONTROL_OPCODE) this.isFragmented = (first & FIN) === 0;
    this.payloadLeft = readLength(header);
    this.headerBytes = 0;
    this.header = undefined;
  }
}

function readLength(header: Uint8Array): number {
  const length = header[1] & LENGTH;
  if (length < SHORT_LENGTH_MARK) return length;
  const bytes = length === SHORT_LENGTH_MARK ? 2 : 8;
  let total = 0;
  for (let i = 0; i < bytes; i++) total = total * 256 + header[2 + i];
  return total;
}

/** Returns the end of the whole, unfragmented frames with short or medium lengths at the start of a chunk. */
function endOfShortFrames(chunk: Uint8Array): number {
  let at = 0;
  while (at + 3 < chunk.length && (chunk[at] & FIN) !== 0) {
    const length = chunk[at + 1] & LENGTH;
    if (length === LONG_LENGTH_MARK) break;
    const isShort = length < SHORT_LENGTH_MARK;
    const end = at + MASK_BYTES + (isShort ? 2 + length : 4 + chunk[at + 2] * 256 + chunk[at + 3]);
    if (end > chunk.length) break;
    at = end;
  }
  return at;
}
