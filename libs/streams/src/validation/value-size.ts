import { hasItems, itemsOf } from './collection-items.js';
import { constraintsOf, type ValidationMetadata } from './message-metadata.js';

/** The most that a value may have, as a decorator of class-validator says it. */
export interface SizeLimit {
  readonly kind: 'text' | 'list';
  readonly limit: number;
}

/** The longest text of a form that is short by nature. */
export const MAX_SHORT_FORM_LENGTH = 1_024;
/** The longest text that `@Matches()` takes where no size limit stands beside it. */
export const MAX_MATCHED_LENGTH = 8_192;
/** A character that class-validator counts as one has at most so many units of UTF-16. */
const UNITS_PER_CHARACTER = 3;

/**
 * The constraints whose valid texts are short.
 *
 * Some of them take quadratic time for a long text.
 */
export const SHORT_FORMS: ReadonlySet<string> = new Set([
  ...['isBIC', 'isBooleanString', 'isBtcAddress', 'isCreditCard', 'isCurrency', 'isDateString', 'isDecimal'],
  ...['isEAN', 'isEmail', 'isEthereumAddress', 'IsFirebasePushId', 'isFqdn', 'isHSL', 'isHash', 'isHexColor'],
  ...['isIBAN', 'isIdentityCard', 'isIp', 'isIsbn', 'isIsin', 'isISO31661Alpha2', 'isISO31661Alpha3'],
  ...['isISO31661Numeric', 'isISO4217CurrencyCode', 'isISO6391', 'isIso8601', 'isISRC', 'isISSN'],
  ...['isLatLong', 'isLatitude', 'isLocale', 'isLongitude', 'isMacAddress', 'isMilitaryTime', 'isMimeType'],
  ...['isMobilePhone', 'isMongoId', 'isOctal', 'isPassportNumber', 'isPhoneNumber', 'isPort', 'isPostalCode'],
  ...['isRFC3339', 'isRgbColor', 'isSemVer', 'isStrongPassword', 'isTaxId', 'isTimeZone', 'isUuid'],
]);

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

/**
 * Tells whether a value, or one of its items, may be too large.
 *
 * The constraint has the last word.
 */
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

/**
 * Returns the longest text that a decorator's constraint is asked about.
 *
 * A longer text is certainly above a size limit, or no short form. An expression of the application may
 * take longer than linear time, so that a property without a size limit of its own gets one.
 */
export function longestText(
  metadata: ValidationMetadata,
  siblings: readonly ValidationMetadata[],
): number | undefined {
  const name = nameOf(metadata);
  const size = sizeLimit(metadata);
  if (size?.kind === 'text') return size.limit * (name === 'isByteLength' ? 1 : UNITS_PER_CHARACTER);
  if (SHORT_FORMS.has(name)) return MAX_SHORT_FORM_LENGTH;
  const isLimited = siblings.some((sibling) => sizeLimit(sibling)?.kind === 'text');
  return name === 'matches' && !isLimited ? MAX_MATCHED_LENGTH : undefined;
}

/**
 * Returns the error about a text that is too long for a constraint.
 *
 * Undefined where the constraint tells it by itself.
 */
export function tooLongText(property: string, { metadata, maxTextLength }: SizeRule): string | undefined {
  if (sizeLimit(metadata)) return undefined;
  const name = nameOf(metadata);
  const remedy = name === 'matches' ? ' without a @MaxLength() of the property' : '';
  return `${property} must not be longer than ${maxTextLength} characters for ${name}${remedy}`;
}
