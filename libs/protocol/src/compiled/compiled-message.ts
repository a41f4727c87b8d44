import type { EncodedMessage } from '../frame/codec.js';
import { encodeMessage } from '../frame/json-codec.js';
import { decodeMessage } from '../message/decode-message.js';
import type { Message, MessageClass } from '../message/message-class.js';
import { messageNameOf } from '../message/message-registry.js';
import type { Natives } from '../value/wire-value.js';
import { decoderOf } from './message-decoder.js';
import { writeProperties } from './message-encoder.js';
import { treeOf } from './message-tree.js';

const encodings = new WeakMap<object, EncodedMessage>();

/**
 * Decodes a message like `decodeMessage`, with compiled code where possible.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of the value that could not be decoded
 */
export function decodeCompiled<T extends Message>(cls: MessageClass<T>, data: object): T {
  return decodeQuickly(cls, data) ?? decodeMessage(cls, data);
}

/**
 * Encodes a message like `encodeMessage`, with compiled code where possible.
 *
 * Returns the remembered encoding if there is one.
 *
 * @throws {CodedError} NOT_A_MESSAGE or NOT_ENCODABLE, like `encodeMessage`
 */
export function encodingOf(message: object): EncodedMessage {
  return encodings.get(message) ?? encode(message);
}

/**
 * Returns the properties of a message for a codec with native value types.
 *
 * @returns undefined when compiled code does not support the message; encode it as JSON first then
 */
export function nativeProperties(message: object, natives: Natives): Record<string, unknown> | undefined {
  try {
    return treeOf(message, natives);
  } catch {
    return undefined;
  }
}

/** Returns the remembered encoding of a message; undefined when there is none. */
export function rememberedEncoding(message: object): EncodedMessage | undefined {
  return encodings.get(message);
}

/**
 * Remembers the encoding of a frozen message.
 *
 * Forwarding the message then encodes nothing.
 *
 * Use it only for messages that cannot change any more. The entry is weak: it disappears with the message.
 */
export function rememberEncoding(message: object, encoded: EncodedMessage): void {
  encodings.set(message, encoded);
}

function encode(message: object): EncodedMessage {
  const type = messageNameOf(message?.constructor);
  if (type === undefined) return encodeMessage(message);
  const data = writeQuickly(message);
  return data === undefined ? encodeMessage(message) : { type, data };
}

// Errors of compiled code are dropped: the libraries throw for the same input, with a coded error.

/**
 * Decodes a message with compiled code only; no key of the data is left out.
 *
 * @returns undefined when compiled code does not support the data; use `decodeMessage` then
 */
export function decodeQuickly<T extends Message>(cls: MessageClass<T>, data: object): T | undefined {
  try {
    // `never`, because a decoder calls the constructor without arguments, whatever it takes.
    return decoderOf(cls as never)(data) as T | undefined;
  } catch {
    return undefined;
  }
}

function writeQuickly(message: object): string | undefined {
  try {
    return writeProperties(message);
  } catch {
    return undefined;
  }
}
