import { Decoder, Encoder } from '@msgpack/msgpack';

/** An encoder whose buffer grew beyond this size is replaced. */
const KEPT_BYTES = 65_536;

let encoder = newEncoder();
const decoder = new Decoder();

/** Encodes a value as MessagePack; undefined properties are left out, as in JSON. */
export function pack(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  // The buffer of an encoder grows with the largest value and never shrinks.
  if (bytes.length > KEPT_BYTES) encoder = newEncoder();
  return bytes;
}

/**
 * Decodes a MessagePack value. Bytes in it are views of the input.
 *
 * It accepts any size and depth, so scan untrusted input first.
 *
 * @throws {Error} when the bytes are malformed
 */
export function unpack(bytes: Uint8Array): unknown {
  return decoder.decode(bytes);
}

function newEncoder(): Encoder {
  return new Encoder({ ignoreUndefined: true, maxDepth: Infinity });
}
