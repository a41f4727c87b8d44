import { createHash } from 'node:crypto';
import { StreamMessage } from '@nestwire/protocol';
import { decodeMessage } from '@nestwire/protocol/internal';
import * as fc from 'fast-check';
import { deepFreeze } from '../../../libs/messages/src/pubsub/frozen.js';
import { Random } from './random.js';
import { shapes, type Shape } from './shapes.js';
import { WithToJson } from './shapes.constructed.js';
import { Author, Defaulted, HoldsStrict, Tagged, Writer } from './shapes.nested.js';

/** An instance that an application may make, told by a seed: made twice it is the same. */
export interface InstanceCase {
  readonly shape: Shape;
  readonly seed: number;
}

/** Makes one odd value. */
type Make = (random: Random, depth: number) => unknown;

const MAX_DEPTH = 3;

class LateDate extends Date {}
class WordyDate extends Date {
  override toISOString(): string {
    return 'soon';
  }
}
class OtherDate extends Date {
  override valueOf(): number {
    return 5;
  }
}
class OddDate extends Date {
  override getTime(): number {
    return 7;
  }
}
class Items extends Array<unknown> {}
class Secret {
  #hidden = 1;
  shown = this.#hidden;
  get [Symbol.toStringTag](): string {
    return 'Secret';
  }
}
class Arrowed {
  shown = 1;
  act = (): number => this.shown;
}
class Replaced {
  shown = 1;
  toJSON(): unknown {
    return [this.shown];
  }
}
StreamMessage('fuzz.replaced')(Replaced as never);
/** No message, so that its method counts. */
class WritesItself {
  shown = 1;
  toJSON(): unknown {
    return [this.shown];
  }
}

class Record1 {
  [key: string]: unknown;
}

const INHERITED = { inherited: 1 };
const TEXTS = [
  ...['', 'x', 'two words', '"', '\\', '\n', '\u0000', '\u001f', '\u007f', '\u2028', '\ud800', '\udc00x'],
  ...['\ud83d\ude00', 'a\ude00\ud83d', 'é', '\uffff', '$date', '__proto__', 'x'.repeat(300)],
];
const NUMBERS = [0, -0, 1, -1.5, 1e21, 1e-7, 5e-324, 2 ** 53, NaN, Infinity, -Infinity, 0.1 + 0.2];
const TIMES = [
  0,
  -1,
  1.7e12,
  -62167219200001,
  -62167219200000,
  253402300799999,
  253402300800000,
  8.64e15,
  NaN,
];
const KEYS = [
  ...[
    'a',
    'b',
    '',
    'é',
    '"',
    '\ud800',
    '0',
    '10',
    '01',
    '-1',
    '$a',
    '$type',
    '$date',
    'constructor',
    'toString',
  ],
  ...['__proto__', 'toJSON', 'length', 'name', 'at', 'n', 'in', 'any', 'list', 'author', '4294967295'],
];
const CLASSES: readonly (new () => object)[] = [
  ...[
    Author,
    Writer,
    Tagged,
    Defaulted,
    HoldsStrict,
    Record1,
    Secret,
    Arrowed,
    Replaced,
    WritesItself,
    Items,
    WithToJson,
  ],
];

const SIMPLE: readonly Make[] = [
  ...[() => undefined, () => null, () => true, () => false],
  (random) => random.pick(NUMBERS),
  (random) => random.below(1000) / 8,
  (random) => random.pick(TEXTS),
  (random) => random.pick(TEXTS) + random.pick(TEXTS),
  (random) => new Date(random.pick(TIMES)),
  (random) => new Date((random.below(2 ** 32) - 2 ** 31) * 1e5),
];

// No promises, and nothing that passes for one: class-transformer makes promises of them that nobody waits
// for, and one that fails ends the process. What is compiled leaves them alone; a spec of its own holds that.
const ODD: readonly Make[] = [
  (random) => BigInt(random.below(99)),
  ...[() => 10n ** 2000n, () => Symbol.iterator, () => Math.max, () => (): number => 1],
  (random) => new (random.pick([LateDate, WordyDate, OtherDate, OddDate]))(random.pick(TIMES)),
  (random) => Object.assign(new Date(random.pick(TIMES)), { toISOString: () => 'own' }),
  (random) => Object.assign(new Date(random.pick(TIMES)), { extra: 1 }),
  () => Object.create(Date.prototype) as unknown,
  ...[
    () => new Uint8Array([1, 2]),
    () => Buffer.from('x'),
    () => new Float64Array(1),
    () => new ArrayBuffer(1),
  ],
  ...[
    () => Object.assign(new Error('x'), { stack: '' }),
    () => /x/,
    () => new URL('http://a.org'),
    () => Object('x'),
    () => Object(1),
  ],
  ...[() => new WeakMap(), () => createHash('md5'), () => new Proxy([1, 'a'], {})],
  (random, depth) => new Map([[value(random, depth), value(random, depth)]]),
  (random, depth) => new Set([value(random, depth), value(random, depth)]),
  (random, depth) => holey(random, depth),
  (random, depth) => Object.assign([value(random, depth)], { extra: value(random, depth) }),
  (random, depth) => Items.from([value(random, depth)]),
  (random, depth) => Object.assign(Object.create(null) as object, plain(random, depth)),
  (random, depth) => Object.assign(Object.create(INHERITED) as object, plain(random, depth)),
  (random, depth) => Object.assign(plain(random, depth), { toJSON: () => 5 }),
  (random, depth) => Object.assign(plain(random, depth), { [Symbol.toStringTag]: 'Own' }),
  (random, depth) => Object.assign(plain(random, depth), { [Symbol.for('fuzz')]: 1 }),
  (random, depth) => Object.defineProperty(plain(random, depth), 'got', { enumerable: true, get: () => 'x' }),
  (random, depth) => Object.defineProperty(plain(random, depth), 'hidden', { value: 'x' }),
  (random, depth) => new Proxy(plain(random, depth), {}),
  (random) => tower(random.pick([20, 31, 32, 33, 34, 40, 80])),
  (random) => (random.once(20) ? cycle() : null),
];

