import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { MessageDefinition, SchemaInput, SchemaMessage } from './define-message.js';
import { schemaOf } from './message-schema.js';

/** The properties of a message that its creator sets: no methods, no `$type`. */
export type MessageProps<T> = {
  [K in keyof T as K extends '$type' ? never : T[K] extends (...args: never[]) => unknown ? never : K]: T[K];
};

/** Maps the properties of `P` that `T` lacks to `never`. */
type NoUnknown<T, P> = { [K in Exclude<keyof P, keyof MessageProps<T> | '$type'>]: never };

/**
 * Makes a message of a schema and applies the schema, so that its defaults hold.
 *
 * @throws {CodedError} INVALID_MESSAGE with the schema's issues as details
 * @throws {TypeError} when the schema is asynchronous; use `createAsync` then
 */
export function create<N extends string, S extends StandardSchemaV1>(
  cls: MessageDefinition<N, S>,
  props: SchemaInput<S> & { readonly $type?: unknown },
): SchemaMessage<N, S>;
/**
 * Makes a message from some of its properties; the others keep their defaults.
 *
 * `create(Note, { ...note, text })` makes a changed copy, because received messages are frozen. The compiler
 * refuses properties that the class does not declare.
 */
export function create<
  T extends object,
  const P extends Partial<MessageProps<T>> & { readonly $type?: unknown },
>(cls: new () => T, props?: P & NoUnknown<T, P>): T;
export function create(cls: new (input?: object) => object, props: object = {}): object {
  // The prototype has the discriminant; a copied own property would hide it.
  const { $type: _, ...own } = props as { readonly $type?: unknown };
  return schemaOf(cls) ? new cls(own) : Object.assign(new cls(), own);
}
