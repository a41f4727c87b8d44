import type { ValidatorConstraintInterface } from 'class-validator';
import { metadataStorage, ValidationTypes } from './decorator-metadata.js';
import type { Accepts } from './fast-path-function.js';
import { linearInstance } from './linear-constraints.js';
import { constraintsOf, type ValidatedClass, type ValidationMetadata } from './message-metadata.js';
import { longestText, sizeLimit, type SizeLimit } from './value-size.js';

/** One constraint of a decorator. */
export interface PlannedConstraint {
  readonly instance: ValidatorConstraintInterface;
  /** The key of its error. */
  readonly type: string;
  /** True when it is marked as asynchronous, or has returned a promise before. */
  isAsync: boolean;
}

/** One constraining decorator of a property. */
export interface PlannedRule {
  readonly metadata: ValidationMetadata;
  readonly constraints: readonly PlannedConstraint[];
  /** The size limit of the decorator, if it is one. */
  readonly size?: SizeLimit;
  /** The maximum text length for the constraints; a longer text is invalid. */
  readonly maxTextLength?: number;
}

/** The rules of one property, in the order in which class-validator applies them. */
export interface PropertyPlan {
  readonly name: string;
  readonly conditions: readonly ValidationMetadata[];
  readonly rules: readonly PlannedRule[];
  /** The rules that limit a size. */
  readonly sizes: readonly PlannedRule[];
  readonly nested: readonly ValidationMetadata[];
  /** The plan of each item, which validates only nested objects. */
  readonly items: PropertyPlan;
  /** True with `@ValidatePromise()`. */
  readonly isPromise: boolean;
}

/** The metadata of a class, looked up once. */
export interface ClassPlan {
  readonly names: ReadonlySet<string>;
  readonly properties: readonly PropertyPlan[];
  /** Accepts most valid instances, including their shape. */
  readonly accepts?: Accepts;
}

/** Returns the compiled check of a class; undefined when it has none. */
export type AcceptsOf = (cls: ValidatedClass) => Accepts | undefined;

/**
 * The plans of classes, each made once.
 *
 * class-validator itself searches all decorated classes of the process for each object.
 */
export class ValidationPlans {
  private readonly plans = new WeakMap<object, ClassPlan>();

  constructor(private readonly acceptsOf: AcceptsOf) {}

  /**
   * Returns the plan of a class; one without properties has no decorators.
   *
   * @throws {TypeError} when the constructor is not a class, as class-validator does
   */
  of(constructor: unknown): ClassPlan {
    const known = this.plans.get(constructor as object);
    if (known) return known;
    const plan = this.make(constructor as ValidatedClass);
    this.plans.set(constructor as object, plan);
    return plan;
  }

  private make(cls: ValidatedClass): ClassPlan {
    const storage = metadataStorage();
    // `never`, because the declared type of the schema's name leaves out undefined, which means any schema.
    const metadatas = storage?.getTargetValidationMetadatas(cls, undefined as never, false, false) ?? [];
    if (!storage || !metadatas.length) return { names: new Set(), properties: [] };
    const grouped = storage.groupByPropertyName(metadatas);
    const properties = Object.entries(grouped).map(([name, of]) => planProperty(name, of));
    const accepts = this.acceptsOf(cls);
    return { names: new Set(Object.keys(grouped)), properties, ...(accepts && { accepts }) };
  }
}

function planProperty(name: string, metadatas: readonly ValidationMetadata[]): PropertyPlan {
  const of = (wanted: string): ValidationMetadata[] => metadatas.filter(({ type }) => type === wanted);
  const constraining = [...of(ValidationTypes.IS_DEFINED), ...of(ValidationTypes.CUSTOM_VALIDATION)];
  const rules = constraining.map((metadata) => planRule(metadata, constraining));
  return {
    name,
    conditions: of(ValidationTypes.CONDITIONAL_VALIDATION),
    rules,
    sizes: rules.filter(({ size }) => size),
    nested: of(ValidationTypes.NESTED_VALIDATION),
    items: planItems(of(ValidationTypes.NESTED_VALIDATION)),
    isPromise: of(ValidationTypes.PROMISE_VALIDATION).length > 0,
  };
}

function planItems(nested: readonly ValidationMetadata[]): PropertyPlan {
  const none = { name: '', conditions: [], rules: [], sizes: [], isPromise: false };
  // The getter refers to the plan itself, because an item may be a list.
  return {
    ...none,
    nested,
    get items() {
      return this;
    },
  };
}

function planRule(metadata: ValidationMetadata, siblings: readonly ValidationMetadata[]): PlannedRule {
  const constraints = constraintsOf(metadata).map(({ instance, name, async }) => ({
    instance: linearInstance(metadata, instance),
    type: name || metadata.type,
    isAsync: async,
  }));
  const size = sizeLimit(metadata);
  const maxTextLength = longestText(metadata, siblings);
  return {
    metadata,
    constraints,
    ...(size && { size }),
    ...(maxTextLength !== undefined && { maxTextLength }),
  };
}
