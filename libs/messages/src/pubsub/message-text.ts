/** The most levels that the properties of a message may nest. */
export const MAX_MESSAGE_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Parses the text of a message, which is the JSON of an object.
 *
 * A text that passes may stand in a frame as it is: it is one whole JSON object.
 *
 * @throws {Error} when it is anything else, has a key `__proto__`, or nests deeper than `MAX_MESSAGE_DEPTH`
 */
export function parseProperties(text: string): object {
  if (isTooDeep(text)) throw new Error(`it nests deeper than ${MAX_MESSAGE_DEPTH} levels`);
  const properties: unknown = JSON.parse(text);
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    throw new Error('it has no properties');
  if (MAY_HAVE_PROTO.test(text) && hasProto(properties)) throw new Error('it has a key "__proto__"');
  return properties;
}

/** Few texts have the key or an escape, so that the properties of the others are not looked at. */
const MAY_HAVE_PROTO = /__proto__|\\u/;

/** Tells whether an object, or one within it, has `__proto__` as a key of its own. */
function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

/** Tells whether a JSON text nests deeper than a message may; does not parse it. */
export function isTooDeep(text: string): boolean {
  // Each level takes one bracket that opens and one that closes.
  return text.length > 2 * MAX_MESSAGE_DEPTH && opensMany(text) && nestsDeep(text);
}

/** Counts the brackets that open, those in strings too: few messages have as many as levels are allowed. */
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
