import type { ContextId } from '@nestjs/core';
import { messageNameOf } from '@nestwire/protocol';
import type { HandlerPipeline } from '../enhancers/handler-pipeline.js';
import { compilePipeline, type PipelineParts } from '../enhancers/handler-pipeline.js';
import type { MessageReader, MessageReaders } from '../validation/message-reader.js';
import type { HandlerHost, NestCompat } from '../enhancers/nest-compat.js';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { EndpointDefinition, HandlerDefinition } from './endpoint-definition.js';

/** The compiled handlers of one instance of an endpoint. */
export interface EndpointHandlers {
  /** Runs the guards and then `@OnStreamOpened`, if the endpoint has one. */
  readonly opened: HandlerPipeline;
  /** Runs only the guards of `opened`. */
  readonly authorize: HandlerPipeline;
  /** Runs `@OnStreamClosed` without guards. */
  readonly closed?: HandlerPipeline;
  /** The routes by the name of their message. */
  readonly routes: ReadonlyMap<string, CompiledRoute>;
  /** The stream methods by their names. */
  readonly calls: ReadonlyMap<string, CompiledCall>;
}

/** The readers and the method of one kind of calls. */
export interface CompiledCall extends CompiledRoute {
  /** The name of the request. */
  readonly request: string;
  /** Runs only the guards of the method. */
  readonly authorize: HandlerPipeline;
  /** The readers of the client's items, by the name of their class. */
  readonly items: ReadonlyMap<string, MessageReader>;
}

/** The reader and the handler of one message class. */
export interface CompiledRoute {
  readonly read: MessageReader;
  readonly run: HandlerPipeline;
}

/** The parts of the application that the compilation uses. */
export interface CompilerTools {
  readonly nest: NestCompat;
  readonly readers: MessageReaders;
}

/** An instance of an endpoint; a session's own instance has a context. */
export interface EndpointInstance {
  readonly instance: object;
  readonly contextId?: ContextId;
}

/**
 * Compiles the handlers of an instance.
 *
 * The handlers of a session's own instance are compiled at their first call.
 */
export function compileEndpoint(
  tools: CompilerTools,
  definition: EndpointDefinition,
  made: EndpointInstance,
): EndpointHandlers {
  const { opened, closed } = definition;
  const compile = (handler: HandlerDefinition | undefined, part: PipelineParts['part']): HandlerPipeline =>
    prepare(made, () =>
      compilePipeline(tools.nest, {
        host: hostOf(definition, made, handler?.method),
        parameters: part === 'guards' ? [] : (handler?.parameters ?? []),
        part,
      }),
    );
  const authorize = compile(opened, 'guards');
  const routes = [...definition.routes].map(([name, { cls, handler }]) => {
    return [name, { read: tools.readers.of(cls), run: compile(handler, 'all') }] as const;
  });
  const calls = [...definition.calls].map(([method, { handler, request, items }]) => {
    const readers = items.map((cls) => [messageNameOf(cls)!, tools.readers.of(cls)] as const);
    const read = tools.readers.of(request);
    const named = { request: messageNameOf(request)!, items: new Map(readers) };
    const pipelines = { run: compile(handler, 'all'), authorize: compile(handler, 'guards') };
    return [method, { ...named, read, ...pipelines }] as const;
  });
  return {
    opened: opened ? compile(opened, 'all') : authorize,
    authorize,
    ...(closed && { closed: compile(closed, 'no-guards') }),
    routes: new Map(routes),
    calls: new Map(calls),
  };
}

/** Compiles a shared handler now, and a session's own handler at its first call. */
function prepare({ contextId }: EndpointInstance, compile: () => HandlerPipeline): HandlerPipeline {
  if (!contextId) return compile();
  let compiled: HandlerPipeline | undefined;
  return (call) => (compiled ??= compile())(call);
}

function hostOf(
  { cls, wrapper }: EndpointDefinition,
  { instance, contextId }: EndpointInstance,
  method = '',
): HandlerHost {
  const callback = (instance as Record<string, HandlerFunction>)[method] ?? noHandler;
  const moduleKey = wrapper.host?.token ?? '';
  return { instance, cls, method, callback, moduleKey, inquirerId: wrapper.id, contextId };
}

/** Replaces a missing `@OnStreamOpened`, because guards read the handler's metadata. */
function noHandler(): undefined {
  return undefined;
}
