import { hasItems, itemsOf } from './collection-items.js';
import { constraintsOf, type ValidationMetadata } from './message-metadata.js';

/** The maximum size of a value according to a decorator of class-validator. */
export interface SizeLimit {
  readonly kind: 'text' | 'list';
  readonly limit: number;
}

/** The maximum length of texts in a format that is short by nature. */
export const MAX_SHORT_FORM_LENGTH = 1_024;
/** The maximum text length for `@Matches()` without a size limit. */
export const MAX_MATCHED_LENGTH = 8_192;
/** The maximum number of UTF-16 units that class-validator counts as one character. */
const UNITS_PER_CHARACTER = 3;

/**
 * The constraints whose valid texts are short.
 *
 * Some take quadratic time for a long text.
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

/** The kind of value that a constraint limits, and the index of its limit among the arguments. */
const SIZES: Readonly<Record<string, readonly [kind: SizeLimit['kind'], argument: number]>> = {
  arrayMaxSize: ['list', 0],
  maxLength: ['text', 0],
  isLength: ['text', 1],
  isByteLength: ['text', 1],
};

/**
 * Returns the size limit of a decorator.
 *
 * Size limits run first. A value above one is refused by that limit, and no other constraint runs.
 */
export function sizeLimit(metadata: ValidationMetadata): SizeLimit | undefined {
  const known = SIZES[nameOf(metadata)];
  const limit: unknown = known && (metadata.constraints as readonly unknown[] | undefined)?.[known[1]];
  return known && typeof limit === 'number' && limit >= 0 ? { kind: known[0], limit } : undefined;
}

/** The size limits of a decorator. */
export interface SizeRule {
  readonly metadata: ValidationMetadata;
  readonly size?: SizeLimit;
  /** The maximum text length for the constraint; a longer text is invalid. */
  readonly maxTextLength?: number;
}

/** Returns true when a value or an item may be too large; the constraint decides. */
export function mayExceed(value: unknown, { metadata, size }: SizeRule): boolean {
  if (!size) return false;
  if (!metadata.each || !hasItems(value)) return isAbove(value, size);
  for (const item of itemsOf(value)) if (isAbove(item, size)) return true;
  return false;
}

/** Returns true when a text is too long for a constraint. */
export function isTooLong(value: unknown, { maxTextLength }: SizeRule): boolean {
  return maxTextLength !== undefined && typeof value === 'string' && value.length > maxTextLength;
}

/** Compares UTF-16 units, which are never fewer than characters. */
function isAbove(value: unknown, { kind, limit }: SizeLimit): boolean {
  if (kind === 'text') return typeof value === 'string' && value.length > limit;
  return Array.isArray(value) && value.length > limit;
}

function nameOf(metadata: ValidationMetadata): string {
  return constraintsOf(metadata)[0]?.name ?? '';
}

/**
 * Returns the maximum text length for a decorator's constraint.
 *
 * A longer text is certainly above a size limit, or not in the short format. An expression of the application
 * may need more than linear time, so a property without a size limit gets one.
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
 * Returns the error of a text that is too long for a constraint.
 *
 * Returns undefined if the constraint reports it.
 */
export function tooLongText(property: string, { metadata, maxTextLength }: SizeRule): string | undefined {
  if (sizeLimit(metadata)) return undefined;
  const name = nameOf(metadata);
  const remedy = name === 'matches' ? ', unless the property has @MaxLength()' : '';
  return `${property} must not be longer than ${maxTextLength} characters for ${name}${remedy}`;
}
