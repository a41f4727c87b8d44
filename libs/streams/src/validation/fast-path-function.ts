import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { hasItems, itemsOf } from './collection-items.js';
import type { ValidatedClass } from './message-metadata.js';

/**
 * Tells whether an instance is certainly valid.
 *
 * False says only that class-validator has to look.
 */
export type Accepts = (instance: object) => boolean;

/** Tells whether a value is certainly what a property may hold. */
export type AcceptsValue = (value: unknown) => boolean;

/** Tells whether the constraints of a property apply; where not, it may be missing. */
export type Condition = (instance: object, value: unknown) => boolean;

/** One constraint of a property, with what class-validator gives it to know. */
export interface ConstraintCheck {
  readonly instance: ValidatorConstraintInterface;
  readonly given: Omit<ValidationArguments, 'object' | 'value'>;
  /** Code that is true of most values that the constraint accepts; it is asked about the others. */
  readonly quick?: string;
  /** Whether a list, a set or a map is checked item by item. */
  readonly isForEach: boolean;
  /** The longest text that the constraint is asked about; a longer one is not accepted. */
  readonly maxTextLength?: number;
}

/** What a property is checked for, in this order. */
export interface PropertyCheck {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly constraints: readonly ConstraintCheck[];
  readonly shape: ShapeCheck;
}

/** What a value must be beside its constraints. */
export interface ShapeCheck {
  readonly accepts: AcceptsValue;
  /** Whether a text may be wrong too; else it is not asked about. */
  readonly isForTexts: boolean;
}

type Given = { -readonly [K in keyof ValidationArguments]: ValidationArguments[K] };

/** What generated code calls; of the application's own text nothing but property names gets into it. */
class Parts {
  readonly all: unknown[] = [];
  /** The statement that ends a check without acceptance. */
  readonly refuse: string;

  constructor(refuse: Accepts) {
    this.refuse = `return ${this.add(refuse)}(o)`;
  }

  /** Returns the name of a part in the code. */
  add(part: unknown): string {
    return `p${this.all.push(part) - 1}`;
  }

  /** Returns the function whose body may use the parts. */
  build(body: string): Accepts {
    const names = this.all.map((_, index) => `p${index}`);
    // oxlint-disable-next-line typescript/no-implied-eval -- straight code costs a third of the same check by closures
    return new Function(...names, `"use strict"; return (o) => {${body}};`)(...this.all) as Accepts;
  }
}

/**
 * Generates the function that checks the instances of a class.
 *
 * It answers with `refuse` where it does not accept one, so that others learn which instance that was.
 *
 * @returns undefined where code must not be generated (`--disallow-code-generation-from-strings`)
 */
export function fastPathFunction(
  cls: ValidatedClass,
  checks: readonly PropertyCheck[],
  refuse: Accepts,
): Accepts | undefined {
  const parts = new Parts(refuse);
  const known = checks.map(({ name }) => `case ${JSON.stringify(name)}:`).join('');
  // class-validator goes by the constructor, which a message may try to set.
  const body = [
    `if (o.constructor !== ${parts.add(cls)}) ${parts.refuse};`,
    `for (const key in o) switch (key) { ${known} break; default: ${parts.refuse}; }`,
    'let v;',
    ...checks.map((check) => propertyCode(check, parts)),
    'return true;',
  ];
  try {
    return parts.build(body.join('\n'));
  } catch {
    return undefined;
  }
}

function propertyCode({ name, conditions, constraints, shape }: PropertyCheck, parts: Parts): string {
  const checks = [
    ...constraints.map((constraint) => constraintCode(constraint, parts)),
    `if (${shape.isForTexts ? '' : "typeof v !== 'string' && "}!${parts.add(shape.accepts)}(v)) ${parts.refuse};`,
  ].join('\n');
  const read = `v = o[${JSON.stringify(name)}];`;
  if (!conditions.length) return `${read}\n${checks}`;
  const holds = conditions.map((condition) => `${parts.add(condition)}(o, v)`).join(' && ');
  return `${read}\nif (${holds}) {${checks}} else if (v !== undefined && v !== null) ${parts.refuse};`;
}

function constraintCode(check: ConstraintCheck, parts: Parts): string {
  const { instance, given, isForEach, quick, maxTextLength } = check;
  if (isForEach) return `if (!${parts.add(eachItem(check))}(v, o)) ${parts.refuse};`;
  // One object for all calls: no constraint of class-validator keeps its arguments.
  const reused: Given = { ...given, value: undefined, object: NOTHING };
  const [validator, args] = [parts.add(instance), parts.add(reused)];
  const ask = `${args}.value = v; ${args}.object = o; if (${validator}.validate(v, ${args}) !== true) ${parts.refuse};`;
  const isTooLong = `typeof v === 'string' && v.length > ${maxTextLength}`;
  const guarded = maxTextLength === undefined ? ask : `if (${isTooLong}) ${parts.refuse}; ${ask}`;
  return quick ? `if (!(${quick})) { ${guarded} }` : guarded;
}

const NOTHING: object = Object.freeze({});

function eachItem({ instance, given, maxTextLength = Infinity }: ConstraintCheck) {
  return (value: unknown, object: object): boolean => {
    const args = { ...given, value, object };
    const accepts = (item: unknown): boolean =>
      !(typeof item === 'string' && item.length > maxTextLength) && instance.validate(item, args) === true;
    if (!hasItems(value)) return accepts(value);
    for (const item of itemsOf(value)) if (!accepts(item)) return false;
    return true;
  };
}
