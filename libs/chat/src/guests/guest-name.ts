import { exceeded, invalid } from '../limits/checks.js';

/** The longest name of a guest, in UTF-16 units. */
export const MAX_GUEST_NAME = 40;
/** The most marks above and below one letter; Vietnamese and Thai need two. */
const MAX_MARKS = 3;

/** Characters that are not seen, change the direction of what follows, or have no meaning. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const SEEN = /[\p{L}\p{N}\p{Emoji_Presentation}]/u;
const HEAPED = new RegExp(`\\p{M}{${MAX_MARKS + 1}}`, 'u');
/** The wish for a coloured emoji; without it, the emoji is another picture of the same. */
const COLOURED = /\uFE0F/g;

/**
 * Returns the name of a guest in the form in which others see it.
 *
 * Letters of all scripts, digits, punctuation and emoji are permitted. Letters in other forms become plain ones, and
 * white space becomes one space.
 *
 * @throws {ChatError} CHAT_INVALID when it has no letter, digit or emoji, or has control characters, characters that
 *   are not seen or change the direction of a text, or more than three marks on a letter
 * @throws {ChatError} CHAT_LIMIT_EXCEEDED after 40 UTF-16 units
 */
export function guestName(given: string): string {
  if (typeof given !== 'string') throw invalid('The name of a guest is a text');
  if (given.length > MAX_GUEST_NAME) throw tooLong(given.length);
  const name = given
    .normalize('NFKC')
    .replace(COLOURED, '')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
  if (name.length > MAX_GUEST_NAME) throw tooLong(name.length);
  if (UNSEEN.test(name)) throw invalid('The name of a guest has a character that nobody sees');
  if (HEAPED.test(name)) throw invalid(`The name of a guest has more than ${MAX_MARKS} marks on a letter`);
  if (!SEEN.test(name)) throw invalid('The name of a guest has a letter, a digit or an emoji');
  return name;
}

function tooLong(length: number) {
  return exceeded(`The name of a guest has at most ${MAX_GUEST_NAME} characters; it has ${length}`);
}
