import { decodeInto } from '../value/wire-value.js';
import type { Message, MessageClass } from './message.registry.js';

/**
 * Makes an instance of a message class from the `data` of a frame.
 *
 * Tags become the values that they name; class-transformer has its say where its entry is
 * imported. Nothing is validated here.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of what could not be read
 */
export function decodeMessage<T extends Message>(cls: MessageClass<T>, data: object): T {
  return decodeInto(cls, data);
}
