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

/** How many questions of one message wait for asynchronous constraints at once. */
const MAX_ASKED_AT_ONCE = 64;

/** Work of one asynchronous question that is not measured: it goes on where nobody sees it. */
const UNMEASURED_QUESTION_MS = 0.05;

/** Where a value stands: a chain, of which a text is made only for an error. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

/** The errors at one place, by the type of the constraint, as class-validator keeps them. */
interface Found {
  readonly place: Place | undefined;
  readonly constraints: Record<string, string>;
  /** The code of all of them, where they have one. */
  readonly code?: string;
}

/** A value whose constraints are asked. */
interface Asked {
  readonly object: object;
  readonly value: unknown;
  readonly place: Place;
  found?: Found;
}

/** What an error is told of: the constraint, or the decorator alone. */
interface Refusal {
  readonly metadata: ValidationMetadata;
  readonly type: string;
  readonly instance?: ValidatorConstraintInterface;
  /** What the text tells of, where that is not the object. */
  readonly target?: object;
  /** The text, where the constraint was not asked. */
  readonly text?: string;
}

/**
 * Validates one message as class-validator does, with a bound on errors.
 *
 * The constraints are class-validator's and the application's own. They are asked in class-validator's
 * order, and the errors have its texts. The walk ends with the last error that is told. It passes over
 * instances that the compiled check accepts. A text or a list above its size limit is refused by that
 * limit alone.
 */
export class BoundedValidation {
  private readonly found: Found[] = [];
  private readonly pending: Promise<void>[] = [];
  /** The questions to asynchronous constraints, which are asked after the walk. */
  private readonly deferred: (() => void)[] = [];
  private errors = 0;
  private workMs = 0;

  constructor(
    private readonly plans: ValidationPlans,
    /** The instances that the compiled check has refused: it need not look at them again. */
    private readonly refused: Pick<WeakSet<object>, 'has'>,
  ) {}

  /** How long the event loop worked on asynchronous constraints, in milliseconds. */
  get laterMs(): number {
    return this.workMs;
  }

  /**
   * Returns the errors; a promise of them where a constraint answers later.
   *
   * @throws {unknown} when a constraint throws, what it throws
   */
  errorsOf(message: object): readonly ErrorDetail[] | Promise<readonly ErrorDetail[]> {
    this.visitObject(message, undefined);
    return this.pending.length || this.deferred.length ? this.settled() : this.details();
  }

  private async settled(): Promise<readonly ErrorDetail[]> {
    do {
      // A promise in a property may bring forth more of them.
      while (this.pending.length) await Promise.all(this.pending.splice(0));
      if (!this.isFull()) this.askDeferred();
    } while (this.pending.length);
    return this.details();
  }

  private askDeferred(): void {
    for (const ask of this.deferred.splice(0, MAX_ASKED_AT_ONCE)) ask();
  }

  /** Asks a question, and counts the time until it answers or goes on later. */
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

  /** Tells whether a size limit refuses the value or one of its items; nothing else is asked then. */
  private exceedsSize(asked: Asked, { sizes }: PropertyPlan): boolean {
    let isTooLarge = false;
    for (const rule of sizes) if (mayExceed(asked.value, rule) && this.ask(asked, rule)) isTooLarge = true;
    return isTooLarge;
  }

  /** Asks the constraints of one decorator; tells whether one of them refused at once. */
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

  /** Tells whether a constraint has not refused; it may still do so later. */
  private askOne(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): boolean {
    const answer = answerOf(asked, rule, constraint);
    const refusal = { metadata: rule.metadata, ...constraint };
    if (isPromiseLike(answer)) {
      // The next values wait for the end of the walk, as with a constraint that is marked.
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
    // The place of the error is among those that are found now.
    this.foundAt(asked);
    this.wait(Promise.resolve(answer).then((isValid) => (isValid ? undefined : this.add(asked, refusal))));
  }

  private wait(answer: Promise<void>): void {
    // The walk may end by an error before anybody waits for this.
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
      // A key without a text is an error of the message, as in class-validator.
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
  // All of them are asked, as class-validator asks them.
  for (const { constraints } of conditions)
    if (!(constraints[0] as (object: object, value: unknown) => unknown)(object, value)) isApplied = false;
  return isApplied;
}

/** Asks a constraint about a value, or about one of its items. */
type Question = (value: unknown) => unknown;

function questionOf(asked: Asked, rule: PlannedRule, { instance }: PlannedConstraint): Question {
  const args = argumentsOf({ object: asked.object, value: asked.value, metadata: rule.metadata });
  return (value) => !isTooLong(value, rule) && instance.validate(value, args);
}

/** Returns what a constraint says of a value or of all its items; false as soon as it refuses one. */
function answerOf(asked: Asked, rule: PlannedRule, constraint: PlannedConstraint): unknown {
  const ask = questionOf(asked, rule, constraint);
  return rule.metadata.each && hasItems(asked.value) ? answerOfItems(asked.value, ask) : ask(asked.value);
}

/** Returns the text of an error about a text that was too long to ask about. */
function unaskedText({ value }: Asked, rule: PlannedRule): Pick<Refusal, 'text'> {
  const values = rule.metadata.each && hasItems(value) ? itemsOf(value) : [value];
  for (const item of values) {
    const text = isTooLong(item, rule) ? tooLongText(rule.metadata.propertyName, rule) : undefined;
    if (text) return { text };
  }
  return {};
}

/** Divides items into groups of those that an asynchronous constraint is asked about at once. */
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

/** Asks about the items after the first one whose answer is a promise. */
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
  // Longer paths are cut, so that no key needs to be longer than that.
  for (let at = place; at; at = at.parent) if (at.key !== '') keys.unshift(String(at.key).slice(0, MAX_PATH));
  return keys.join('.');
}
