import {
  ArrayUnique,
  arrayUnique,
  getMetadataStorage,
  IsByteLength,
  Length,
  MinLength,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { Random } from '../../../../test/rig/compiled/random.js';
import { linearInstance } from './linear-constraints.js';
import { constraintsOf } from './message-metadata.js';
import '../../../../test/rig/message-libraries.js';

const ROUNDS = 3_000;

type Ask = (value: unknown) => unknown;

/** Returns the library's constraint of a decorator, and its linear form. */
function bothOf(decorate: PropertyDecorator): {
  readonly original: Ask;
  readonly quick: Ask;
  isSame: boolean;
} {
  class Subject {}
  decorate(Subject.prototype, 'property');
  const [metadata] = getMetadataStorage().getTargetValidationMetadatas(Subject, '', false, false);
  const { instance } = constraintsOf(metadata!)[0]!;
  const quick = linearInstance(metadata!, instance);
  const args = { property: 'property', constraints: metadata!.constraints } as ValidationArguments;
  const ask = (asked: typeof instance): Ask => {
    return (value) => {
      try {
        return asked.validate(value, args);
      } catch (error) {
        return String(error);
      }
    };
  };
  return { original: ask(instance), quick: ask(quick), isSame: instance === quick };
}

const SHARED = { id: 1 };
const ITEMS = [0, -0, 1, 2, '1', '', null, undefined, Number.NaN, true, 5n, SHARED, { id: 1 }, { id: 2 }, []];

function someItem(random: Random): unknown {
  return random.pick([...ITEMS, ...Array.from({ length: 20 }, (_, index) => ({ id: index })), {}]);
}

function someList(random: Random): unknown {
  if (random.once(20)) return random.pick<unknown>([null, undefined, 'ab', { length: 0 }, new Set([1, 1])]);
  const list = Array.from({ length: random.below(8) }, () => someItem(random));
  if (random.once(20)) list.length += 1;
  if (random.once(20)) return Object.assign(list, { filter: () => [], indexOf: () => 0 });
  return list;
}

const UNITS = ['a', 'é', 'あ', '😀', '😀\uFE0F', '\uFE0F', '\uD83D', '\uDE00', '\n', '\u2028', '%', ' '];

function someText(random: Random): unknown {
  if (random.once(20)) return random.pick<unknown>([null, undefined, 5, {}, ['a']]);
  return Array.from({ length: random.below(12) }, () => random.pick(UNITS)).join('');
}

describe('The linear form of a constraint', () => {
  it.each([
    ['ArrayUnique()', ArrayUnique(), someList],
    ['ArrayUnique(identifier)', ArrayUnique((item: { id: unknown }) => item.id), someList],
    [
      'ArrayUnique(identifier that throws)',
      ArrayUnique((item: { id: { at: number } }) => item.id.at),
      someList,
    ],
    ['MinLength(3)', MinLength(3), someText],
    ['Length(3)', Length(3), someText],
    ['IsByteLength(5)', IsByteLength(5), someText],
    ['IsByteLength(3, 12)', IsByteLength(3, 12), someText],
  ] as const)('answers as %s of the library does', (_, decorate, make) => {
    const { original, quick, isSame } = bothOf(decorate);
    const random = new Random(1);
    const answers = new Set<unknown>();

    expect(isSame).toBe(false);
    for (let round = 0; round < ROUNDS; round += 1) {
      const value = make(random);
      const answer = original(value);
      answers.add(answer);
      if (quick(value) !== answer)
        throw new Error(`Another answer than ${String(answer)} to ${textOf(value)}`);
    }
    expect(answers).toContain(true);
    expect(answers).toContain(false);
  });

  it('asks an identifier as often as the library does', () => {
    const asked: unknown[] = [];
    const { quick } = bothOf(ArrayUnique((item) => asked.push(item)));

    expect(asked).toEqual([]);
    expect(quick(['a', null, 'b', 'a'])).toBe(true);
    expect(asked).toEqual(['a', 'b', 'a']);
  });

  it('is not there for one of the application under a name of the library', () => {
    const own = (validate: (value: unknown) => boolean) =>
      ValidateBy({ name: 'arrayUnique', validator: { validate } });

    expect(bothOf(own((value) => arrayUnique(value as unknown[]) && value !== 'x')).isSame).toBe(true);
    expect(bothOf(own(() => true)).isSame).toBe(true);
    expect(bothOf(own(Array.isArray)).isSame).toBe(true);
  });
});

function textOf(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `[${String(value)}]`;
}
