import type { ErrorDetail } from '@nestwire/protocol';
import type { ValidatorConstraintInterface } from 'class-validator';
import { hasItems, itemsOf, type Items } from './collection-items.js';
import { argumentsOf, errorText } from './error-text.js';
import { MAX_DETAILS, MAX_PATH, unknownProperty } from './message-details.js';
import type { ValidationMetadata } from './message-metadata.js';
import { isPromiseLike } from './promise-like.js';
import type {
  ClassPlan,
  PlannedConstraint,
  PlannedRule,
  PropertyPlan,
  ValidationPlans,
} from './validation-plan.js';
import { isTooLong, mayExceed, tooLongText } from './value-size.js';

/** The maximum number of asynchronous constraints per message that run at once. */
const MAX_ASKED_AT_ONCE = 64;

/** Assumed CPU time of one asynchronous constraint, in milliseconds, because it cannot be measured. */
const UNMEASURED_QUESTION_MS = 0.05;

/** The path of a value as a linked list; the text is built only for an error. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

/** The errors at one path by constraint type, as class-validator groups them. */
interface Found {
  readonly place: Place | undefined;
  readonly constraints: Record<string, string>;
  /** The code of these errors, if they have one. */
  readonly code?: string;
}

/** A value during its validation. */
interface Asked {
  readonly object: object;
  readonly value: unknown;
  readonly place: Place;
  found?: Found;
}

/** A failed constraint, with the facts for its text. */
interface Refusal {
  readonly metadata: ValidationMetadata;
  readonly type: string;
  readonly instance?: ValidatorConstraintInterface;
  /** The target in the text; the object by default. */
  readonly target?: object;
  /** The text; set when the constraint was not called. */
  readonly text?: string;
}

/**
 * Validates one message like class-validator, with limited errors and cost.
 *
 * It calls the constraints of class-validator and of the application in class-validator's order, and uses its
 * texts. It stops at the maximum number of errors, and skips instances that the compiled check accepts. For a
 * text or list above its size limit, it calls only that limit.
 */
export class BoundedValidation {
  private readonly found: Found[] = [];
  private readonly pending: Promise<void>[] = [];
  /** The asynchronous constraints, which run after the synchronous ones. */
  private readonly deferred: (() => void)[] = [];
  private errors = 0;
  private workMs = 0;

  constructor(
    private readonly plans: ValidationPlans,
    /** The instances that the compiled check has refused, so it is not called again. */
    private readonly refused: Pick<WeakSet<object>, 'has'>,
  ) {}

  /** The CPU time of asynchronous constraints, in milliseconds. */
  get laterMs(): number {
    return this.workMs;
  }

  /**
   * Returns the errors; a promise if a constraint is asynchronous.
   *
   * @throws {unknown} any error that a constraint throws
   */
  errorsOf(message: object): readonly ErrorDetail[] | Promise<readonly ErrorDetail[]> {
    this.visitObject(message, undefined);
    return this.pending.length || this.deferred.length ? this.settled() : this.details();
  }

  private async settled(): Promise<readonly ErrorDetail[]> {
    do {
      // A promise in a property may add more of them.
      while (this.pending.length) await Promise.all(this.pending.splice(0));
      if (!this.isFull()) this.askDeferred();
    } while (this.pending.length);
    return this.details();
  }

  private askDeferred(): void {
    for (const ask of this.deferred.splice(0, MAX_ASKED_AT_ONCE)) ask();
  }

  /** Calls a function and adds its synchronous time. */
  private measured<T>(ask: () => T): T {
    const startedAt = performance.now();
    try {
      return ask();
    } finally {
      this.workMs += performance.now() - startedAt + UNMEASURED_QUESTION_MS;
    }
  }

  private details(): ErrorDetail[] {
    return this.found.flatMap(({ place, constraints, code }) => {
      const path = pathOf(place);
      const coded = code === undefined ? {} : { code };
      return Object.values(constraints).map((message) => ({ path, message, ...coded }));
    });
  }

  private isFull(): boolean {
    return this.errors >= MAX_DETAILS;
  }

