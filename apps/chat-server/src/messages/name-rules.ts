/** What a person may be called: 1 to 24 letters, digits, spaces, `.`, `_` and `-`; a letter or digit first. */
export const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,23}$/u;

/** What a room may be called: as a person, in lower case and without spaces. */
export const ROOM_NAME = /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{N}._-]{0,23}$/u;

/** The longest text of a message, in characters. */
export const MAX_TEXT_LENGTH = 2_000;
