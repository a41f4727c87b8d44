import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';
import type { HandlerParameter, ParameterSource } from '../enhancers/handler-parameter.js';
import { CUSTOM_ARGUMENT, ENTRY_PROVIDER, INJECTABLE, ROUTE_ARGUMENTS } from '../enhancers/nest-compat.js';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { StreamEndpointOptions } from './endpoint.js';

// Symbol.for: two copies of this package in one process read each other's decorators.
const ENDPOINT = Symbol.for('nestwire.endpoint');
const HANDLER = Symbol.for('nestwire.handler');
const USER_OBJECT = `nestwire.userObject${CUSTOM_ARGUMENT}`;
const MESSAGE_ID = `nestwire.messageId${CUSTOM_ARGUMENT}`;
const CALL = `nestwire.call${CUSTOM_ARGUMENT}`;
const ITEMS = `nestwire.items${CUSTOM_ARGUMENT}`;
/** The index of the message id in the arguments of Nest's own context. */
const MESSAGE_ID_ARGUMENT = 2;
/** The index of the call, and then of its items, in those arguments. */
const CALL_ARGUMENT = 3;
const ITEMS_ARGUMENT = 4;
/**
 * Nest's numbers for `@Req()`/`@ConnectedSocket()`, `@Body()`/`@MessageBody()`,
 * `@Session()`.
 */
const REQUEST = 0;
const BODY = 3;
const SESSION = 7;

/** The metadata of `@StreamEndpoint`. */
export interface EndpointMark {
  readonly name: string;
  readonly options: StreamEndpointOptions<object>;
}

/** The metadata of the handler decorators. */
export interface HandlerMark {
  isOpened?: boolean;
  isClosed?: boolean;
  /** The classes of `@OnStreamMessage`; undefined without it. */
  messages?: readonly unknown[];
  /** The classes of them that are handled once in the cluster. */
  once?: readonly unknown[];
  /** The request and the options of `@StreamMethod`; undefined without it. */
  call?: CallMark;
}

/** The metadata of `@StreamMethod`. */
export interface CallMark {
  readonly request: unknown;
  readonly options: {
    readonly items?: unknown;
    readonly once?: boolean;
    readonly resumable?: { readonly forMs: number; readonly maxItems?: number; readonly maxBytes?: number };
  };
}

/** Returns the classes of the items that the client sends into a call. */
export function itemClassesOf({ options: { items } }: CallMark): readonly unknown[] {
  if (items === undefined) return [];
  return Array.isArray(items) ? items : [items];
}

interface RouteArgument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: HandlerParameter['pipes'];
  readonly schema?: unknown;
  readonly factory?: (data: unknown, context: unknown) => unknown;
}

/** Marks a class as an endpoint, and as a provider whose enhancers Nest constructs. */
export function markEndpoint(target: object, mark: EndpointMark): void {
  // An explicit @Injectable() keeps its scope.
  // ClassDecorator takes the type Function, which the lint rules refuse.
  if (!Reflect.hasOwnMetadata(INJECTABLE, target)) Injectable()(target as never);
  Reflect.defineMetadata(ENTRY_PROVIDER, true, target);
  Reflect.defineMetadata(ENDPOINT, mark, target);
}

/** Returns the metadata of `@StreamEndpoint`, also from a base class. */
export function endpointMarkOf(cls: unknown): EndpointMark | undefined {
  return typeof cls === 'function' ? Reflect.getMetadata(ENDPOINT, cls) : undefined;
}

/** Adds metadata of a handler decorator; a method may have several. */
export function markHandler(method: object, mark: HandlerMark): void {
  const earlier = handlerMarkOf(method) ?? {};
  const messages = mark.messages && [...mark.messages, ...(earlier.messages ?? [])];
  const once = mark.once && [...mark.once, ...(earlier.once ?? [])];
  const lists = { ...(messages && { messages }), ...(once && { once }) };
  Reflect.defineMetadata(HANDLER, { ...earlier, ...mark, ...lists }, method);
}

/** Returns the metadata of the handler decorators of a method. */
export function handlerMarkOf(method: unknown): HandlerMark | undefined {
  return typeof method === 'function' ? Reflect.getMetadata(HANDLER, method) : undefined;
}

/**
 * Marks a parameter that receives a user object.
 *
 * Without a class, the type of the parameter decides.
 */
export function markUserObject(
  target: object,
  method: string | symbol,
  parameter: UserObjectParameter,
): void {
  const { index, cls } = parameter;
  const factory = (_: unknown, context: unknown): unknown =>
    sessionOf(context).getUserObject((cls ?? declaredTypes(target, method)[index]) as Type);
  addRouteArgument(target, method, { key: USER_OBJECT, index, factory, data: cls });
}

/** Marks a parameter that receives the id of the message. */
export function markMessageId(target: object, method: string | symbol, index: number): void {
  addRouteArgument(target, method, { key: MESSAGE_ID, index, factory: argumentAt(MESSAGE_ID_ARGUMENT) });
}

function argumentAt(at: number): (data: unknown, context: unknown) => unknown {
  return (_, context) => (context as { getArgByIndex(index: number): unknown }).getArgByIndex(at);
}

