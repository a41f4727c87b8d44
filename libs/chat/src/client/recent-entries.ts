/**
 * Puts an entry last, and drops the first ones beyond a limit.
 *
 * Those in use are neither dropped nor counted.
 */
export function putLast<K, V>(
  entries: Map<K, V>,
  [key, value]: readonly [K, V],
  limit: number,
  isUsed?: (value: V) => boolean,
): void {
  entries.delete(key);
  const unused = [...entries].filter(([, other]) => !isUsed?.(other));
  for (const [dropped] of unused.slice(0, -limit)) entries.delete(dropped);
  entries.set(key, value);
}
