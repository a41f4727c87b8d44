import { StreamMessage, type MessageClass } from '@nestwire/protocol';
import { IsString, ValidateBy } from 'class-validator';
import { CONSTRAINTS, constrain } from '../../../../test/rig/compiled/constraint-table.js';
import { cpuMsOf } from '../../../../test/rig/cpu-ms.js';
import { declaredClassOf } from '../endpoint/endpoint-metadata.js';
import { MessageReaders } from './message-reader.js';
import '../../../../test/rig/message-libraries.js';

/** The maximum text length of a frame by default, and a quarter of it. */
const LONG = 65_536;
const SHORT = LONG / 4;
/**
 * Shorter times are not compared, because other work of the process distorts them.
 *
 * An expression of quadratic time takes seconds for a text of this length, one of linear time at most 2 ms.
 */
const NEGLIGIBLE_MS = 40;
/** For a text of four times the length, linear work takes four times as long, quadratic work sixteen times. */
const MOST_GROWTH = 9;
const MORE_ROUNDS = 5;

const UNITS = ['a', ' ', 'a.', '1-', ',', '[', '{"a":', ';a=b', 'é', '😀\uFE0F'];
const STARTS = ['', 'data:text/plain;'];
const TEXTS = UNITS.flatMap((unit) =>
  STARTS.map((start) => ({ long: textOf(start, unit, LONG), short: textOf(start, unit, SHORT) })),
);

function textOf(start: string, unit: string, length: number): string {
  // Flatten the text, because the first reader of a concatenated text flattens it.
  return Buffer.from(start + unit.repeat((length - start.length) / unit.length)).toString();
}

/** Returns texts with the beginning of a valid one. */
function textsOf(good: readonly unknown[]): ReadonlyArray<{ readonly long: string; readonly short: string }> {
  const seed = good.find((value): value is string => typeof value === 'string' && value !== '');
  return seed ? [...TEXTS, { long: textOf(seed, seed, LONG), short: textOf(seed, seed, SHORT) }] : TEXTS;
}

const readers = new MessageReaders(declaredClassOf as never);

function readerOf(decorate: PropertyDecorator, name: string): (text: string) => void {
  class Subject {
    declare readonly $type: 'longText.subject';
    text!: unknown;
  }
  decorate(Subject.prototype, 'text');
  StreamMessage(`longText.${name}` as 'longText.subject')(Subject);
  const read = readers.of(Subject as MessageClass);
  return (text) => {
    try {
      void read({ text });
    } catch {
      // Most texts are refused.
    }
  };
}

/** Returns the violation of the time limit; undefined for linear time. */
function complaintOf(read: (text: string) => void, long: string, short: string): string | undefined {
  let longMs = cpuMsOf(() => read(long));
  let shortMs = 0;
  const isBad = () => longMs > NEGLIGIBLE_MS && longMs > MOST_GROWTH * shortMs;
  // Take the minimum of some rounds, because garbage collections affect only some.
  for (let round = 0; round < MORE_ROUNDS && isBad(); round += 1) {
    longMs = Math.min(
      longMs,
      cpuMsOf(() => read(long)),
    );
    shortMs = Math.min(
      shortMs || Infinity,
      cpuMsOf(() => read(short)),
    );
  }
  if (!isBad()) return undefined;
  return `${longMs.toFixed(2)} ms, ${shortMs.toFixed(2)} ms for a quarter: ${long.slice(0, 30)}`;
}

function complaintsOf(decorate: PropertyDecorator, name: string, good: readonly unknown[]): string[] {
  const read = readerOf(decorate, name);
  return textsOf(good).flatMap(({ long, short }) => complaintOf(read, long, short) ?? []);
}

describe('A long text', () => {
  it.each([...CONSTRAINTS].map(([name, { good }]) => [name, good] as const))(
    'takes linear time with @%s',
    (name, good) => {
      expect(complaintsOf(constrain(name), name, good)).toEqual([]);
    },
  );

  it('takes linear time with a cheap constraint', () => {
    expect(complaintsOf(IsString(), 'cheap', [])).toEqual([]);
  });

  it('is found out where an expression takes quadratic time', () => {
    const validate = (value: string): boolean => / +$/.test(`${value.slice(0, value.length / 5)}x`);
    // It has a name of the library, so that it is called synchronously.
    const slow = ValidateBy({ name: 'isString', validator: { validate } });

    const read = readerOf(slow, 'slow');

    expect(textsOf([]).some(({ long, short }) => complaintOf(read, long, short))).toBe(true);
  });
});
