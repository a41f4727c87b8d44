import type { StandardSchemaV1 } from '@standard-schema/spec';
import { CodedError, type ErrorDetail } from '../error/coded-error.js';
import type { ErrorCode } from '../error/error-code.js';
import type { Message, MessageClass } from './message-class.js';

/** The result of a schema: a value or issues. */
export type SchemaResult = StandardSchemaV1.Result<unknown>;

/**
 * The key of the schema on a class that `defineMessage` made.
 *
 * All copies of this package in a process use the same key.
 */
export const SCHEMA: unique symbol = Symbol.for('nestwire.schema') as never;

const INVALID_MESSAGE = 'INVALID_MESSAGE' satisfies ErrorCode;
const MAX_DETAILS = 20;
const MAX_KEY = 128;

/** Returns the schema of a message class; undefined for a class with decorators. */
export function schemaOf(cls: unknown): StandardSchemaV1 | undefined {
  return (cls as { readonly [SCHEMA]?: StandardSchemaV1 } | null | undefined)?.[SCHEMA];
}

/**
 * Makes an instance of a schema's class from the value of the schema.
 *
 * @throws {TypeError} when the value is not an ordinary object
 */
export function instanceFrom<T extends Message>(cls: MessageClass<T>, value: unknown): T {
  return fill(new cls(), value);
}

/**
 * Copies the value of a schema to an instance.
 *
 * @throws {TypeError} when the value is not an ordinary object
 */
export function fill<T extends Message>(message: T, value: unknown): T {
  const kind = {}.toString.call(value);
  if (kind !== '[object Object]')
    throw new TypeError(`The schema of "${message.$type}" returns ${kind} instead of an object.`);
  // The prototype has the discriminant, and does not let it be set.
  const hasType = Object.hasOwn(value as object, '$type');
  return Object.assign(message, hasType ? withoutType(value as object) : value);
}

/** Returns the properties without the discriminant, which the prototype has. */
export function withoutType(properties: object): object {
  const { $type: _, ...own } = properties as { readonly $type?: unknown };
  return own;
}

/**
 * Returns the value of a result.
 *
 * @throws {CodedError} INVALID_MESSAGE with the issues as details
 */
export function valueOf(name: string, result: SchemaResult): unknown {
  if (!result.issues) return result.value;
  const details = detailsOf(result.issues);
  const [first] = details;
  const text = first ? `${first.path && `${first.path}: `}${first.message}` : 'the schema refuses it';
  throw new CodedError(INVALID_MESSAGE, `"${name}" is not valid: ${text}.`, { details });
}

/** Returns the first 20 issues of a schema as details of an error. */
export function detailsOf(issues: Iterable<StandardSchemaV1.Issue>): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  for (const { path = [], message } of issues) {
    if (details.length === MAX_DETAILS) break;
    // The lists of some libraries are subclasses, whose methods return other lists.
    details.push({ path: Array.from(path, keyText).join('.'), message: String(message) });
  }
  return details;
}

function keyText(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === 'object' ? segment.key : segment).slice(0, MAX_KEY);
}
