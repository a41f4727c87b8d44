/** The most characters of a user's id. */
export const MAX_USER_ID_CHARACTERS = 256;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns why a text is no id of a user; undefined when it is one.
 *
 * Ids are hashed, stored and compared as UTF-8, which has no lone surrogates: two ids would become one.
 */
export function problemOfUserId(id: string): string | undefined {
  if (id.length > MAX_USER_ID_CHARACTERS)
    return `has ${id.length} characters, and ${MAX_USER_ID_CHARACTERS} are the most: return a shorter "id", such as a hash of it`;
  if (LONE_SURROGATE.test(id))
    return 'is no well-formed Unicode text (it holds half of a surrogate pair): refuse such an "id", or encode it';
  return undefined;
}