  private visitObject(object: object, place: Place | undefined): void {
    const plan = this.plans.of(object.constructor);
    if (!plan.properties.length)
      return this.addAt(place, 'unknownValue', 'an unknown value was passed to the validate function');
    if (plan.accepts && !this.refused.has(object) && plan.accepts(object)) return;
    this.findUnknown(object, plan, place);
    for (const property of plan.properties) {
      if (this.isFull()) return;
      this.visitProperty(object, property, { parent: place, key: property.name });
    }
  }

  private findUnknown(object: object, { names }: ClassPlan, parent: Place | undefined): void {
    for (const key of Object.keys(object)) {
      if (this.isFull()) return;
      if (names.has(key)) continue;
      const { message, code } = unknownProperty('', key);
      this.found.push({ place: { parent, key }, constraints: { whitelistValidation: message }, code });
      this.errors += 1;
    }
  }

  private visitProperty(object: object, property: PropertyPlan, place: Place): void {
    const value = (object as Record<string, unknown>)[property.name];
    if (property.isPromise && value instanceof Promise)
      this.wait(value.then((settled) => this.visitValue({ object, value: settled, place }, property)));
    else this.visitValue({ object, value, place }, property);
  }

  private visitValue(asked: Asked, property: PropertyPlan): void {
    if (!applies(asked, property) || this.exceedsSize(asked, property)) return;
    for (const rule of property.rules) {
      if (this.isFull()) return;
      this.ask(asked, rule);
    }
    this.visitNested(asked, property);
  }

  /** Returns true when a size limit refuses the value or an item; no other constraint runs then. */
  private exceedsSize(asked: Asked, { sizes }: PropertyPlan): boolean {
    let isTooLarge = false;
    for (const rule of sizes) if (mayExceed(asked.value, rule) && this.ask(asked, rule)) isTooLarge = true;
    return isTooLarge;
  }

  /** Calls the constraints of one decorator; returns true when one failed synchronously. */
  private ask(asked: Asked, rule: PlannedRule): boolean {
    const { metadata } = rule;
    if (metadata.validateIf && !metadata.validateIf(asked.object, asked.value)) return false;
    let isRefused = false;
    for (const constraint of rule.constraints) {
      if (constraint.isAsync) this.defer(asked, rule, constraint);
      else if (!this.askOne(asked, rule, constraint)) isRefused = true;
    }
    return isRefused;
  }

  /** Calls a constraint; returns false when it failed synchronously. */
  private askOne(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): boolean {
    const answer = answerOf(asked, rule, constraint);
    const refusal = { metadata: rule.metadata, ...constraint };
    if (isPromiseLike(answer)) {
      // From now on it runs after the synchronous constraints, like a marked one.
      constraint.isAsync = true;
      this.await(answer, asked, refusal);
    } else if (!answer) this.add(asked, { ...refusal, ...unaskedText(asked, rule) });
    return Boolean(answer);
  }

  private defer(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): void {
    this.foundAt(asked);
    this.deferred.push(() => this.wait(this.askLater(asked, rule, constraint)));
  }

  private async askLater(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): Promise<void> {
    const isItemwise = rule.metadata.each && hasItems(asked.value);
    const groups = isItemwise ? groupsOf(itemsOf(asked.value as Items)) : [[asked.value]];
    const ask = questionOf(asked, rule, constraint);
    for (const values of groups) {
      if (this.isFull()) return;
      const answers = await Promise.all(values.map((value) => this.measured(() => ask(value))));
      if (!answers.every(Boolean)) return this.add(asked, { metadata: rule.metadata, ...constraint });
    }
  }

  private await(answer: PromiseLike<unknown>, asked: Asked, refusal: Refusal): void {
    // Reserve the place of the error, so that errors keep their order.
    this.foundAt(asked);
    this.wait(Promise.resolve(answer).then((isValid) => (isValid ? undefined : this.add(asked, refusal))));
  }

  private wait(answer: Promise<void>): void {
    // The validation may end before this promise is awaited.
    answer.catch(() => undefined);
    this.pending.push(answer);
  }

  private visitNested(asked: Asked, { nested, items }: PropertyPlan): void {
    const { value, place } = asked;
    if (value === undefined) return;
    for (const metadata of nested) {
      if (this.isFull()) return;
      if (hasItems(value)) this.visitItems(value, items, place);
      else if (value instanceof Object) this.visitObject(value, place);
      else this.add(asked, { metadata, type: metadata.type, target: metadata.target as object });
    }
  }

