import { ErrorCode } from '../error/error-code.js';
import type { JsonLimits } from '../limits.js';
import {
  findReserved,
  isCollectionTag,
  OUT_OF_RANGE,
  REPEATED_FIELD,
  RESERVED_LENGTHS,
  tooDeep,
  tooMany,
  tooManyEntries,
  tooManyItems,
  tooManyKeys,
  type Finding,
} from './finding.js';
import { FrameFault } from './frame-fault.js';

const BROKEN: Finding = [ErrorCode.BadFrame, 'The frame is not valid MessagePack.'];
const TIMESTAMP = -1;
const TAG_LENGTH = '$set'.length;
const DATE_OUT_OF_RANGE: Finding = [ErrorCode.InvalidMessage, 'A date is out of range.'];
const MAX_DATE_MS = 8.64e15;
const MAX_NANOS = 999_999_999;
/** JSON writes integers from here on with an exponent, and accepts them at any size. */
const EXPONENT_FROM = 1e21;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Checks the bytes of a frame before they are decoded, like `scanJson`.
 *
 * A decoder trusts the sizes in the bytes: three bytes can request an array of 65,535 items, and 64 KiB can
 * request gigabytes. So nothing is built here, each size is compared with the bytes that are left, and the
 * time is linear.
 *
 * @returns the reason to refuse the bytes; undefined when there is none
 */
export function scanPacked(bytes: Uint8Array, limits: JsonLimits): FrameFault | undefined {
  return new PackScan(bytes, limits).run();
}

class PackScan {
  private at = 0;
  private nodes = 0;
  private items = 0;
  /** True when the last key was the tag of a Set or a Map. */
  private isCollectionNext = false;
  private id: number | undefined;
  private call: number | undefined;
  private readonly fields: string[] = [];
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limits: JsonLimits,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  run(): FrameFault | undefined {
    const finding = this.value(0) ?? (this.at === this.bytes.length ? undefined : BROKEN);
    return finding && new FrameFault(finding[0], finding[1], { id: this.id, call: this.call });
  }

  /** Reads one value; `depth` is the depth of its container. */
  private value(depth: number): Finding | undefined {
    const head = this.bytes[this.at++];
    if (head === undefined) return BROKEN;
    if (head < 0x80 || head >= 0xe0) return undefined;
    if (head < 0x90) return this.map(head & 0x0f, depth + 1);
    if (head < 0xa0) return this.array(head & 0x0f, depth + 1);
    if (head < 0xc0) return this.text(head & 0x1f);
    return this.long(head, depth);
  }

  private long(head: number, depth: number): Finding | undefined {
    if (head >= 0xcc && head <= 0xce) return this.skip(1 << (head - 0xcc));
    if (head >= 0xd0 && head <= 0xd2) return this.skip(1 << (head - 0xd0));
    if (head >= 0xd4 && head <= 0xd8) return this.extension(1 << (head - 0xd4));
    if (head >= 0xd9 && head <= 0xdb) return this.text(this.size(head - 0xd9));
    if (head >= 0xc4 && head <= 0xc6) return this.skip(this.size(head - 0xc4));
    if (head >= 0xc7 && head <= 0xc9) return this.extension(this.size(head - 0xc7));
    if (head === 0xdc || head === 0xdd) return this.array(this.size(head - 0xdb), depth + 1);
    if (head === 0xde || head === 0xdf) return this.map(this.size(head - 0xdd), depth + 1);
    if (head === 0xca || head === 0xcb) return this.float(head === 0xca ? 4 : 8, depth);
    if (head === 0xcf || head === 0xd3) return this.integer(head, depth);
    // nil, false and true. 0xc1 is never used.
    return head === 0xc1 ? BROKEN : undefined;
  }

  private map(size: number, depth: number): Finding | undefined {
    const { maxKeys, maxDepth, maxNodes } = this.limits;
    if (depth > maxDepth) return tooDeep(this.limits);
    if (size * 2 > this.left()) return BROKEN;
    if (size > maxKeys) return tooManyKeys(this.limits);
    this.nodes += 1 + size;
    if (this.nodes > maxNodes) return tooMany(this.limits);
    for (let read = 0; read < size; read++) {
      const finding = this.key(depth) ?? this.value(depth);
      if (finding) return finding;
    }
    return undefined;
  }

