/** The deepest nesting of the properties of a message. */
export const MAX_MESSAGE_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parses the text of a message.
 *
 * A text that parses is one complete JSON object, so a frame can contain it unchanged.
 *
 * @throws {Error} when it is not the JSON of an object, has a key `__proto__`, or nests deeper than
 *   `MAX_MESSAGE_DEPTH`
 */
export function parseProperties(text: string): object {
  if (isTooDeep(text)) throw new Error(`it nests deeper than ${MAX_MESSAGE_DEPTH} levels`);
  const properties: unknown = JSON.parse(text);
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    throw new Error('it is not an object');
  if (MAY_HAVE_PROTO.test(text) && hasProto(properties)) throw new Error('it has a key "__proto__"');
  return properties;
}

/** Matches the few texts whose keys must be checked. */
const MAY_HAVE_PROTO = /__proto__|\\u/;

/** Returns true when an object, or an object in it, has the own key `__proto__`. */
function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

/** Returns true for a JSON text that nests too deep; does not parse it. */
export function isTooDeep(text: string): boolean {
  // Each level has two brackets, so a shorter text cannot be too deep.
  return text.length > 2 * MAX_MESSAGE_DEPTH && opensMany(text) && nestsDeep(text);
}

/** Returns true for a text with many opening brackets, also in strings; few texts need the slower check. */
function opensMany(text: string): boolean {
  let count = 0;
  for (const bracket of '{[')
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count > MAX_MESSAGE_DEPTH) return true;
  return false;
}

function nestsDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) at += code === BACKSLASH ? 1 : 0;
    else if (CLOSING.has(code)) depth--;
    else if (OPENING.has(code) && ++depth > MAX_MESSAGE_DEPTH) return true;
  }
  return false;
}