function addRouteArgument(
  target: object,
  method: string | symbol,
  { key, ...argument }: RouteArgument & { readonly key: string },
): void {
  const route = Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, method) ?? {};
  const added = { ...route, [`${key}:${argument.index}`]: { ...argument, pipes: [] } };
  Reflect.defineMetadata(ROUTE_ARGUMENTS, added, target.constructor, method);
}

/** A parameter with `@UserObject()`. */
export interface UserObjectParameter {
  readonly index: number;
  readonly cls?: unknown;
}

function sessionOf(context: unknown): { getUserObject(cls: Type): unknown } {
  return (context as { switchToWs(): { getClient(): never } }).switchToWs().getClient();
}

/** Returns whether a method has decorated parameters but no decorator itself. */
export function hasOnlyParameterDecorators(cls: Type, method: string): boolean {
  if (method === 'constructor' || !Object.keys(routeArgumentsOf(cls, method)).length) return false;
  const handler = (cls.prototype as Record<string, object>)[method];
  return handler !== undefined && !Reflect.getMetadataKeys(handler).length;
}

/** Returns whether a parameter has `@UserObject()` or `@StreamMessageId()`. */
export function hasStreamParameter(cls: Type, method: string): boolean {
  return Object.keys(routeArgumentsOf(cls, method)).some(
    (key) => key.startsWith(USER_OBJECT) || key.startsWith(MESSAGE_ID),
  );
}

/**
 * Returns the parameters of a handler.
 *
 * The first two without a decorator are the session and the data; of a stream method the call, the request
 * and the items.
 */
export function parametersOf(cls: Type, method: string): HandlerParameter[] {
  const declared = declaredTypes(cls.prototype as object, method);
  const decorated = new Map<number, HandlerParameter>();
  for (const [key, argument] of Object.entries(routeArgumentsOf(cls, method)))
    decorated.set(argument.index, decoratedParameter(key, argument, declared[argument.index]));
  const handler = (cls.prototype as Record<string, HandlerFunction>)[method];
  const length = Math.max(declared.length, handler?.length ?? 0, ...[...decorated.keys()].map((i) => i + 1));
  const positional = positionalSources([...decorated.values()], handlerMarkOf(handler)?.call);
  return Array.from(
    { length },
    (_, index) =>
      decorated.get(index) ?? {
        index,
        source: positional.shift() ?? { kind: 'none' },
        declared: declared[index],
        isDecorated: false,
        pipes: [],
      },
  );
}

function positionalSources(
  decorated: readonly HandlerParameter[],
  call: CallMark | undefined,
): ParameterSource[] {
  const kinds = decorated.map(({ source }) => source.kind);
  const items: ParameterSource[] = call && itemClassesOf(call).length ? [{ kind: 'items' }] : [];
  const sources: ParameterSource[] = [{ kind: call ? 'call' : 'session' }, { kind: 'data' }, ...items];
  return sources.filter(({ kind }) => !kinds.includes(kind));
}

function decoratedParameter(key: string, argument: RouteArgument, declared: unknown): HandlerParameter {
  const { index, schema } = argument;
  const pipes = (argument.pipes ?? []).filter(Boolean);
  return { index, source: sourceOf(key, argument, declared), declared, isDecorated: true, pipes, schema };
}

function sourceOf(key: string, { data, factory }: RouteArgument, declared: unknown): ParameterSource {
  if (key.startsWith(USER_OBJECT)) return { kind: 'user-object', cls: (data ?? declared) as Type };
  if (key.startsWith(MESSAGE_ID)) return { kind: 'message-id' };
  if (key.includes(CUSTOM_ARGUMENT))
    return factory ? { kind: 'custom', argument: data, factory } : { kind: 'none' };
  const type = Number(key.split(':')[0]);
  if (type === BODY) return { kind: 'data', ...(typeof data === 'string' && { property: data }) };
  // Editors suggest @Session() of @nestjs/common first, so it has the same meaning here.
  return type === REQUEST || type === SESSION ? { kind: 'session' } : { kind: 'none' };
}

function routeArgumentsOf(cls: Type, method: string): Record<string, RouteArgument> {
  return Reflect.getMetadata(ROUTE_ARGUMENTS, cls, method) ?? {};
}

function declaredTypes(prototype: object, method: string | symbol): unknown[] {
  return Reflect.getMetadata('design:paramtypes', prototype, method) ?? [];
}

/** Returns the class that the compiler emitted for a property, if any. */
export function declaredClassOf(cls: Type, property: string): unknown {
  return Reflect.getMetadata('design:type', cls.prototype as object, property);
}

/**
 * Writes the positional parameters of a handler into Nest's own metadata.
 *
 * Only the fallback of `nest-compat.ts` needs it.
 */
export function completeRouteArguments(cls: Type, method: string): void {
  const route: Record<string, unknown> = { ...routeArgumentsOf(cls, method) };
  for (const { index, source, isDecorated } of parametersOf(cls, method)) {
    if (isDecorated || source.kind === 'none') continue;
    if (source.kind === 'call' || source.kind === 'items') {
      const [key, at] = source.kind === 'call' ? [CALL, CALL_ARGUMENT] : [ITEMS, ITEMS_ARGUMENT];
      route[`${key}:${index}`] = { index, factory: argumentAt(at), pipes: [] };
      continue;
    }
    route[`${source.kind === 'session' ? REQUEST : BODY}:${index}`] = { index, pipes: [] };
  }
  Reflect.defineMetadata(ROUTE_ARGUMENTS, route, cls, method);
}
