const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const date = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

const DAY_MS = 86_400_000;

/** Returns the time of day, as in `14:05`. */
export function clockTime(time: number): string {
  return clock.format(time);
}

/** Returns the time of day without `AM` and `PM`, for narrow places. */
export function narrowTime(time: number): string {
  const parts = clock.formatToParts(time).filter(({ type }) => type !== 'dayPeriod');
  return parts
    .map(({ value }) => value)
    .join('')
    .trim();
}

/** Returns the date and the time in full, for tooltips. */
export function fullTime(time: number): string {
  return full.format(time);
}

/** Returns the day of a time as a heading: `Today`, `Yesterday`, `Monday` or a date. */
export function dayName(time: number, now = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(time) : date.format(time);
}

/** Returns a short time for lists: the time of today, else the day. */
export function listTime(time: number, now = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS);
  if (days <= 0) return clock.format(time);
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(time).slice(0, 3) : short.format(time);
}

/** Returns the first millisecond of the day of a time. */
export function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
