import { MAX_FRAME_ID } from '../limits.js';
import type { FrameHead } from './codec.js';

const PEEKED_BYTES = 512;
const FIX_MAP = 0x80;
const FIX_ARRAY = 0x90;
const FIX_TEXT = 0xa0;
const NIL = 0xc0;
const UINT_8 = 0xcc;
const UINT_32 = 0xce;
const TEXT_8 = 0xd9;

/** Reads the first fields of a MessagePack frame without decoding it. */
export function peekPacked(bytes: Uint8Array): FrameHead {
  const head: Record<string, unknown> = {};
  const peek = new Peek(bytes.subarray(0, PEEKED_BYTES));
  for (let left = peek.mapSize(); left > 0; left--) {
    const key = peek.value();
    const value = key === undefined ? undefined : peek.value();
    if (value === undefined) break;
    if (typeof key === 'string') head[key] = value;
  }
  const { t, id, call, request, stream } = head;
  return {
    t: typeof t === 'string' ? t : undefined,
    id: validId(id),
    call: validId(call),
    request: validId(request),
    stream: typeof stream === 'string' ? stream : undefined,
  };
}

function validId(id: unknown): number | undefined {
  return typeof id === 'number' && id > 0 && id <= MAX_FRAME_ID ? id : undefined;
}

/** Reads short texts and unsigned integers in order. */
class Peek {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Returns the number of entries of a short map; 0 for anything else. */
  mapSize(): number {
    const head = this.bytes[this.at++] ?? 0;
    return head >= FIX_MAP && head < FIX_ARRAY ? head - FIX_MAP : 0;
  }

  /** Reads a value; undefined when it is truncated, or neither a short text nor an unsigned integer. */
  value(): string | number | undefined {
    const head = this.bytes[this.at++];
    if (head === undefined) return undefined;
    if (head < FIX_MAP) return head;
    if (head >= FIX_TEXT && head < NIL) return this.text(head - FIX_TEXT);
    if (head === TEXT_8) return this.text(this.bytes[this.at++] ?? this.bytes.length);
    return head >= UINT_8 && head <= UINT_32 ? this.integer(1 << (head - UINT_8)) : undefined;
  }

  private text(size: number): string | undefined {
    const end = this.at + size;
    if (end > this.bytes.length) return undefined;
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return text;
  }

  private integer(size: number): number | undefined {
    const { at, view } = this;
    if (at + size > this.bytes.length) return undefined;
    this.at += size;
    return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
  }
}
