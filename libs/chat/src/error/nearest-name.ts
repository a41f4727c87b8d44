/** The longest name that is compared; a longer one is no slip of the keyboard. */
const MAX_LENGTH = 64;

/**
 * Returns the known name that a misspelled one most likely means.
 *
 * It differs in at most a third of its characters; undefined without such a name.
 */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const [nearest] = known
    .map((candidate) => ({
      candidate,
      edits: editsBetween(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ candidate, edits }) => edits <= Math.max(candidate.length, name.length) / 3)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.candidate;
}

/** Counts the characters to insert, to remove, to replace, or to exchange with the next one. */
function editsBetween(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let at = 1; at <= from.length; at++) {
    const row = (rows[at] = [at]);
    for (let other = 1; other <= to.length; other++) {
      const isSame = from[at - 1] === to[other - 1];
      const isExchanged = from[at - 1] === to[other - 2] && from[at - 2] === to[other - 1];
      row[other] = Math.min(
        rows[at - 1]![other]! + 1,
        row[other - 1]! + 1,
        rows[at - 1]![other - 1]! + (isSame ? 0 : 1),
        isExchanged ? (rows[at - 2]?.[other - 2] ?? Infinity) + 1 : Infinity,
      );
    }
  }
  return rows[from.length]![to.length]!;
}
