import { Decoder, Encoder } from '@msgpack/msgpack';

/** Larger buffers are not kept. */
const KEPT_BYTES = 65_536;

let encoder = newEncoder();
const decoder = new Decoder();

/** Writes a value as MessagePack; undefined properties are left out, as in JSON. */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  // What an encoder writes into grows with the largest value and never shrinks.
  if (bytes.length > KEPT_BYTES) encoder = newEncoder();
  return bytes;
}

/**
 * Reads a value from MessagePack. Bytes in it are views of those that were read.
 *
 * Takes any size and any depth: what a stranger sent is scanned first.
 *
 * @throws {Error} when the bytes are not that
 */
export function unpack(bytes: Uint8Array): unknown {
  return decoder.decode(bytes);
}

function newEncoder(): Encoder {
  return new Encoder({ ignoreUndefined: true, maxDepth: Infinity });
}
