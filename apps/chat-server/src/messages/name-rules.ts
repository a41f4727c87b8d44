/** The names of people: 1 to 16 letters, digits, spaces, `.`, `_` and `-`; a letter or digit first. */
export const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,15}$/u;

/** The names of rooms: like those of people, in lower case and without spaces. */
export const ROOM_NAME = /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{M}\p{N}._-]{0,15}$/u;

/** The maximum length of both, in characters. */
export const MAX_NAME_LENGTH = 16;

/** The maximum length of a message's text, in characters. */
export const MAX_TEXT_LENGTH = 2_000;
