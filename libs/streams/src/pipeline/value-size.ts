import { hasItems, itemsOf } from './collection-items.js';
import { constraintsOf, type ValidationMetadata } from './message.metadata.js';

/** The most that a value may have, as a decorator of class-validator says it. */
export interface SizeLimit {
  readonly kind: 'text' | 'list';
  readonly limit: number;
}

/** The kind of value that a constraint limits, and where its limit stands among its arguments. */
const SIZES: Readonly<Record<string, readonly [kind: SizeLimit['kind'], argument: number]>> = {
  arrayMaxSize: ['list', 0],
  maxLength: ['text', 0],
  isLength: ['text', 1],
  isByteLength: ['text', 1],
};

/**
 * Returns the most that a decorator permits a text or a list to have.
 *
 * Sizes are checked first: a text or a list that is too large is refused as that, and nothing else
 * looks at it.
 */
export function sizeLimit(metadata: ValidationMetadata): SizeLimit | undefined {
  const known = SIZES[nameOf(metadata)];
  const limit: unknown = known && (metadata.constraints as readonly unknown[] | undefined)?.[known[1]];
  return known && typeof limit === 'number' && limit >= 0 ? { kind: known[0], limit } : undefined;
}

/** What a decorator says of sizes. */
export interface SizeRule {
  readonly metadata: ValidationMetadata;
  readonly size?: SizeLimit;
  /** The longest text that the constraint is asked about; a longer one is invalid. */
  readonly maxTextLength?: number;
}

/** Tells whether a value, or one of its items, may be too large; the constraint has the last word. */
export function mayExceed(value: unknown, { metadata, size }: SizeRule): boolean {
  if (!size) return false;
  if (!metadata.each || !hasItems(value)) return isAbove(value, size);
  for (const item of itemsOf(value)) if (isAbove(item, size)) return true;
  return false;
}

/** Tells whether a text is too long for a constraint to be asked about it. */
export function isTooLong(value: unknown, { maxTextLength }: SizeRule): boolean {
  return maxTextLength !== undefined && typeof value === 'string' && value.length > maxTextLength;
}

/** A text may have more units of UTF-16 than characters. */
function isAbove(value: unknown, { kind, limit }: SizeLimit): boolean {
  if (kind === 'text') return typeof value === 'string' && value.length > limit;
  return Array.isArray(value) && value.length > limit;
}

function nameOf(metadata: ValidationMetadata): string {
  return constraintsOf(metadata)[0]?.name ?? '';
}

/** Returns the longest text that a decorator's constraint is asked about. */
export function longestText(metadata: ValidationMetadata, isSized: boolean): number | undefined {
  return undefined;
}
