import { MessagesError, MessagesErrorCode } from '../messages.error.js';

/** The most characters in the name of a channel. */
export const MAX_CHANNEL_NAME_LENGTH = 200;

// Other characters are refused and not escaped: they have a meaning in keys, patterns or lines of a log.
const NAME = /^[A-Za-z0-9_.@/:|+=~,%-]+$/;
const SHOWN_LENGTH = 40;

/** Returns true for a valid name of a channel. */
export function isChannelName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= MAX_CHANNEL_NAME_LENGTH && NAME.test(name);
}

/**
 * Returns a valid name of a channel.
 *
 * @throws {MessagesError} BAD_CHANNEL when it is empty, too long, or contains another character
 */
export function checkChannelName(name: string): string {
  if (isChannelName(name)) return name;
  throw badChannel('The name of a channel', name);
}

/**
 * Returns an argument of a channel as a part of the name.
 *
 * @throws {MessagesError} BAD_CHANNEL when it is empty, or contains a colon or another invalid character
 */
export function checkChannelPart(value: string | number | bigint): string {
  const part = String(value);
  if (part.length <= MAX_CHANNEL_NAME_LENGTH && NAME.test(part) && !part.includes(':')) return part;
  throw badChannel('An argument of a channel', part, ' and no colon');
}

function badChannel(what: string, value: unknown, also = ''): MessagesError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN_LENGTH)) : typeof value;
  return new MessagesError(
    MessagesErrorCode.BadChannel,
    `${what} has 1 to ${MAX_CHANNEL_NAME_LENGTH} characters of A-Z a-z 0-9 _ . @ / : | + = ~ , % -${also}; ` +
      `got ${shown}. Pass other text through encodeURIComponent().`,
  );
}

/** The start of the names of nestwire's own channels; others have no `#`. */
export const RESERVED_START = 'nestwire#';

/** Returns true for the name of a channel of nestwire itself. */
export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED_START);
}
