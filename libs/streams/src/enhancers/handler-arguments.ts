import { createHash } from 'node:crypto';
import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import type { Message, MessageClass } from '@nestwire/protocol';
import { instanceFrom, schemaOf } from '@nestwire/protocol/internal';
import type { HandlerParameter } from './handler-parameter.js';
import { isPromiseLike } from '../validation/promise-like.js';
import type { AnySession, StreamContext } from './stream-context.js';

/** One call of a handler. */
export interface HandlerCall {
  readonly session: AnySession;
  /** The message, the close reason, or undefined when a stream opens. */
  readonly data: unknown;
  /** The name of the message. */
  readonly pattern: string;
  /** The user objects of the session, by class. */
  readonly objects: ReadonlyMap<Type, unknown>;
  /** The id of the message's frame; undefined without a message. */
  readonly id?: number | undefined;
  /** The call of a stream method; undefined for other handlers. */
  readonly call?: object;
  /** The items of the client in the call. */
  readonly items?: object | undefined;
  /** Claims the message before the handler runs; resolves to true when it was handled before. */
  readonly claim?: () => Promise<boolean>;
}

/** A parameter and the pipes of its value. */
export interface PipedParameter {
  readonly parameter: HandlerParameter;
  readonly pipes: readonly PipeTransform[];
}

/**
 * Reads the arguments of a handler.
 *
 * Returns a promise only if a pipe or decorator does.
 */
export type ReadArguments = (call: HandlerCall, context: StreamContext) => unknown[] | Promise<unknown[]>;

type ReadValue = (call: HandlerCall, context: StreamContext) => unknown;

/** Compiles the function that reads the arguments of a handler. */
export function compileArguments(parameters: readonly PipedParameter[]): ReadArguments {
  const readers = parameters.map(({ parameter, pipes }) => pipedReader(parameter, pipes));
  return (call, context) => {
    const values = readers.map((read) => read(call, context));
    return values.some(isPromiseLike) ? Promise.all(values) : values;
  };
}

/** Returns true when a handler takes only the session and its data, unchanged. */
export function isPlain(parameters: readonly PipedParameter[]): boolean {
  const kinds = parameters.map(({ parameter, pipes }) =>
    pipes.length || 'property' in parameter.source ? 'other' : parameter.source.kind,
  );
  return kinds.length <= 2 && kinds.every((kind, index) => kind === ['session', 'data'][index]);
}

/** Returns true when a stream method takes only its call, request and items. */
export function isPlainCall(parameters: readonly PipedParameter[]): boolean {
  const kinds = ['call', 'data', 'items'];
  return parameters.every(
    ({ parameter, pipes }, index) =>
      !pipes.length && !('property' in parameter.source) && parameter.source.kind === kinds[index],
  );
}

/** Returns true when the pipes of a method also apply to a parameter. */
export function isPipeable({ source }: HandlerParameter): boolean {
  return source.kind === 'data' || source.kind === 'custom';
}

function pipedReader(parameter: HandlerParameter, pipes: readonly PipeTransform[]): ReadValue {
  const read = valueReader(parameter);
  if (!pipes.length) return read;
  return (call, context) => {
    const value = read(call, context);
    const metadata = argumentMetadata(parameter, call);
    const piped = isPromiseLike(value)
      ? value.then((settled) => applyPipes(pipes, settled, metadata))
      : applyPipes(pipes, value, metadata);
    return isPromiseLike(piped)
      ? piped.then((settled) => asMessage(settled, value))
      : asMessage(piped, value);
  };
}

function valueReader({ source }: HandlerParameter): ReadValue {
  switch (source.kind) {
    case 'session':
      return (call) => call.session;
    case 'call':
      return (call) => call.call;
    case 'items':
      return (call) => call.items;
    case 'data':
      return dataReader(source.property);
    case 'user-object':
      return (call) => call.objects.get(source.cls);
    case 'message-id':
      return permanentIdOf;
    case 'custom':
      return (_, context) => source.factory(source.argument, context);
    case 'none':
      return () => undefined;
  }
}

const KEY_CHARACTERS = 22;

/**
 * Returns the permanent id of a message.
 *
 * Returns undefined when the client sent no client id.
 */
export function permanentIdOf({ session, id }: HandlerCall): string | undefined {
  const { clientKey } = session.handshake;
  if (clientKey === undefined || id === undefined) return undefined;
  // Another user may know the client id, and must not use up the ids of this user.
  const { user } = session as { readonly user?: { readonly id?: string } | null };
  const sender = user?.id === undefined ? clientKey : keyOf(`${clientKey} ${user.id}`);
  return `${sender}.${id}`;
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, KEY_CHARACTERS);
}

function dataReader(property: string | undefined): ReadValue {
  if (property === undefined) return (call) => call.data;
  return (call) => (call.data as Record<string, unknown> | undefined)?.[property];
}

function argumentMetadata(parameter: HandlerParameter, call: HandlerCall): ArgumentMetadata {
  const { source, declared, schema } = parameter;
  const isBody = source.kind === 'data';
  const data = isBody ? source.property : source.kind === 'custom' ? source.argument : undefined;
  // The emitted type of a union is `Object`, so the class comes from the message.
  const metatype = isBody && !source.property ? (call.data as object | undefined)?.constructor : declared;
  const schemaOfClass = schemaOf(metatype);
  const known = schema ?? schemaOfClass;
  const metadata = {
    type: isBody ? 'body' : 'custom',
    // Pipes would treat the class of a schema as one without decorators, and remove all properties.
    metatype: schemaOfClass ? undefined : metatype,
    data,
    ...(known !== undefined && { schema: known }),
  };
  return metadata as ArgumentMetadata;
}

/** Makes a message again from the plain object that a pipe got from the schema of a message. */
function asMessage(piped: unknown, value: unknown): unknown {
  const cls = (value as object | null | undefined)?.constructor;
  const isMessage = piped !== value && schemaOf(cls) && isPlainObject(piped);
  return isMessage ? instanceFrom<Message>(cls as MessageClass, piped) : piped;
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function applyPipes(pipes: readonly PipeTransform[], value: unknown, metadata: ArgumentMetadata): unknown {
  let result = value;
  for (const [index, pipe] of pipes.entries()) {
    result = pipe.transform(result, metadata);
    if (isPromiseLike(result))
      return result.then((settled) => applyPipes(pipes.slice(index + 1), settled, metadata));
  }
  return result;
}
