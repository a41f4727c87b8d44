import { IS_OPTIONAL, ValidationTypes } from './decorator-metadata.js';
import {
  fastPathFunction,
  type Accepts,
  type AcceptsValue,
  type Condition,
  type ConstraintCheck,
  type PropertyCheck,
  type ShapeCheck,
} from './fast-path-function.js';
import { quickCode } from './built-in-constraints.js';
import { linearInstance } from './linear-constraints.js';
import {
  constraintsOf,
  isBuiltIn,
  typedClassOf,
  validatedProperties,
  type ValidatedClass,
  type ValidatedProperty,
  type ValidationMetadata,
} from './message-metadata.js';
import {
  isCollection,
  isCollectionClass,
  isNonFinite,
  isOwnClass,
  permitsNonFinite,
  type DeclaredClassOf,
} from './message-shape.js';
import { longestText, sizeLimit } from './value-size.js';

/**
 * Compiles a check that accepts only valid instances of a class.
 *
 * It calls the decorators' own constraint instances, like class-validator, but without searching all
 * decorated classes of the process; the simplest constraints become code. A class with an unknown decorator
 * or option has no check.
 */
export class FastPathChecks {
  /** The refused instances, from the outermost to the invalid one. */
  readonly refused = new WeakSet<object>();
  private readonly checks = new Map<ValidatedClass, Accepts | undefined>();

  constructor(private readonly declaredClassOf: DeclaredClassOf) {}

  /** Returns the check of a class, compiled once; undefined when there is none. */
  of(cls: ValidatedClass): Accepts | undefined {
    const accepts = this.compiled(cls);
    return accepts && withoutThrowing(accepts);
  }

  private compiled(cls: ValidatedClass): Accepts | undefined {
    if (this.checks.has(cls)) return this.checks.get(cls);
    // A class may contain itself, so a placeholder calls the check once it exists.
    this.checks.set(cls, (instance) => own?.(instance) ?? false);
    const own = this.compile(cls);
    this.checks.set(cls, own);
    return own;
  }

  private compile(cls: ValidatedClass): Accepts | undefined {
    const properties = validatedProperties(cls);
    const sample = sampleOf(cls);
    if (!properties.length || !sample) return undefined;
    const checks: PropertyCheck[] = [];
    for (const property of properties) {
      const check = isKnown(property, sample) ? this.propertyCheck(cls, property) : undefined;
      if (!check) return undefined;
      checks.push(check);
    }
    return fastPathFunction(cls, checks, (instance) => {
      this.refused.add(instance);
      return false;
    });
  }

  private propertyCheck(cls: ValidatedClass, property: ValidatedProperty): PropertyCheck | undefined {
    const declared = this.declaredClassOf(cls, property.name);
    const shape = property.types.has(ValidationTypes.NESTED_VALIDATION)
      ? this.nestedCheck(cls, property, declared)
      : plainCheck(property, declared);
    if (!shape) return undefined;
    const conditions = metadatasOf(property, [ValidationTypes.CONDITIONAL_VALIDATION]);
    const constraining = metadatasOf(property, CUSTOM);
    // Size limits are checked before constraints that read a whole text or all items.
    const inOrder = constraining.toSorted((one, other) => rankOf(one) - rankOf(other));
    const constraints = inOrder.map((metadata) => constraintCheck(cls, metadata, constraining));
    return {
      name: property.name,
      conditions: conditions.map(({ constraints: [holds] }) => holds as Condition),
      constraints,
      shape,
    };
  }

  private nestedCheck(
    cls: ValidatedClass,
    property: ValidatedProperty,
    declared: unknown,
  ): ShapeCheck | undefined {
    const typed = typedClassOf(cls, property.name);
    const accepts = typed && this.compiled(typed);
    if (!accepts || declared === Set || declared === Map) return undefined;
    const acceptsItem: AcceptsValue = (value) =>
      value instanceof Object && !isCollection(value) && accepts(value);
    const isList = property.isNestedEach || isCollectionClass(declared);
    const expected = isOwnClass(declared) ? declared : typed;
    const acceptsNested: AcceptsValue = isList
      ? (value) => isPlainList(value) && everyItem(value, acceptsItem)
      : (value) => value instanceof expected && acceptsItem(value);
    return { accepts: (value) => value === undefined || acceptsNested(value), isForTexts: true };
  }
}

