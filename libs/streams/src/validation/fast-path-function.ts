import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { hasItems, itemsOf } from './collection-items.js';
import type { ValidatedClass } from './message-metadata.js';

/** Returns true when an instance is certainly valid; false means unknown. */
export type Accepts = (instance: object) => boolean;

/** Returns true when a value is certainly valid for a property. */
export type AcceptsValue = (value: unknown) => boolean;

/**
 * Returns true when the constraints of a property apply.
 *
 * If they do not, the property may be missing.
 */
export type Condition = (instance: object, value: unknown) => boolean;

/** One constraint of a property and its arguments. */
export interface ConstraintCheck {
  readonly instance: ValidatorConstraintInterface;
  readonly given: Omit<ValidationArguments, 'object' | 'value'>;
  /** Code that is true for most valid values; the constraint is called for the others. */
  readonly quick?: string;
  /** True when the items of a list, set or map are checked. */
  readonly isForEach: boolean;
  /** The maximum text length for the constraint; a longer text is not accepted. */
  readonly maxTextLength?: number;
}

/** The checks of a property, in running order. */
export interface PropertyCheck {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly constraints: readonly ConstraintCheck[];
  readonly shape: ShapeCheck;
}

/** The check of a value's shape, besides its constraints. */
export interface ShapeCheck {
  readonly accepts: AcceptsValue;
  /** True when texts must be checked too. */
  readonly isForTexts: boolean;
}

type Given = { -readonly [K in keyof ValidationArguments]: ValidationArguments[K] };

/**
 * The values that generated code refers to; the code itself contains only property names of the application.
 */
class Parts {
  readonly all: unknown[] = [];
  /** The statement that ends a check without acceptance. */
  readonly refuse: string;

  constructor(refuse: Accepts) {
    this.refuse = `return ${this.add(refuse)}(o)`;
  }

  /** Adds a value and returns its name in the code. */
  add(part: unknown): string {
    return `p${this.all.push(part) - 1}`;
  }

  /** Returns the function of a body that refers to the values. */
  build(body: string): Accepts {
    const names = this.all.map((_, index) => `p${index}`);
    // oxlint-disable-next-line typescript/no-implied-eval -- straight code costs a third of the same check by closures
    return new Function(...names, `"use strict"; return (o) => {${body}};`)(...this.all) as Accepts;
  }
}

/**
 * Generates the function that checks the instances of a class.
 *
 * It calls `refuse` for an instance that it does not accept, which records that instance.
 *
 * @returns undefined when code generation is disabled (`--disallow-code-generation-from-strings`)
 */
export function fastPathFunction(
  cls: ValidatedClass,
  checks: readonly PropertyCheck[],
  refuse: Accepts,
): Accepts | undefined {
  const parts = new Parts(refuse);
  const known = checks.map(({ name }) => `case ${JSON.stringify(name)}:`).join('');
  // class-validator uses the constructor, which a message may try to set.
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
  // One object for all calls, because no constraint of class-validator keeps its arguments.
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
