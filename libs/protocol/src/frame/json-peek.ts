import { MAX_FRAME_ID } from '../limits.js';
import type { FrameHead } from './codec.js';
import { readCall, readId } from './json-scan.js';

/** The maximum number of bytes that are read. */
export const PEEKED_BYTES = 512;

/** The beginning of a frame in the format of this repository's client. */
const HEAD =
  /^\{"t":"(\w{1,16})"(?:,"(id|call|request)":([1-9]\d{0,9})(?:,"stream":"([^"\\]{1,128})")?)?[,}]/;

/** Reads the first fields of a JSON frame without decoding it. */
export function peekJson(bytes: Uint8Array): FrameHead {
  const text = textOf(bytes);
  const head = HEAD.exec(text);
  if (!head) return { id: validId(readId(text)), call: validId(readCall(text)) };
  const [, t, field = '', number, stream] = head;
  return field
    ? { t, [field]: validId(Number(number)), stream }
    : { t, id: validId(readId(text)), call: validId(readCall(text)) };
}

function validId(id: number | undefined): number | undefined {
  return id !== undefined && id <= MAX_FRAME_ID ? id : undefined;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, PEEKED_BYTES));
}