const CUSTOM: readonly string[] = [ValidationTypes.IS_DEFINED, ValidationTypes.CUSTOM_VALIDATION];

function metadatasOf({ metadatas }: ValidatedProperty, types: readonly string[]): ValidationMetadata[] {
  return types.flatMap((wanted) => metadatas.filter(({ type }) => type === wanted));
}

/** Names with a meaning in objects; class-validator looks decorators up by name in an object. */
const RESERVED: object = Object.prototype;

function isKnown(property: ValidatedProperty, sample: object): boolean {
  const { name, metadatas } = property;
  if (typeof name !== 'string' || name in RESERVED || isAccessor(sample, name)) return false;
  const nested = metadatasOf(property, [ValidationTypes.NESTED_VALIDATION]);
  return nested.length < 2 && metadatas.every(isKnownDecorator);
}

function isKnownDecorator(metadata: ValidationMetadata): boolean {
  if (metadata.validateIf || metadata.groups?.length) return false;
  const constraints = constraintsOf(metadata);
  switch (metadata.type) {
    case ValidationTypes.WHITELIST:
    case ValidationTypes.NESTED_VALIDATION:
      return constraints.length === 0;
    case ValidationTypes.CONDITIONAL_VALIDATION:
      return metadata.name === IS_OPTIONAL && constraints.length === 0;
    case ValidationTypes.IS_DEFINED:
    case ValidationTypes.CUSTOM_VALIDATION:
      return constraints.length === 1 && constraints.every(isBuiltIn) && !hasMemory(metadata);
    default:
      return false;
  }
}

/** Returns true for constraints with state: sticky expressions, and global ones in options. */
function hasMemory({ constraints }: ValidationMetadata): boolean {
  return (
    constraints?.some((value: unknown) => (value as RegExp | undefined | null)?.sticky || remembers(value)) ??
    false
  );
}

function remembers(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return false;
  return Object.values(options)
    .flat()
    .some((value) => value instanceof RegExp && (value.sticky || value.global));
}

/** Returns true for an accessor, whose value may change between reads. */
function isAccessor(sample: object, name: string): boolean {
  for (let at: object | null = sample; at; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor) return !('value' in descriptor);
  }
  return false;
}

function sampleOf(cls: ValidatedClass): object | undefined {
  try {
    return new cls();
  } catch {
    return undefined;
  }
}

function withoutThrowing(accepts: Accepts): Accepts {
  return (instance) => {
    try {
      return accepts(instance);
    } catch {
      return false;
    }
  };
}

function rankOf(metadata: ValidationMetadata): number {
  return sizeLimit(metadata) ? 0 : 1;
}

function constraintCheck(
  cls: ValidatedClass,
  metadata: ValidationMetadata,
  siblings: readonly ValidationMetadata[],
): ConstraintCheck {
  const { each, propertyName: property, constraints } = metadata;
  const instance = linearInstance(metadata, constraintsOf(metadata)[0].instance);
  const given = { targetName: cls.name, property, constraints };
  const quick = each ? undefined : quickCode(metadata);
  const maxTextLength = longestText(metadata, siblings);
  const limits = { ...(quick && { quick }), ...(maxTextLength !== undefined && { maxTextLength }) };
  return { instance, given, isForEach: Boolean(each), ...limits };
}

function plainCheck(property: ValidatedProperty, declared: unknown): ShapeCheck {
  const isFinite = permitsNonFinite(property, declared) ? acceptsAll : acceptsFinite;
  if (!isCollectionClass(declared)) return { accepts: isFinite, isForTexts: false };
  const accepts: AcceptsValue = (value) => isMissing(value) || (value instanceof declared && isFinite(value));
  return { accepts, isForTexts: true };
}

function acceptsAll(): boolean {
  return true;
}

function acceptsFinite(value: unknown): boolean {
  return !isNonFinite(value);
}

function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Returns true for a list without overridden methods, which class-validator would call. */
function isPlainList(value: unknown): value is unknown[] {
  return Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype;
}

/** Checks all items including holes, which `every()` skips. */
function everyItem(items: readonly unknown[], accepts: AcceptsValue): boolean {
  for (const item of items) if (!accepts(item)) return false;
  return true;
}
