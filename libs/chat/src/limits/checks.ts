import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { hasControl } from '../policy/chat-actor.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns a valid id of a channel or of a client's message.
 *
 * @throws {ChatError} CHAT_INVALID when it has other characters or another length
 */
export function checkId(name: string, id: string): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  throw invalid(`${name} is 1 to 64 characters of A-Z a-z 0-9 _ . -`);
}

/**
 * Returns a valid number of a message.
 *
 * @throws {ChatError} CHAT_INVALID when it is no whole number from 0 on
 */
export function checkSeq(name: string, seq: number): number {
  if (Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw invalid(`${name} is a whole number from 0 on`);
}

/**
 * Returns a valid text.
 *
 * @throws {ChatError} CHAT_INVALID when it is empty or PostgreSQL cannot store it; CHAT_LIMIT_EXCEEDED when too long
 */
export function checkText(name: string, text: string, maxLength: number): string {
  if (typeof text !== 'string' || text.trim() === '') throw invalid(`${name} is a text that is not empty`);
  if (text.length > maxLength)
    throw exceeded(`${name} has at most ${maxLength} characters; it has ${text.length}`);
  if (text.includes('\0') || LONE_SURROGATE.test(text))
    throw invalid(`${name} has a character that cannot be stored`);
  return text;
}

/**
 * Returns a valid short text in one line, such as a name or an emoji.
 *
 * @throws {ChatError} CHAT_INVALID when it is empty or has control characters; CHAT_LIMIT_EXCEEDED when too long
 */
export function checkLine(name: string, line: string, maxLength: number): string {
  checkText(name, line, maxLength);
  if (hasControl(line)) throw invalid(`${name} has a control character`);
  return line;
}

/**
 * Returns the JSON of data of the application; null without data.
 *
 * @throws {ChatError} CHAT_INVALID when it is not JSON; CHAT_LIMIT_EXCEEDED when it is too large
 */
export function checkData(data: unknown, maxBytes: number): string | null {
  if (data === undefined || data === null) return null;
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw invalid('data is a value of JSON', cause);
  }
  if (json === undefined || json.includes('\\u0000'))
    throw invalid('data is a value of JSON without NUL characters');
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) throw exceeded(`data has at most ${maxBytes} bytes; it has ${bytes}`);
  return json;
}

/**
 * Returns the size of a page.
 *
 * @throws {ChatError} CHAT_INVALID when it is no whole number from 1 to the maximum
 */
export function checkPageSize(size: number, max: number): number {
  if (Number.isInteger(size) && size >= 1 && size <= max) return size;
  throw invalid(`The limit of a page is a whole number from 1 to ${max}`);
}

/** Makes the error for an invalid argument. */
export function invalid(problem: string, cause?: unknown): ChatError {
  return new ChatError(ChatErrorCode.Invalid, `${problem}.`, { cause });
}

/** Makes the error for an exceeded limit. */
export function exceeded(problem: string): ChatError {
  return new ChatError(ChatErrorCode.LimitExceeded, `${problem}.`);
}
