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
 * @throws {Error} when it is anything else, or nests deeper than `MAX_MESSAGE_DEPTH`
 */
export function parseProperties(text: string): object {
  if (isTooDeep(text)) throw new Error(`it nests deeper than ${MAX_MESSAGE_DEPTH} levels`);
  const properties: unknown = JSON.parse(text);
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    throw new Error('it has no properties');
  return properties;
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