/** A class, and a seed for an instance of it. */
export const anInstance: fc.Arbitrary<InstanceCase> = fc
  .record({ index: fc.nat(shapes.length - 1), seed: fc.integer() })
  .map(({ index, seed }) => ({ shape: shapes[index]!, seed }));

/** Makes the instance: one that data gives, or an empty one, with odd values put in. */
export function makeInstance({ shape, seed }: InstanceCase): object {
  const random = new Random(seed);
  const message = startOf(shape, random);
  const changes = random.pick([0, 1, 1, 2, 4]);
  for (let change = 0; change < changes; change += 1) changeInstance(message, random);
  if (random.once(4)) deepFreeze(message);
  return message;
}

function startOf({ cls, accepts }: Shape, random: Random): object {
  if (random.once(4)) return Object.create(cls.prototype as object) as object;
  return decodeMessage(cls, structuredClone(random.pick(accepts)));
}

function changeInstance(message: object, random: Random): void {
  const holders = holdersIn(message, 0);
  if (!holders.length) return;
  const holder = random.once(2) ? random.pick(holders) : message;
  const keys = Object.keys(holder);
  const key = keys.length && random.below(3) ? random.pick(keys) : random.pick(KEYS);
  const made = random.once(2000) ? message : value(random, 0);
  try {
    if (random.once(12)) delete (holder as Record<string, unknown>)[key];
    else
      Object.defineProperty(holder, key, {
        value: made,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  } catch {
    // Some are frozen from the start.
  }
}

function holdersIn(holder: unknown, depth: number): object[] {
  if (typeof holder !== 'object' || holder === null || depth > MAX_DEPTH || Object.isFrozen(holder))
    return [];
  return [holder, ...Object.values(holder).flatMap((held) => holdersIn(held, depth + 1))];
}

function value(random: Random, depth: number): unknown {
  if (depth > MAX_DEPTH || random.below(3) > 0) return random.pick(SIMPLE)(random, depth);
  const kind = random.below(8);
  if (kind < 2) return Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  if (kind < 4) return plain(random, depth);
  if (kind < 6) return instance(random, depth);
  return odd(random, depth + 1);
}

/** Odd values may not go together: a frozen prototype lets nothing be assigned. */
function odd(random: Random, depth: number): unknown {
  try {
    return random.pick(ODD)(random, depth);
  } catch {
    return null;
  }
}

function plain(random: Random, depth: number): object {
  return filled({}, random, depth);
}

function instance(random: Random, depth: number): object {
  const cls = random.once(2)
    ? random.pick(CLASSES)
    : (random.pick(shapes).cls as unknown as new () => object);
  const made = random.once(3) ? (Object.create(cls.prototype as object) as object) : construct(cls);
  return filled(made, random, depth);
}

function construct(cls: new () => object): object {
  try {
    return new cls();
  } catch {
    return Object.create(cls.prototype as object) as object;
  }
}

function filled(target: object, random: Random, depth: number): object {
  const count = random.below(4);
  for (let at = 0; at < count && Object.isExtensible(target); at += 1) {
    const made = value(random, depth + 1);
    const key = random.pick(KEYS);
    if (Object.getOwnPropertyDescriptor(target, key)?.configurable === false) continue;
    Object.defineProperty(target, key, { value: made, enumerable: true, configurable: true, writable: true });
  }
  return target;
}

function holey(random: Random, depth: number): unknown[] {
  const items = [value(random, depth), value(random, depth), value(random, depth)];
  Reflect.deleteProperty(items, random.below(3));
  return items;
}

function tower(depth: number): unknown {
  return depth ? (depth % 2 ? [tower(depth - 1)] : { a: tower(depth - 1) }) : new Date(5);
}

function cycle(): object {
  const one: Record<string, unknown> = {};
  one.list = [{ one }];
  return one;
}
