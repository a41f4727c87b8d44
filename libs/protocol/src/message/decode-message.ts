import { CodedError } from '../error/coded-error.js';
import type { ErrorCode } from '../error/error-code.js';
import { decodeProperties } from '../value/wire-value.js';
import type { Message, MessageClass } from './message.registry.js';
import { reviveMessage } from './message.reviver.js';

/**
 * Makes an instance of a message class from the `data` of a frame.
 *
 * Tags become the values that they name; class-transformer has its say where its entry is
 * imported. Nothing is validated here.
 *
 * @throws {CodedError} INVALID_MESSAGE with the path of what could not be read
 */
export function decodeMessage<T extends Message>(cls: MessageClass<T>, data: object): T {
  const properties = decodeProperties(data);
  try {
    return reviveMessage(cls, properties) as T;
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError(
      'INVALID_MESSAGE' satisfies ErrorCode,
      'The message does not have the shape of its class.',
      {
        cause,
      },
    );
  }
}
