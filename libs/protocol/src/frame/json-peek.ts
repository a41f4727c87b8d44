import { MAX_FRAME_ID } from '../limits.js';
import type { FrameHead } from './codec.js';
import { readId } from './json-scan.js';

/** The most bytes of a frame that are looked at. */
export const PEEKED_BYTES = 512;

/** The beginning of a frame as our client writes it. */
const HEAD = /^\{"t":"(\w{1,16})","id":([1-9]\d{0,9})(?:,"endpoint":"([^"\\]{1,128})")?[,}]/;

/** Reads the fields at the beginning of a frame in JSON, without decoding it. */
export function peekJson(bytes: Uint8Array): FrameHead {
  const text = textOf(bytes);
  const head = HEAD.exec(text);
  if (!head) return { id: validId(readId(text)) };
  return { t: head[1], id: validId(Number(head[2])), endpoint: head[3] };
}

function validId(id: number | undefined): number | undefined {
  return id !== undefined && id <= MAX_FRAME_ID ? id : undefined;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, PEEKED_BYTES));
}
