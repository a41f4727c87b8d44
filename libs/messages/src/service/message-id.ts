import { randomBytes } from 'node:crypto';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
// Unguessable and unique by process; the number makes it unique within.
const ORIGIN = randomBytes(12).toString('base64url');
let lastNumber = 0;

/** Makes the id of a message, never given to another one in any process. */
export function nextMessageId(): string {
  return `${ORIGIN}.${(++lastNumber).toString(36)}`;
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
