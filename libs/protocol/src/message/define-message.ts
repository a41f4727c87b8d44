import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { StreamMessageOptions } from './stream-message.options.js';
import type { Message } from './message-class.js';
import { registerMessage } from './message-registry.js';
import { fill, instanceFrom, SCHEMA, valueOf, withoutType, type SchemaResult } from './message-schema.js';

type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** The type that a schema accepts. */
export type SchemaInput<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>;

type OutputOf<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;

/** A message of a schema: the output of the schema and the discriminant. */
export type SchemaMessage<N extends string, S extends StandardSchemaV1> = Simplify<
  OutputOf<S> & { readonly $type: N }
>;

/** A message class that `defineMessage` has made. */
export interface MessageDefinition<N extends string = string, S extends StandardSchemaV1 = StandardSchemaV1> {
  /**
   * Makes a message and applies the schema.
   *
   * @throws {CodedError} INVALID_MESSAGE with the schema's issues as details
   * @throws {TypeError} when the schema is asynchronous; use `createAsync` then
   */
  new (input: SchemaInput<S>): SchemaMessage<N, S>;
  /** The name of the message on the wire. */
  readonly messageName: N;
  /** The schema of the message. */
  readonly schema: S;
}

/**
 * The messages of a definition or of a class.
 *
 * `instanceof` narrows messages of a definition in the true branch only. Narrow by `$type` for both branches.
 */
export type MessageOf<D> = D extends abstract new (...args: never[]) => infer M ? M : never;

/** The objects without properties of their own names. */
type OtherObject =
  | readonly unknown[]
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | Date
  | ArrayBufferView
  | ((...args: never[]) => unknown);

type NotAnObject<T> = { 'the schema of a message must describe an object, not': T };

/** Refuses schemas that describe no object, that declare `$type`, and whose output is no valid input. */
type CheckedSchema<S extends StandardSchemaV1> =
  IsObject<OutputOf<S>> extends false
    ? NotAnObject<OutputOf<S>>
    : [OutputOf<S>] extends [SchemaInput<S>]
      ? DeclaresType<OutputOf<S>> extends true
        ? { 'the schema of a message must not declare': '$type' }
        : unknown
      : { 'the schema changes types; its output is no valid input': [OutputOf<S>, SchemaInput<S>] };

type IsObject<T> = [T] extends [object] ? ([Extract<T, OtherObject>] extends [never] ? true : false) : false;

/** An index signature declares no name. */
type DeclaresType<T> = string extends keyof T ? false : '$type' extends keyof T ? true : false;

/**
 * Defines a message by a Standard Schema, such as one of zod, valibot or arktype.
 *
 * The result is a message class and is used like a class with `@StreamMessage`. Write its type as
 * `MessageOf<typeof Say>`. The schema runs in `create` and again for each message that a server receives from a
 * client, so its output must be a valid input. It does not run for messages from servers and histories.
 *
 * @param name 1 to 128 characters, unique in the application; by convention `area.thing`
 * @param options the version of the message and the treatment of unknown properties
 * @throws {TypeError} when the name, the schema or an option is not usable
 */
export function defineMessage<const N extends string, S extends StandardSchemaV1>(
  name: N,
  schema: S & CheckedSchema<S>,
  options?: StreamMessageOptions,
): MessageDefinition<N, S> {
  assertSchema(name, schema);
  const cls = class {
    static readonly messageName = name;
    static readonly schema = schema;
    static readonly [SCHEMA] = schema;
    declare readonly $type: N;

    // Decoders, class-transformer and compiled code make empty instances and fill them.
    constructor(input?: object) {
      if (input !== undefined) fill(this, valueOf(name, validateNow(name, schema, input)));
    }
  };
  Object.defineProperty(cls, 'name', { value: name });
  registerMessage(cls, name, options);
  return cls as never;
}

/**
 * Makes a message of a schema that may be asynchronous.
 *
 * @throws {CodedError} INVALID_MESSAGE with the schema's issues as details
 */
export async function createAsync<N extends string, S extends StandardSchemaV1>(
  cls: MessageDefinition<N, S>,
  props: SchemaInput<S> & { readonly $type?: unknown },
): Promise<SchemaMessage<N, S>> {
  const result = await validate(cls.schema, props as object);
  return instanceFrom<Message>(cls as never, valueOf(cls.messageName, result)) as never;
}

function validate(schema: StandardSchemaV1, input: object): SchemaResult | Promise<SchemaResult> {
  return schema['~standard'].validate(withoutType(input));
}

function validateNow(name: string, schema: StandardSchemaV1, input: object): SchemaResult {
  const result = validate(schema, input);
  if (!('then' in result)) return result;
  // Nothing awaits this result.
  Promise.resolve(result).catch(() => undefined);
  throw new TypeError(`The schema of "${name}" returns a promise: use createAsync().`);
}

function assertSchema(name: string, schema: unknown): void {
  const problem = problemOf(schema);
  if (problem)
    throw new TypeError(`defineMessage(${JSON.stringify(name)}): the schema cannot be used: ${problem}.`);
}

function problemOf(schema: unknown): string | undefined {
  const standard = (schema as Partial<StandardSchemaV1> | null | undefined)?.['~standard'] as
    { readonly version?: unknown; readonly validate?: unknown } | null | undefined;
  if (typeof standard !== 'object' || standard === null)
    return 'it has no "~standard" property. Pass a schema of a library that supports Standard Schema';
  if (standard.version !== 1)
    return `it has version ${String(standard.version)} of Standard Schema; the supported version is 1`;
  return typeof standard.validate === 'function' ? undefined : 'its "~standard" property has no validate()';
}
