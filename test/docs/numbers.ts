const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, minutes: 60_000, h: 3_600_000 };
const BYTES: Readonly<Record<string, number>> = { KiB: 1_024, MiB: 1_048_576 };
const NUMBER = String.raw`(\d[\d,]*(?:\.\d+)?)(?: (ms|s|minutes|h|KiB|MiB)\b)?`;
const NAME = String.raw`\`(?:[a-z]+\.)*([a-zA-Z]+)\``;
// `healthyMs` (10 s), and the other way round.
const PAIRS = [new RegExp(`${NAME} \\(${NUMBER}\\)`, 'g'), new RegExp(`${NUMBER} \\(${NAME}\\)`, 'g')];

/** A number that a page gives to an option. */
export interface NamedNumber {
  readonly name: string;
  /** In milliseconds, bytes or pieces. */
  readonly value: number;
  readonly text: string;
}

/** Lists the numbers of a page that stand beside the name of their option. */
export function namedNumbersIn(page: string): NamedNumber[] {
  return PAIRS.flatMap((pattern, index) =>
    [...page.matchAll(pattern)].map(([text, ...groups]) => {
      const [name, digits, unit] = index === 0 ? groups : [groups[2], groups[0], groups[1]];
      const factor = unit ? (MS[unit] ?? BYTES[unit])! : 1;
      return { name: name!, value: Number(digits!.replaceAll(',', '')) * factor, text };
    }),
  );
}

/** Lists the options of a reference page whose default is a number, with that number. */
export function defaultsIn(page: string): NamedNumber[] {
  return [...page.matchAll(/^\| `(\w+)` \| (\d[\d,]*)(?! ×)[^|]*\|/gm)].map(([text, name, digits]) => {
    return { name: name!, value: Number(digits!.replaceAll(',', '')), text };
  });
}
