import { deflateRawSync } from 'node:zlib';
import type { FramePayload } from '@nestwire/protocol/codec';

const FIN = 0x80;
const DEFLATED = 0x40;
const TEXT = 0x01;
const BINARY = 0x02;
const SHORT_LENGTH_MARK = 126;
const LONG_LENGTH_MARK = 127;
const MAX_SHORT = 0xffff;
/** RFC 7692 §7.2.1: the tail of a flushed deflate block is not sent. */
const FLUSH_TAIL_BYTES = 4;
const Z_SYNC_FLUSH = 2;

/** Smaller payloads are not compressed, in bytes. */
export const DEFLATE_THRESHOLD_BYTES = 1_024;

/** Returns the size of an unmasked frame's header, in bytes. */
export function headerLengthOf(payloadBytes: number): number {
  return payloadBytes < SHORT_LENGTH_MARK ? 2 : payloadBytes <= MAX_SHORT ? 4 : 10;
}

/** Writes a text frame into a buffer; returns the end of the frame. */
export function writeTextFrame(target: Buffer, at: number, text: string): number {
  // A UTF-16 unit has at most three bytes, so the header length of most texts is known before they are
  // encoded.
  const least = headerLengthOf(text.length);
  const isCertain = headerLengthOf(text.length * 3) === least;
  const start = at + (isCertain ? least : headerLengthOf(Buffer.byteLength(text)));
  const bytes = target.write(text, start, 'utf8');
  writeHeader(target, at, { first: FIN | TEXT, bytes });
  return start + bytes;
}

/**
 * One unmasked WebSocket frame (RFC 6455 §5.2), shared by all its receivers.
 *
 * The header is built once, and so is the compressed form if a receiver accepts it.
 */
export class WsFrame {
  /** The uncompressed frame. */
  readonly bytes: Buffer;
  private compressed?: Buffer;

  constructor(payload: FramePayload) {
    const opcode = typeof payload === 'string' ? TEXT : BINARY;
    this.bytes = frameOf(FIN | opcode, typeof payload === 'string' ? Buffer.from(payload) : payload);
  }

  /** The compressed frame (RFC 7692) without context takeover; uncompressed if that is not larger. */
  get deflated(): Buffer {
    return (this.compressed ??= deflate(this.bytes));
  }
}

function deflate(frame: Buffer): Buffer {
  const payload = frame.subarray(frame[1] === SHORT_LENGTH_MARK ? 4 : frame[1] === LONG_LENGTH_MARK ? 10 : 2);
  if (payload.length < DEFLATE_THRESHOLD_BYTES) return frame;
  const flushed = deflateRawSync(payload, { finishFlush: Z_SYNC_FLUSH });
  const deflated = frameOf(frame[0] | DEFLATED, flushed.subarray(0, -FLUSH_TAIL_BYTES));
  return deflated.length < frame.length ? deflated : frame;
}

function frameOf(first: number, payload: Uint8Array): Buffer {
  const start = headerLengthOf(payload.length);
  const frame = Buffer.allocUnsafe(start + payload.length);
  writeHeader(frame, 0, { first, bytes: payload.length });
  frame.set(payload, start);
  return frame;
}

interface Header {
  readonly first: number;
  /** The size of the payload. */
  readonly bytes: number;
}

function writeHeader(frame: Buffer, at: number, { first, bytes }: Header): void {
  frame[at] = first;
  if (bytes < SHORT_LENGTH_MARK) {
    frame[at + 1] = bytes;
  } else if (bytes <= MAX_SHORT) {
    frame[at + 1] = SHORT_LENGTH_MARK;
    frame.writeUInt16BE(bytes, at + 2);
  } else {
    frame[at + 1] = LONG_LENGTH_MARK;
    frame.writeUInt32BE(0, at + 2);
    frame.writeUInt32BE(bytes, at + 6);
  }
}
