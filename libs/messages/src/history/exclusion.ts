import { createHash } from 'node:crypto';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { messageIdOf, type Position } from './position.js';

const CHARACTERS = 16;
/** The end of the id of a message that leaves a client out. */
const SUFFIX = /\.x([\w-]{16})$/;
const MAX_ID_CHARACTERS = 64;

/**
 * Returns the mark of a client in the ids of messages that leave it out.
 *
 * It differs for each channel, so that the channels of a client cannot be linked.
 *
 * @param name the public name of the client
 */
export function exclusionOf(name: string, channel: string): string {
  return createHash('sha256').update(`${name} ${channel}`).digest('base64url').slice(0, CHARACTERS);
}

/**
 * Returns an id of a message with the mark of the client that it leaves out.
 *
 * The id is stored with the message, so that every server and each later read leave the client out.
 *
 * @throws {MessagesError} BAD_MESSAGE_ID when a given id is too long, or has the mark of another client
 */
export function excludingId(id: string, exclusion: string | undefined): string {
  const [, marked] = SUFFIX.exec(id) ?? [];
  if (marked === exclusion) return id;
  if (marked !== undefined)
    throw new MessagesError(
      MessagesErrorCode.BadMessageId,
      `The id '${id}' is that of a message posted with another "except". Post it again with the same options.`,
    );
  const marking = `${id}.x${exclusion}`;
  if (marking.length <= MAX_ID_CHARACTERS) return marking;
  throw new MessagesError(
    MessagesErrorCode.BadMessageId,
    `With "except" the id of a message has at most ${MAX_ID_CHARACTERS - CHARACTERS - 2} characters; '${id}' has ${id.length}.`,
  );
}

/** Returns the mark of the client that a message leaves out; undefined without one. */
export function exclusionIn(position: Position): string | undefined {
  return SUFFIX.exec(messageIdOf(position))?.[1];
}
