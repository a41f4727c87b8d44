import * as fc from 'fast-check';
import { readIsoDate, writeIsoDate } from './iso-date.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('iso-date') });

const MAX_MS = 8.64e15;
const MS_PER_DAY = 86_400_000;

/** Times at which a field of the text changes its length or wraps around. */
const TURNS = [
  ...['0000-01-01', '0000-02-29', '0001-01-01', '0099-12-31', '0100-01-01', '0999-12-31', '1000-01-01'],
  ...['1582-10-15', '1899-12-31', '1900-03-01', '1969-12-31', '1970-01-01', '1972-02-29', '1999-12-31'],
  ...['2000-02-29', '2026-11-23', '2038-01-19', '2100-03-01', '9999-12-31'],
].map((day) => Date.parse(`${day}T00:00:00.000Z`));
const BORDERS = [
  ...['-000001-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z', '-271821-04-20T00:00:00.000Z'],
].map((text) => Date.parse(text));
const STEPS = [
  0,
  1,
  9,
  10,
  99,
  100,
  999,
  1000,
  59_999,
  60_000,
  3_599_999,
  3_600_000,
  MS_PER_DAY - 1,
  MS_PER_DAY,
];

describe('writeIsoDate()', () => {
  it('writes what toISOString writes at every turn of a year, a day, an hour, a minute and a second', () => {
    const times = [...TURNS, ...BORDERS, MAX_MS, -MAX_MS, 0].flatMap((at) =>
      STEPS.flatMap((step) => [at + step, at - step]),
    );
    for (const ms of times.filter((time) => Math.abs(time) <= MAX_MS))
      expect(writeIsoDate(new Date(ms))).toBe(new Date(ms).toISOString());
  });

  it('writes what toISOString writes over the whole range, one day after another or none', () => {
    const aTime = fc.oneof(
      fc.integer({ min: -MAX_MS, max: MAX_MS }),
      fc.integer({ min: -62_167_219_300_000, max: 253_402_300_900_000 }),
      fc.integer({ min: -2 * MS_PER_DAY, max: 2 * MS_PER_DAY }),
    );
    fc.assert(
      fc.property(fc.array(aTime), (times) =>
        times.every((ms) => writeIsoDate(new Date(ms)) === new Date(ms).toISOString()),
      ),
      { numRuns: 2000 },
    );
  });

  it('refuses an invalid date as toISOString does', () => {
    expect(() => writeIsoDate(new Date(Number.NaN))).toThrow(RangeError);
  });
});

describe('readIsoDate()', () => {
  it('reads what toISOString writes for years of four digits, and leaves other years', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const text = date.toISOString();
        const hasFourDigits = text.length === '2026-11-23T10:00:00.000Z'.length;
        return readIsoDate(text)?.getTime() === (hasFourDigits ? date.getTime() : undefined);
      }),
    );
  });

  it('reads no other time than Date does, whatever stands in the places of the digits', () => {
    const twoDigits = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, '0'));
    fc.assert(
      fc.property(fc.array(twoDigits, { minLength: 8, maxLength: 8 }), (parts) => {
        const [century, year, month, day, hours, minutes, seconds, millis] = parts;
        const text = `${century}${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${millis}0Z`;
        const read = readIsoDate(text);
        return read === undefined || read.getTime() === new Date(text).getTime();
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ...['', '2026-11-23', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00.00Z', '2026-11-23T10:00:00.0000Z'],
    ...['2026-11-23T10:00:00.000', '2026-11-23T10:00:00.000z', '2026-11-23T10:00:00.000+00:00'],
    ...['+002026-11-23T10:00:00.000Z', ' 2026-11-23T10:00:00.000Z', '2026-11-23T10:00:00.000Z\n'],
    ...['2026-11-23 10:00:00.000Z', '２０２６-11-23T10:00:00.000Z'],
  ])('does not read %j', (text) => {
    expect(readIsoDate(text)).toBeUndefined();
  });
});
