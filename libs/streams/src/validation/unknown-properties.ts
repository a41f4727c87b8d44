import type { ErrorDetail } from '@nestwire/protocol';
import { hasItems, itemsOf } from './collection-items.js';
import { MAX_DETAILS, unknownProperty } from './message-details.js';
import type { ClassPlan, ValidationPlans } from './validation-plan.js';

/**
 * Removes the unknown properties of a message and of its nested objects.
 *
 * It visits the objects that class-validator visits.
 *
 * @returns true when a property was removed
 */
export function stripUnknown(message: object, plans: Pick<ValidationPlans, 'of'>): boolean {
  const seen = new Set<object>();
  let isStripped = false;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (hasItems(value)) {
      for (const item of value instanceof Map ? value.values() : itemsOf(value)) visit(item);
      return;
    }
    const plan = planOf(plans, value);
    if (!plan) return;
    for (const key of Object.keys(value))
      if (!plan.names.has(key) && Reflect.deleteProperty(value, key)) isStripped = true;
    for (const { name, nested } of plan.properties)
      if (nested.length) visit((value as Record<string, unknown>)[name]);
  };
  visit(message);
  return isStripped;
}

/** Returns the plan of an object; undefined when class-validator refuses the object anyway. */
function planOf(plans: Pick<ValidationPlans, 'of'>, value: object): ClassPlan | undefined {
  if (typeof value.constructor !== 'function') return undefined;
  const plan = plans.of(value.constructor);
  return plan.properties.length ? plan : undefined;
}

/**
 * Returns the properties that a schema has removed, at most 20.
 *
 * It compares the plain objects and lists that both trees have in the same place.
 */
export function removedBySchema(given: unknown, returned: unknown): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  compare({ given, returned, path: [] }, details);
  return details;
}

/** A value before and after a schema. */
interface Pair {
  readonly given: unknown;
  readonly returned: unknown;
  readonly path: readonly string[];
}

function compare({ given, returned, path }: Pair, details: ErrorDetail[]): void {
  if (given === returned || !isTree(given) || !isTree(returned)) return;
  if (Array.isArray(given) !== Array.isArray(returned)) return;
  for (const key of Object.keys(given)) {
    if (details.length === MAX_DETAILS) return;
    const at = [...path, key];
    if (Object.hasOwn(returned, key))
      compare({ given: given[key], returned: returned[key], path: at }, details);
    // A list may have lost items; the schema decides about them.
    else if (!Array.isArray(given)) details.push(unknownProperty(at.join('.'), key));
  }
}

function isTree(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
