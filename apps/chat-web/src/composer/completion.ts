import type { ChatProfile } from '@nestwire/chat/client';
import { findEmojis } from '../ui/emoji.js';

/** A suggestion for the word at the cursor. */
export interface Suggestion {
  readonly key: string;
  readonly label: string;
  /** The user of a mention; null for an emoji. */
  readonly user: ChatProfile | null;
  /** The text that replaces the word. */
  readonly inserted: string;
}

/** The suggestions for the word at the cursor, and the place of that word. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly Suggestion[];
}

const MAX_SUGGESTIONS = 8;
const MENTION = /(?<=^|[\s(])@([\p{L}\p{M}\p{N}._’'-]*)$/u;
const EMOJI = /(?<=^|\s):([a-z]{2,})$/;

/** Returns the completion at the cursor; undefined when the word there begins with neither `@` nor `:`. */
export function completionAt(
  text: string,
  cursor: number,
  users: readonly ChatProfile[],
): Completion | undefined {
  const before = text.slice(0, cursor);
  const mention = MENTION.exec(before);
  const suggestions = mention ? mentionsOf(mention[1]!, users) : emojisOf(EMOJI.exec(before)?.[1]);
  if (suggestions.length === 0) return undefined;
  const start = mention?.index ?? before.lastIndexOf(':');
  return { start, end: cursor, suggestions };
}

function mentionsOf(word: string, users: readonly ChatProfile[]): Suggestion[] {
  const wanted = fold(word);
  return users
    .filter(({ name }) =>
      fold(name)
        .split(/\s+/)
        .some((part) => part.startsWith(wanted)),
    )
    .slice(0, MAX_SUGGESTIONS)
    .map((user) => ({ key: user.id, label: user.name, user, inserted: `@${user.name} ` }));
}

function emojisOf(word: string | undefined): Suggestion[] {
  if (word === undefined) return [];
  return findEmojis(word, MAX_SUGGESTIONS).map(({ char, name }) => ({
    key: char,
    label: `${char} ${name}`,
    user: null,
    inserted: `${char} `,
  }));
}

/** Returns a text without marks and upper case, so that `ines` finds `Inês`. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
