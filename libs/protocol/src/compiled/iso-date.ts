const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MS_PER_DAY = 86_400_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_SECOND = 1_000;
/** The limits of years with four digits. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const DAY_LENGTH = 'yyyy-mm-ddT'.length;
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

// Successive dates often share a day, so the last day is cached in each direction.
const written = { day: Number.NaN, text: '' };
const read = { text: '', ms: 0 };

/**
 * Parses a date in the format of `toISOString`, for years of four digits.
 *
 * @returns undefined for any other text
 */
export function readIsoDate(text: string): Date | undefined {
  if (!FORM.test(text)) return undefined;
  if (!text.startsWith(read.text) || !read.text) {
    const midnight = text.slice(0, DAY_LENGTH);
    const ms = Date.parse(`${midnight}00:00:00.000Z`);
    if (Number.isNaN(ms)) return undefined;
    read.text = midnight;
    read.ms = ms;
  }
  const hours = numberAt(text, 11);
  const minutes = numberAt(text, 14);
  const seconds = numberAt(text, 17);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const millis = numberAt(text, 20) * 10 + text.charCodeAt(22) - ZERO;
  const time = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE + seconds * MS_PER_SECOND + millis;
  return new Date(read.ms + time);
}

const ZERO = 48;

function numberAt(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}

/**
 * Formats a date like `toISOString`, in about a quarter of its time.
 *
 * @throws {RangeError} for an invalid date
 */
export function writeIsoDate(date: Date): string {
  const ms = date.valueOf();
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return date.toISOString();
  const today = Math.floor(ms / MS_PER_DAY);
  if (today !== written.day) {
    written.text = date.toISOString().slice(0, DAY_LENGTH);
    written.day = today;
  }
  const time = ms - today * MS_PER_DAY;
  const hours = TWO_DIGITS[Math.floor(time / MS_PER_HOUR)];
  const minutes = TWO_DIGITS[Math.floor(time / MS_PER_MINUTE) % 60];
  const seconds = TWO_DIGITS[Math.floor(time / MS_PER_SECOND) % 60];
  const millis = time % MS_PER_SECOND;
  const padding = millis < 10 ? '00' : millis < 100 ? '0' : '';
  return `${written.text}${hours}:${minutes}:${seconds}.${padding}${millis}Z`;
}
