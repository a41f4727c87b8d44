const CLOCK = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

/** Returns the time of day in the reader's locale. */
export function clockTime(date: Date): string {
  return CLOCK.format(date);
}
