import { CloseCode } from '../error/close-code.js';
import { ErrorCode } from '../error/error-code.js';
import { MAX_FRAME_ID } from '../limits.js';
import { FrameFault } from './frame-fault.js';

/** The fields of a decoded frame, not checked. */
export type Fields = Readonly<Record<string, unknown>>;

/** Checks fields of a frame; returns the fault, or undefined. */
export type FieldCheck = (fields: Fields) => FrameFault | undefined;

const MAX_NAME_LENGTH = 128;

/** Returns a check that applies several checks in order. */
export function checkAll(...checks: readonly FieldCheck[]): FieldCheck {
  return (fields) => {
    for (const check of checks) {
      const fault = check(fields);
      if (fault) return fault;
    }
    return undefined;
  };
}

/** Checks the id of a frame; without one it cannot be answered. */
export function checkId({ id }: Fields): FrameFault | undefined {
  return isId(id) ? undefined : brokenNumber('id');
}

/** Checks the key of a stream. */
export function checkStream(fields: Fields): FrameFault | undefined {
  return isName(fields.stream) ? undefined : malformed('"stream" must be the key of a stream', fields);
}

/** Checks the class and the properties of a message. */
export function checkPayload(fields: Fields): FrameFault | undefined {
  if (!isName(fields.type)) return malformed('"type" must be the name of a message', fields);
  if (isPlainObject(fields.data)) return undefined;
  return malformed('"data" must be an object with the properties of the message', fields);
}

/** Checks `redelivered`, which may be absent. */
export function checkRedelivered(fields: Fields): FrameFault | undefined {
  return checkFlag('redelivered', fields);
}

/** Checks a field that is true, false or absent. */
export function checkFlag(name: string, fields: Fields): FrameFault | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'boolean') return undefined;
  return malformed(`"${name}" must be true, false or left out`, fields);
}

/** Returns true for an object of JSON; `typeof` would accept a date and bytes. */
export function isPlainObject(value: unknown): value is Fields {
  return {}.toString.call(value) === '[object Object]';
}

/** Returns true for the id of a frame, a call or a request. */
export function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 1 && (id as number) <= MAX_FRAME_ID;
}

/** Returns true for a text of 1 to 128 characters. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH;
}

/** Creates the fault of a frame with a wrong field; the connection stays open. */
export function malformed(what: string, { id, call }: Fields): FrameFault {
  return new FrameFault(ErrorCode.BadFrame, `The frame is not valid: ${what}.`, {
    id: isId(id) ? id : undefined,
    call: isId(call) ? call : undefined,
  });
}

/** Creates the fault of a frame that breaks the protocol and closes the connection. */
export function broken(message: string): FrameFault {
  return new FrameFault(ErrorCode.BadFrame, message, { closeCode: CloseCode.BadRequest });
}

/** Creates the fault of a frame without the number that its answer would carry. */
export function brokenNumber(field: string): FrameFault {
  return broken(`The frame's "${field}" must be a whole number from 1 to ${MAX_FRAME_ID}.`);
}
