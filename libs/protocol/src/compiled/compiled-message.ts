import type { EncodedMessage } from '../frame/codec.js';
import { encodeMessage } from '../frame/json-codec.js';
import { decodeMessage } from '../message/decode-message.js';
import { messageNameOf, type Message, type MessageClass } from '../message/message-registry.js';
import type { Natives } from '../value/wire-value.js';
import { decoderOf } from './message-decoder.js';
import { writeProperties } from './message-encoder.js';
import { treeOf } from './message-tree.js';

const encodings = new WeakMap<object, EncodedMessage>();

/**
 * Makes an instance as `decodeMessage` does, by compiled code where it can.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of what could not be read
 */
export function decodeCompiled<T extends Message>(cls: MessageClass<T>, data: object): T {
  return decodeQuickly(cls, data) ?? decodeMessage(cls, data);
}

/**
 * Encodes a message as `encodeMessage` does, by compiled code where it can.
 *
 * Returns how it was encoded before, if that is remembered.
 *
 * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE as `encodeMessage`
 */
export function encodingOf(message: object): EncodedMessage {
  return encodings.get(message) ?? encode(message);
}

/**
 * Returns the properties of a message for a codec that has forms of its own.
 *
 * @returns undefined where compiled code does not understand all of it: its text says what it is
 */
export function nativeProperties(message: object, natives: Natives): Record<string, unknown> | undefined {
  try {
    return treeOf(message, natives);
  } catch {
    return undefined;
  }
}

/** Returns how a message was encoded before, if that is remembered. */
export function rememberedEncoding(message: object): EncodedMessage | undefined {
  return encodings.get(message);
}

/**
 * Remembers how a frozen message was encoded; forwarding it then encodes nothing.
 *
 * Only for messages that cannot change any more; the memory goes with the message.
 */
export function rememberEncoding(message: object, encoded: EncodedMessage): void {
  encodings.set(message, encoded);
}

function encode(message: object): EncodedMessage {
  const type = messageNameOf(message?.constructor);
  const data = type === undefined ? undefined : writeQuickly(message);
  return data === undefined ? encodeMessage(message) : { type: type!, data };
}

// What throws here throws in the libraries too, which make a coded error of it.

/**
 * Makes an instance by compiled code alone; no key of the data is left out.
 *
 * @returns undefined where compiled code does not understand all of it: `decodeMessage` decides
 */
export function decodeQuickly<T extends Message>(cls: MessageClass<T>, data: object): T | undefined {
  try {
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
