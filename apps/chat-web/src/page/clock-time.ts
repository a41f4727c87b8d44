const CLOCK = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

/** The time of day, as the reader's country writes it. */
export function clockTime(date: Date): string {
  return CLOCK.format(date);
}