  private array(size: number, depth: number): Finding | undefined {
    const isCollection = this.isCollectionNext;
    this.isCollectionNext = false;
    if (depth > this.limits.maxDepth) return tooDeep(this.limits);
    if (size > this.left()) return BROKEN;
    if (isCollection && size > this.limits.maxKeys) return tooManyEntries(this.limits);
    if (++this.nodes > this.limits.maxNodes) return tooMany(this.limits);
    this.items += size;
    if (this.items > this.limits.maxItems) return tooManyItems(this.limits);
    for (let read = 0; read < size; read++) {
      const finding = this.value(depth);
      if (finding) return finding;
    }
    return undefined;
  }

  /** Reads a key, which must be a text. */
  private key(depth: number): Finding | undefined {
    const head = this.bytes[this.at++] ?? 0;
    const isShort = head >= 0xa0 && head < 0xc0;
    if (!isShort && !(head >= 0xd9 && head <= 0xdb)) return BROKEN;
    const size = isShort ? head & 0x1f : this.size(head - 0xd9);
    const start = this.at;
    const finding = this.text(size);
    this.isCollectionNext = false;
    if (finding || (depth > 1 && size !== TAG_LENGTH && !RESERVED_LENGTHS.includes(size))) return finding;
    const key = UTF8.decode(this.bytes.subarray(start, this.at));
    this.isCollectionNext = isCollectionTag(key);
    return findReserved(key) ?? (depth === 1 ? this.field(key) : undefined);
  }

  private field(key: string): Finding | undefined {
    if (this.fields.includes(key)) return REPEATED_FIELD;
    this.fields.push(key);
    if (key === 'id') this.id = this.peekId();
    if (key === 'call') this.call = this.peekId();
    return undefined;
  }

  private text(size: number): Finding | undefined {
    const start = this.at;
    const cut = this.skip(size);
    if (cut) return cut;
    for (let at = start; at < this.at; at++)
      if (this.bytes[at] > 0x7f) return isUtf8(this.bytes.subarray(at, this.at)) ? undefined : BROKEN;
    return undefined;
  }

  private float(size: 4 | 8, depth: number): Finding | undefined {
    const { at } = this;
    const cut = this.skip(size);
    if (cut || depth <= 1) return cut;
    const value = size === 4 ? this.view.getFloat32(at) : this.view.getFloat64(at);
    const isLargeInteger = Number.isInteger(value) && !Number.isSafeInteger(value);
    return isLargeInteger && Math.abs(value) < EXPONENT_FROM ? OUT_OF_RANGE : undefined;
  }

  // The guard checks the numbers of the frame itself; an id out of range closes the connection.
  private integer(head: number, depth: number): Finding | undefined {
    const { at } = this;
    const cut = this.skip(8);
    if (cut || depth <= 1) return cut;
    const value = head === 0xd3 ? this.view.getBigInt64(at) : this.view.getBigUint64(at);
    return value > MAX_SAFE || value < -MAX_SAFE ? OUT_OF_RANGE : undefined;
  }

  /** Checks an extension: only timestamps are permitted, in three sizes and within the range of `Date`. */
  private extension(size: number): Finding | undefined {
    const type = this.at;
    const cut = this.skip(1 + size);
    if (cut) return cut;
    const { view } = this;
    if (view.getInt8(type) !== TIMESTAMP || (size !== 4 && size !== 8 && size !== 12)) return BROKEN;
    if (size === 4) return undefined;
    const nanos = view.getUint32(type + 1);
    if ((size === 8 ? nanos >>> 2 : nanos) > MAX_NANOS) return BROKEN;
    const seconds = size === 8 ? 0 : Number(view.getBigInt64(type + 5));
    return Math.abs(seconds * 1e3 + nanos / 1e6) > MAX_DATE_MS ? DATE_OUT_OF_RANGE : undefined;
  }

  /** Reads a size of 1, 2 or 4 bytes; Infinity when it is truncated. */
  private size(power: number): number {
    const { at } = this;
    if (this.skip(1 << power)) return Infinity;
    if (power === 0) return this.view.getUint8(at);
    return power === 1 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private skip(size: number): Finding | undefined {
    if (size > this.left()) return BROKEN;
    this.at += size;
    return undefined;
  }

  private left(): number {
    return this.bytes.length - this.at;
  }

  /** Reads the id of a frame or call that may be refused later; undefined for 0 and other values. */
  private peekId(): number | undefined {
    const { at, view } = this;
    const head = this.bytes[at];
    if (head === undefined) return undefined;
    if (head < 0x80) return head || undefined;
    if (head < 0xcc || head > 0xce || this.left() < 1 + (1 << (head - 0xcc))) return undefined;
    if (head === 0xcc) return view.getUint8(at + 1) || undefined;
    return (head === 0xcd ? view.getUint16(at + 1) : view.getUint32(at + 1)) || undefined;
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
