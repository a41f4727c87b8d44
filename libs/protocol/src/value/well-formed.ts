/** A string; older browsers lack `toWellFormed`. */
type Text = string & { toWellFormed?(): string };

/** A lone surrogate: JSON escapes it, UTF-8 cannot express it. */
const HALF = /\p{Surrogate}/gu;

/** The escapes in JSON text that may start a lone surrogate. */
const MAYBE_HALF: readonly string[] = ['\\ud', '\\uD'];

/** Replaces lone surrogates by U+FFFD, as UTF-8 encoders do. */
export function wellFormed(text: string): string {
  return (text as Text).toWellFormed?.() ?? text.replace(HALF, '\ufffd');
}

/** Returns true when JSON text may contain a lone surrogate. */
export function mayHaveHalf(json: string): boolean {
  return MAYBE_HALF.some((escape) => json.includes(escape));
}

/** Parses JSON; lone surrogates in its texts are replaced. */
export function parseWellFormed(json: string): unknown {
  return JSON.parse(json, mayHaveHalf(json) ? mend : undefined);
}

/** Replaces lone surrogates of a text; undefined for other values. */
export function wellFormedText(value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : undefined;
}

function mend(_: string, value: unknown): unknown {
  return typeof value === 'string' ? wellFormed(value) : value;
}
