import * as fc from 'fast-check';
import { Random } from './random.js';
import { shapes, type Shape } from './shapes.js';

/** Data for a class, and what is outside of it. */
export interface MessageCase {
  readonly shape: Shape;
  /** The data, as JSON. */
  readonly text: string;
  readonly isFlipped: boolean;
}

type Container = Record<string, unknown>;

const DATE = { $date: '2026-11-23T10:00:00.000Z' };
const TAGGED = { $type: 'fuzz.nested', n: 1 };
const AUTHOR = { name: 'Ann', id: 5 };

const ODD_KEYS = [
  ...['extra', 'constructor', 'toString', 'hasOwnProperty', '__proto__', 'then', 'toJSON', 'length', '0'],
  ...[
    '$type',
    '$date',
    '$set',
    '$plain',
    '$x',
    '',
    'a',
    'at',
    'n',
    'author',
    'text',
    'in',
    'any',
    '__defineGetter__',
  ],
];

const ODD_VALUES: readonly unknown[] = [
  ...[
    '',
    'a',
    'abc',
    ' x ',
    'x'.repeat(60),
    'red',
    'EUR',
    'magic',
    '2026-11-23',
    '5',
    '\ud800',
    '😀',
    '"\\\n',
  ],
  ...[-6, -1, 0, 1, 2, 5, 10, 1.5, 1.255, 1e21, 1e-7, 2 ** 53, true, false, null, null],
  ...[[], {}, [1], ['a'], [['a']], [null], [{}], ['a', 'a'], [1, 'a'], { length: 1 }, [[], {}]],
  ...[DATE, { $date: 'no' }, { $number: 'NaN' }, { $number: '-Infinity' }, { $number: '-0' }, { $date: 5 }],
  ...[
    { $bigint: '7' },
    { $bigint: 'x' },
    { $bytes: 'AAEC' },
    { $set: [1] },
    { $set: ['a', 1] },
    { $set: [AUTHOR] },
  ],
  ...[
    { $map: [['a', 1]] },
    { $map: [[null, AUTHOR]] },
    { $map: [1] },
    { $plain: { $a: 1 } },
    { $plain: DATE },
  ],
  ...[
    TAGGED,
    { ...TAGGED, n: 'x' },
    { $type: 'nobody' },
    { ...TAGGED, $date: 5 },
    { n: 1, at: DATE, $type: 'fuzz.nested' },
  ],
  ...[
    { $type: 'fuzz.nested', n: TAGGED },
    { ...DATE, x: 1 },
    { $x: 1 },
    { a: { $x: 1 } },
    [TAGGED],
    { a: TAGGED },
  ],
  ...[
    AUTHOR,
    [AUTHOR],
    [[AUTHOR]],
    { ...AUTHOR, extra: 1 },
    { constructor: 1 },
    { toString: 1 },
    { then: 1 },
  ],
  ...[
    { label: 'x', children: [{ label: 1 }] },
    { right: { n: 1 } },
    { kind: 'cat', lives: 1 },
    [{ $number: 'Infinity' }],
  ],
  ...[JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":[],"length":9}'), nested(34), nested(70)],
];

function nested(depth: number): unknown {
  return depth ? (depth % 2 ? [nested(depth - 1)] : { a: nested(depth - 1) }) : 'deep';
}

/** A class of some with data that it accepts, changed in up to three places. */
export function aMessage(among: readonly Shape[] = shapes): fc.Arbitrary<MessageCase> {
  return fc
    .record({
      index: fc.nat(among.length - 1),
      example: fc.nat(11),
      seeds: fc.array(fc.integer(), { maxLength: 3 }),
      isFlipped: fc.boolean(),
    })
    .map(({ index, example, seeds, isFlipped }) => {
      const shape = among[index]!;
      const data = copyOf(shape.accepts[example % shape.accepts.length]) as object;
      for (const seed of seeds) change(data, shape, new Random(seed));
      return { shape, text: JSON.stringify(data), isFlipped };
    });
}

function change(data: object, shape: Shape, random: Random): void {
  const containers = containersIn(data);
  const container = random.once(3) ? random.pick(containers) : containers[0]!;
  const keys = Object.keys(container);
  const kind = random.below(16);
  if (!keys.length || kind === 0) return put(container, random.pick(ODD_KEYS), valueFor(shape, random));
  const name = random.pick(keys);
  const value = container[name];
  if (kind === 1) delete container[name];
  else if (kind === 2) put(container, name, [value]);
  else if (kind === 3) put(container, name, [value, copyOf(value)]);
  else if (kind === 4) reorder(container, name);
  else if (kind < 8) put(container, name, edited(value, random));
  else put(container, name, valueFor(shape, random));
}

/** The objects and lists in some data, outermost first. */
function containersIn(data: unknown): Container[] {
  if (typeof data !== 'object' || data === null) return [];
  return [data as Container, ...Object.values(data).flatMap(containersIn)];
}

function valueFor(shape: Shape, random: Random): unknown {
  const isOwn = shape.values.length > 0 && random.below(3) > 0;
  return copyOf(random.pick(isOwn ? shape.values : ODD_VALUES));
}

/** Puts a key last. */
function reorder(container: Container, name: string): void {
  const value = container[name];
  delete container[name];
  put(container, name, value);
}

/** A value that is a little different. */
function edited(value: unknown, random: Random): unknown {
  if (typeof value === 'number') return random.pick([value + 1, value - 1, -value, value / 3, `${value}`]);
  if (typeof value !== 'string') return Array.isArray(value) ? [...value].slice(random.below(2)) : [value];
  const at = random.below(value.length + 1);
  const added = random.pick(['', '', 'a', '0', ' ', 'é', '\u0000', 'A', '-', '.']);
  return `${value.slice(0, at)}${added}${value.slice(at + random.below(2))}`;
}

function put(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container) && key === 'length') return;
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