  private visitItems(container: Items, items: PropertyPlan, parent: Place): void {
    const isMap = container instanceof Map;
    let index = 0;
    for (const entry of isMap ? container : itemsOf(container)) {
      if (this.isFull()) return;
      // A key without toString() throws, as in class-validator.
      const key = isMap ? (entry as [object, unknown])[0].toString() : index;
      const value = isMap ? (entry as [object, unknown])[1] : entry;
      this.visitNested({ object: container, value, place: { parent, key } }, items);
      index += 1;
    }
  }

  private add(asked: Asked, { metadata, type, instance, target, text: given }: Refusal): void {
    if (this.isFull()) return;
    const { constraints } = this.foundAt(asked);
    const subject = { object: target ?? asked.object, value: asked.value, metadata };
    const text = given ?? errorText(subject, instance);
    if (!Object.hasOwn(constraints, type)) this.errors += 1;
    constraints[type] = text;
  }

  private addAt(place: Place | undefined, type: string, text: string): void {
    this.found.push({ place, constraints: { [type]: text } });
    this.errors += 1;
  }

  private foundAt(asked: Asked): Found {
    if (!asked.found) this.found.push((asked.found = { place: asked.place, constraints: {} }));
    return asked.found;
  }
}

function applies({ object, value }: Asked, { conditions }: PropertyPlan): boolean {
  let isApplied = true;
  // Call all conditions, as class-validator does.
  for (const { constraints } of conditions)
    if (!(constraints[0] as (object: object, value: unknown) => unknown)(object, value)) isApplied = false;
  return isApplied;
}

/** Calls a constraint with a value or an item. */
type Question = (value: unknown) => unknown;

function questionOf(asked: Asked, rule: PlannedRule, { instance }: PlannedConstraint): Question {
  const args = argumentsOf({ object: asked.object, value: asked.value, metadata: rule.metadata });
  return (value) => !isTooLong(value, rule) && instance.validate(value, args);
}

/** Calls a constraint with a value or all its items; false at the first failure. */
function answerOf(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): unknown {
  const ask = questionOf(asked, rule, constraint);
  return rule.metadata.each && hasItems(asked.value) ? answerOfItems(asked.value, ask) : ask(asked.value);
}

/** Returns the error text of a value that was too long for the constraint. */
function unaskedText({ value }: Asked, rule: PlannedRule): Pick<Refusal, 'text'> {
  const values = rule.metadata.each && hasItems(value) ? itemsOf(value) : [value];
  for (const item of values) {
    const text = isTooLong(item, rule) ? tooLongText(rule.metadata.propertyName, rule) : undefined;
    if (text) return { text };
  }
  return {};
}

/** Divides items into groups that are validated concurrently. */
function* groupsOf(items: Iterable<unknown>): Generator<unknown[]> {
  let group: unknown[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < MAX_ASKED_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length) yield group;
}

function answerOfItems(items: Items, ask: Question): unknown {
  const rest = itemsOf(items)[Symbol.iterator]();
  for (let next = rest.next(); !next.done; next = rest.next()) {
    const answer = ask(next.value);
    if (isPromiseLike(answer)) return answerOfRest(answer, rest, ask);
    if (!answer) return false;
  }
  return true;
}

/** Validates the items after the first one with an asynchronous result. */
async function answerOfRest(
  first: PromiseLike<unknown>,
  rest: Iterator<unknown>,
  ask: Question,
): Promise<boolean> {
  if (!(await first)) return false;
  for (const values of groupsOf({ [Symbol.iterator]: () => rest })) {
    const answers = await Promise.all(values.map((value) => ask(value)));
    if (!answers.every(Boolean)) return false;
  }
  return true;
}

function pathOf(place: Place | undefined): string {
  const keys: string[] = [];
  // Keys are cut to the maximum path length, because longer paths are cut anyway.
  for (let at = place; at; at = at.parent) if (at.key !== '') keys.unshift(String(at.key).slice(0, MAX_PATH));
  return keys.join('.');
}
