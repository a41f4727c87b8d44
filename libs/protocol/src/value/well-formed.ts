/** Not every browser has it yet. */
type Text = string & { toWellFormed?(): string };

/** Halves of surrogate pairs: JSON escapes them, UTF-8 has no form for them. */
const HALF = /\p{Surrogate}/gu;

/** The escapes in JSON text behind which half a pair may stand. */
const MAYBE_HALF: readonly string[] = ['\\ud', '\\uD'];

/** Puts U+FFFD in the place of each half of a surrogate pair, as UTF-8 does. */
export function wellFormed(text: string): string {
  return (text as Text).toWellFormed?.() ?? text.replace(HALF, '\ufffd');
}

/** Tells whether JSON text may have half a surrogate pair in it. */
export function mayHaveHalf(json: string): boolean {
  return MAYBE_HALF.some((escape) => json.includes(escape));
}

/** Parses JSON; its texts are well-formed, as those of MessagePack are. */
export function parseWellFormed(json: string): unknown {
  return JSON.parse(json, mayHaveHalf(json) ? mend : undefined);
}

/** Takes texts, well-formed, into the tree of a message. */
export function wellFormedText(value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : undefined;
}

function mend(_: string, value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : value;
}
