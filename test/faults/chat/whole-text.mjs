/**
 * Returns the whole text of a growing message, of which each piece ends with a space.
 *
 * @param {string} name
 * @param {number} pieces
 */
export function wholeTextOf(name, pieces) {
  return Array.from({ length: pieces }, (_, at) => `${name}:${at} `).join('');
}
