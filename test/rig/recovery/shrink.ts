/**
 * Removes items from a failing run while it still fails (ddmin).
 *
 * It tries the run without each part of a size, halves the size, and ends when no single item can be removed
 * or after `maxMs`.
 */
export async function shrink<T>(
  run: readonly T[],
  fails: (run: readonly T[]) => Promise<boolean>,
  maxMs: number,
): Promise<readonly T[]> {
  const end = performance.now() + maxMs;
  let shortest = run;
  let size = Math.ceil(run.length / 2);
  while (size > 0) {
    const before = shortest.length;
    // From the end on: steps behind the failure are never needed.
    for (let from = before - size; from > -size; from -= size) {
      if (performance.now() > end) return shortest;
      const shorter = [...shortest.slice(0, Math.max(from, 0)), ...shortest.slice(from + size)];
      if (await fails(shorter)) shortest = shorter;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (shortest.length === before) size = 0;
  }
  return shortest;
}
