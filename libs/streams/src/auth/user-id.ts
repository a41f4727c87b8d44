/** The maximum number of characters of a user id. */
export const MAX_USER_ID_CHARACTERS = 256;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns the problem of a user id; undefined when it is valid.
 *
 * Ids are hashed, stored and compared as UTF-8, in which different lone surrogates become equal.
 */
export function problemOfUserId(id: string): string | undefined {
  if (id.length > MAX_USER_ID_CHARACTERS)
    return `has ${id.length} characters; the maximum is ${MAX_USER_ID_CHARACTERS}. Return a shorter "id", such as a hash of it`;
  if (LONE_SURROGATE.test(id))
    return 'contains a lone surrogate, which is not valid Unicode. Refuse such an "id", or encode it';
  return undefined;
}
