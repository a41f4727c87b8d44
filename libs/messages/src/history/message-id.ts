import { randomBytes } from 'node:crypto';
import { IDEMPOTENCY_MS } from './history-store.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
// Random, so that it is unique and cannot be guessed; the number makes an id unique within the process.
const ORIGIN = randomBytes(12).toString('base64url');
let lastNumber = 0;
/** The form of `createMessageId()`: the time in milliseconds since 1970, the process, a number; and an exclusion. */
const TIMED_ID = /^([0-9a-z]{8})\.([\w-]{16})\.[0-9a-z]+(?:\.x[\w-]{16})?$/;
/** The greatest difference between the clocks of two processes, in milliseconds. */
const MAX_SKEW_MS = 10_000;

/**
 * Makes a unique id for a message.
 *
 * It contains the present time, so a retry after the history has forgotten the id is refused and not stored
 * twice. Make the id directly before the first attempt.
 */
export function createMessageId(): string {
  return `${Date.now().toString(36).padStart(8, '0')}.${ORIGIN}.${(++lastNumber).toString(36)}`;
}

/** Returns true when another process made the id. */
export function isForeignId(id: string): boolean {
  const [, , origin = ORIGIN] = TIMED_ID.exec(id) ?? [];
  return origin !== ORIGIN;
}

/**
 * Checks that a history still remembers an id; accepts an id without a time.
 *
 * @throws {MessagesError} RETRY_TOO_LATE when the id is too old, or its time is in the future
 */
export function checkMessageAge(id: string): void {
  const [, madeAt] = TIMED_ID.exec(id) ?? [];
  if (madeAt === undefined) return;
  const ageMs = Date.now() - parseInt(madeAt, 36);
  if (ageMs >= -MAX_SKEW_MS && ageMs <= IDEMPOTENCY_MS) return;
  throw new MessagesError(
    MessagesErrorCode.RetryTooLate,
    `The id is ${Math.round(ageMs / 1_000)} s old, and a history remembers ids for ${IDEMPOTENCY_MS / 1_000} s, so a ` +
      'retry could be stored twice. Nothing was stored now. Look for the message in the history; if it is not ' +
      'there, post it with a new id.',
  ).withMessageId(id);
}

/**
 * Returns a valid id of a message.
 *
 * @throws {MessagesError} BAD_MESSAGE_ID when it is empty, too long, or contains another character
 */
export function checkMessageId(id: string): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  throw new MessagesError(
    MessagesErrorCode.BadMessageId,
    `The id of a message has 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(id)?.slice(0, 40)}.`,
  );
}
