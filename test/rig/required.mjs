/**
 * Returns a value that must be there.
 *
 * @template T
 * @param {T | null | undefined} value
 * @param {string} name names it in the error
 * @returns {T}
 * @throws {Error} when it is missing
 */
export function required(value, name) {
  if (value === undefined || value === null) throw new Error(`There is no ${name}.`);
  return value;
}
