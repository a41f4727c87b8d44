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

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;
const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;
const CLOSE_BRACE = 125;
const CLOSE_BRACKET = 93;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const SPACE = 32;
const SAFE_LITERAL_LENGTH = 15;
const EXPONENT_FROM = 1e21;
const TAG_LENGTH = '$set'.length;

/**
 * Checks a text before it is parsed.
 *
 * It checks depth, size, reserved and repeated keys, number ranges.
 *
 * It takes linear time and builds no tree, so that the cost of a text is bounded by its length. A text that
 * is not JSON may pass; the parser refuses it.
 *
 * @returns the reason to refuse the text; undefined when there is none
 */
export function scanJson(text: string, limits: JsonLimits): FrameFault | undefined {
  const fault = new Scan(text, limits).run();
  return fault && new FrameFault(fault[0], fault[1], { id: readId(text), call: readCall(text) });
}

class Scan {
  private at = 0;
  private nodes = 0;
  private items = 0;
  private depth = 0;
  private readonly keys: number[] = [];
  /** For each depth: true inside an array, false inside an object. */
  private readonly arrays: boolean[] = [];
  /** For each depth: the number of items of a Set's or Map's array; NaN elsewhere. */
  private readonly entries: number[] = [];
  /** True when the last key was the tag of a Set or a Map. */
  private isCollectionNext = false;
  private rootKeys: string[] | undefined;

  constructor(
    private readonly text: string,
    private readonly limits: JsonLimits,
  ) {}

  run(): Finding | undefined {
    const { text } = this;
    while (this.at < text.length) {
      const char = text.charCodeAt(this.at);
      let finding: Finding | undefined;
      if (char === QUOTE) finding = this.readString();
      else if (char === OPEN_BRACE || char === OPEN_BRACKET) finding = this.open(char);
      else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) this.close();
      else if (char === MINUS || (char >= ZERO && char <= NINE)) finding = this.readNumber();
      else if (char === COMMA) finding = this.readComma();
      else this.at++;
      if (finding) return finding;
    }
    return undefined;
  }

  private open(char: number): Finding | undefined {
    this.at++;
    this.depth++;
    this.arrays[this.depth] = char === OPEN_BRACKET;
    this.keys[this.depth] = 0;
    this.entries[this.depth] = this.isCollectionNext ? 0 : NaN;
    this.isCollectionNext = false;
    if (this.depth === 1) this.rootKeys = undefined;
    if (this.depth > this.limits.maxDepth) return tooDeep(this.limits);
    return this.countNode() ?? (this.isEmpty() ? undefined : this.countItem());
  }

  private close(): void {
    this.at++;
    this.depth--;
  }

  /** Returns true for an object or an empty array. */
  private isEmpty(): boolean {
    if (!this.arrays[this.depth]) return true;
    while (this.text.charCodeAt(this.at) <= SPACE) this.at++;
    return this.text.charCodeAt(this.at) === CLOSE_BRACKET;
  }

  private readComma(): Finding | undefined {
    this.at++;
    return this.arrays[this.depth] ? this.countItem() : undefined;
  }

  private countItem(): Finding | undefined {
    this.items++;
    if (++this.entries[this.depth] > this.limits.maxKeys) return tooManyEntries(this.limits);
    return this.items > this.limits.maxItems ? tooManyItems(this.limits) : undefined;
  }

  private countNode(): Finding | undefined {
    this.nodes++;
    return this.nodes > this.limits.maxNodes ? tooMany(this.limits) : undefined;
  }

  private readString(): Finding | undefined {
    const { text } = this;
    const start = this.at + 1;
    let end = text.indexOf('"', start);
    while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    if (end < 0) end = text.length;
    this.at = end + 1;
    while (text.charCodeAt(this.at) <= SPACE) this.at++;
    return text.charCodeAt(this.at) === COLON ? this.readKey(start, end) : undefined;
  }

  private readKey(start: number, end: number): Finding | undefined {
    const { text, depth } = this;
    const keys = (this.keys[depth] = (this.keys[depth] ?? 0) + 1);
    if (keys > this.limits.maxKeys) return tooManyKeys(this.limits);
    const escaped = text.indexOf('\\', start);
    const isPlain = escaped < 0 || escaped >= end;
    this.isCollectionNext = false;
    if (depth === 1 || !isPlain || RESERVED_LENGTHS.includes(end - start) || end - start === TAG_LENGTH) {
      const key = isPlain ? text.slice(start, end) : unescape(text, start, end);
      const finding = this.checkKey(key);
      if (finding) return finding;
      this.isCollectionNext = isCollectionTag(key);
    }
    return this.countNode();
  }

  private checkKey(key: string): Finding | undefined {
    const reserved = findReserved(key);
    if (reserved || this.depth !== 1) return reserved;
    if (this.rootKeys?.includes(key)) return REPEATED_FIELD;
    (this.rootKeys ??= []).push(key);
    return undefined;
  }

  private readNumber(): Finding | undefined {
    const { text } = this;
    const start = this.at;
    let isInteger = true;
    for (this.at++; this.at < text.length; this.at++) {
      const char = text.charCodeAt(this.at);
      if (char >= ZERO && char <= NINE) continue;
      if (!'.eE+-'.includes(text.charAt(this.at))) break;
      isInteger = false;
    }
    // The guard checks the numbers of the frame itself; an id out of range closes the connection.
    if (this.depth <= 1 || (isInteger && this.at - start <= SAFE_LITERAL_LENGTH)) return undefined;
    const number = Number(text.slice(start, this.at));
    if (Number.isSafeInteger(number) || Number.isNaN(number)) return undefined;
    // JSON.stringify writes integers below this limit without a fraction or an exponent.
    const isWhole = isInteger || (Number.isInteger(number) && Math.abs(number) < EXPONENT_FROM);
    return isWhole || !Number.isFinite(number) ? OUT_OF_RANGE : undefined;
  }
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function unescape(text: string, start: number, end: number): string {
  try {
    return JSON.parse(text.slice(start - 1, end + 1)) as string;
  } catch {
    return '';
  }
}

/** Reads the id of a refused frame if no nested value precedes it. */
export function readId(text: string): number | undefined {
  return numberOf(/^[^[{]*\{[^[{]*?"id"\s*:\s*(\d{1,10})\s*[,}]/.exec(text.slice(0, 512)));
}

/** Reads the call of a refused frame if no nested value precedes it. */
export function readCall(text: string): number | undefined {
  return numberOf(/^[^[{]*\{[^[{]*?"call"\s*:\s*(\d{1,10})\s*[,}]/.exec(text.slice(0, 512)));
}

function numberOf(found: RegExpExecArray | null): number | undefined {
  const number = Number(found?.[1]);
  return number >= 1 ? number : undefined;
}
