import { randomBytes } from 'node:crypto';
import { IDEMPOTENCY_MS } from './history-store.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
// Unguessable and unique by process; the number makes it unique within.
const ORIGIN = randomBytes(12).toString('base64url');
let lastNumber = 0;
/** An id of `createMessageId()`: when it was made in ms since 1970, the process that made it, and a number. */
const TIMED_ID = /^([0-9a-z]{8})\.([\w-]{16})\.[0-9a-z]+$/;
/** How far the clocks of two processes may be apart, in milliseconds. */
const MAX_SKEW_MS = 10_000;

/**
 * Makes the id of a message, never given to another one in any process.
 *
 * It tells when it was made. So a post that is repeated with it later than a history remembers ids is refused,
 * and not stored twice. Make it directly before the first attempt.
 */
export function createMessageId(): string {
  return `${Date.now().toString(36).padStart(8, '0')}.${ORIGIN}.${(++lastNumber).toString(36)}`;
}

/** Returns whether another process made the id. */
export function isForeignId(id: string): boolean {
  const [, , origin = ORIGIN] = TIMED_ID.exec(id) ?? [];
  return origin !== ORIGIN;
}

/**
 * Refuses an id that is older than a history remembers ids.
 *
 * An id that tells no time is not refused.
 *
 * @throws {MessagesError} RETRY_TOO_LATE when the id is older, or is of a time to come
 */
export function checkMessageAge(id: string): void {
  const [, madeAt] = TIMED_ID.exec(id) ?? [];
  if (madeAt === undefined) return;
  const ageMs = Date.now() - parseInt(madeAt, 36);
  if (ageMs >= -MAX_SKEW_MS && ageMs <= IDEMPOTENCY_MS) return;
  throw new MessagesError(
    MessagesErrorCode.RetryTooLate,
    `The id was made ${Math.round(ageMs / 1_000)} s ago, and ids are remembered for ${IDEMPOTENCY_MS / 1_000} s, so a ` +
      'retry could be stored twice. Nothing was stored now. Read the history for the message before posting it anew.',
  ).withMessageId(id);
}

/**
 * Returns an id that the poster chose, when it is one that messages may have.
 *
 * @throws {MessagesError} BAD_MESSAGE_ID when it is empty, too long, or holds another character
 */
export function checkMessageId(id: string): string {
  if (typeof id === 'string' && ID.test(id)) return id;
  throw new MessagesError(
    MessagesErrorCode.BadMessageId,
    `The id of a message has 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(id)?.slice(0, 40)}.`,
  );
}
