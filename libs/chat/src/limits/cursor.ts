import { invalid } from './checks.js';

/** Makes a cursor of the sort key of the last row; clients do not look into it. */
export function cursorOf(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads the sort key of a cursor, which must have values of these kinds.
 *
 * @throws {ChatError} CHAT_INVALID when it is no cursor of this list
 */
export function keyOfCursor<K extends readonly ('string' | 'number')[]>(
  cursor: string,
  ...kinds: K
): KeyOf<K> {
  const key = parse(cursor);
  const isValid =
    Array.isArray(key) && key.length === kinds.length && kinds.every((kind, at) => typeof key[at] === kind);
  if (!isValid) throw invalid('The cursor is not one of this list');
  return key as unknown as KeyOf<K>;
}

type KeyOf<K extends readonly ('string' | 'number')[]> = {
  -readonly [I in keyof K]: K[I] extends 'string' ? string : number;
};

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(String(cursor).slice(0, 1_000), 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}
