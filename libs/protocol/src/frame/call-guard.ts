import { MAX_FRAME_ID } from '../limits.js';
import {
  brokenNumber,
  checkAll,
  checkFlag,
  checkId,
  checkPayload,
  checkRedelivered,
  checkStream,
  isId,
  isName,
  isPlainObject,
  malformed,
  type FieldCheck,
  type Fields,
} from './field-checks.js';
import type { FrameFault } from './frame-fault.js';

/** 22 characters of this alphabet contain 128 bits. */
const CALL_ID = /^[\w-]{22}$/;

/** The checks of the frames of calls and requests, by their type. */
export const CALL_CHECKS: ReadonlyArray<readonly [t: string, check: FieldCheck]> = [
  [
    'call',
    checkAll(
      checkId,
      checkStream,
      checkMethod,
      checkPayload,
      checkWindow,
      checkTimeout,
      checkRedelivered,
      (fields) => checkFlag('items', fields),
      (fields) => (fields.callId === undefined ? undefined : checkCallId(fields)),
    ),
  ],
  ['item', checkAll(checkCall, checkPayload)],
  ['end', checkAll(checkCall, (fields) => (fields.error === undefined ? undefined : checkError(fields)))],
  ['credit', checkAll(checkCall, (fields) => checkCount('consumed', fields))],
  ['cancel', checkCancel],
  ['detach', checkCall],
  [
    'attach',
    checkAll(
      checkId,
      checkStream,
      checkMethod,
      checkCallId,
      checkWindow,
      (fields) => checkCount('received', fields),
      (fields) => (fields.consumed === undefined ? undefined : checkCount('consumed', fields)),
    ),
  ],
  ['response', checkResponse],
];

function checkCall({ call }: Fields): FrameFault | undefined {
  return isId(call) ? undefined : brokenNumber('call');
}

const checkCancelById = checkAll(checkId, checkStream, checkMethod, checkCallId);

function checkCancel(fields: Fields): FrameFault | undefined {
  return fields.call === undefined ? checkCancelById(fields) : checkCall(fields);
}

function checkResponse(fields: Fields): FrameFault | undefined {
  if (!isId(fields.request)) return brokenNumber('request');
  return fields.error === undefined ? checkPayload(fields) : checkError(fields);
}

function checkMethod(fields: Fields): FrameFault | undefined {
  return isName(fields.method) ? undefined : malformed('"method" must be the name of a method', fields);
}

function checkCallId(fields: Fields): FrameFault | undefined {
  const { callId } = fields;
  if (typeof callId === 'string' && CALL_ID.test(callId)) return undefined;
  return malformed('"callId" must have 22 characters of A-Z a-z 0-9 _ -, from 128 random bits', fields);
}

function checkWindow(fields: Fields): FrameFault | undefined {
  return isId(fields.window)
    ? undefined
    : malformed(`"window" must be a whole number from 1 to ${MAX_FRAME_ID}`, fields);
}

function checkTimeout(fields: Fields): FrameFault | undefined {
  const { timeoutMs } = fields;
  if (timeoutMs === undefined || isId(timeoutMs)) return undefined;
  return malformed(`"timeoutMs" must be a whole number from 1 to ${MAX_FRAME_ID}, or left out`, fields);
}

function checkCount(name: string, fields: Fields): FrameFault | undefined {
  const count = fields[name];
  if (Number.isSafeInteger(count) && (count as number) >= 0) return undefined;
  return malformed(`"${name}" must be a whole number from 0 on`, fields);
}

function checkError(fields: Fields): FrameFault | undefined {
  const { error } = fields;
  if (isPlainObject(error) && isName(error.code) && typeof error.message === 'string') return undefined;
  return malformed('"error" must be an object with "code" and "message"', fields);
}
