/** What a person may be called: 1 to 16 letters, digits, spaces, `.`, `_` and `-`; a letter or digit first. */
export const PERSON_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,15}$/u;

/** What a room may be called: as a person, in lower case and without spaces. */
export const ROOM_NAME = /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{M}\p{N}._-]{0,15}$/u;

/** The longest name of either, in characters. */
export const MAX_NAME_LENGTH = 16;

/** The longest text of a message, in characters. */
export const MAX_TEXT_LENGTH = 2_000;
