import { CodedError, ErrorCode, type ErrorDetail, type MessageClass } from '@nestwire/protocol';
import { paramsText } from '@nestwire/protocol/internal';
import type { WireParams } from '@nestwire/protocol/codec';
import { invalidMessage, unknownProperty } from '../validation/message-details.js';
import type { MessageReaders } from '../validation/message-reader.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { asRefusal, laterMsOf } from '../validation/refusal.js';
import type { ParamsClass } from './endpoint-params.js';

/** The maximum size of the parameters of a stream as canonical JSON, in bytes. */
export const MAX_PARAMS_BYTES = 512;

/** Validates parameters and makes a frozen instance of their class. */
export type ParamsReader = (params: object) => object | Promise<object>;

/**
 * Returns the canonical text of the parameters that a client sent.
 *
 * @throws {CodedError} INVALID_PARAMS when it has more than 512 bytes
 */
export function canonicalParams(params: WireParams): string {
  const text = paramsText(params);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_PARAMS_BYTES) return text;
  throw invalidParams([{ path: '', message: `they have ${bytes} bytes, and at most ${MAX_PARAMS_BYTES}` }]);
}

/** Compiles the reader of the parameters of an endpoint. */
export function paramsReader(readers: MessageReaders, cls: ParamsClass): ParamsReader {
  // A reader needs no discriminant: it makes an instance of the given class.
  const read = readers.of(cls as unknown as MessageClass);
  return (params) => {
    const accept = (made: unknown): object => accepted(params, made as object);
    try {
      const made: unknown = read(params);
      return isPromiseLike(made) ? Promise.resolve(made).then(accept).catch(refuse) : accept(made);
    } catch (error) {
      return refuse(error);
    }
  };
}

/** Freezes valid parameters; refuses unknown ones, also where those of messages are stripped. */
function accepted(params: object, made: object): object {
  if (paramsText(made) === paramsText(params)) return Object.freeze(made);
  const unknown = Object.keys(params).filter((key) => !Object.hasOwn(made, key));
  throw invalidMessage(unknown.map((key) => unknownProperty(key, key)));
}

/** Throws an invalid message as invalid parameters. */
function refuse(error: unknown): never {
  if (!(error instanceof CodedError)) throw error;
  throw asRefusal(invalidParams(error.details ?? [], error), laterMsOf(error));
}

function invalidParams(details: readonly ErrorDetail[], cause?: unknown): CodedError {
  const why = details[0]?.message ?? 'they do not have the shape of their class';
  return new CodedError(ErrorCode.InvalidParams, `The parameters are not valid: ${why}.`, { details, cause });
}
