import type { ContextId } from '@nestjs/core';
import type { HandlerPipeline } from '../enhancers/handler-pipeline.js';
import { compilePipeline, type PipelineParts } from '../enhancers/handler-pipeline.js';
import type { MessageReader, MessageReaders } from '../validation/message-reader.js';
import type { HandlerHost, NestCompat } from '../enhancers/nest-compat.js';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { EndpointDefinition, HandlerDefinition } from './endpoint-definition.js';

/** The compiled handlers of one instance of an endpoint. */
export interface EndpointHandlers {
  /** Guards, then `@OnStreamOpened`; the guards alone where there is no such method. */
  readonly opened: HandlerPipeline;
  /** The guards of `opened` alone. */
  readonly authorize: HandlerPipeline;
  /** `@OnStreamClosed`, without guards. */
  readonly closed?: HandlerPipeline;
  /** By the name of the message. */
  readonly routes: ReadonlyMap<string, CompiledRoute>;
}

/** How a message becomes a call. */
export interface CompiledRoute {
  readonly read: MessageReader;
  readonly run: HandlerPipeline;
}

/** What compiling needs of the application. */
export interface CompilerTools {
  readonly nest: NestCompat;
  readonly readers: MessageReaders;
}

/** An instance of an endpoint, and the session's context when it was made for one. */
export interface EndpointInstance {
  readonly instance: object;
  readonly contextId?: ContextId;
}

/**
 * Compiles the handlers of an instance; those made for one session each when
 * they are first called.
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
  return {
    opened: opened ? compile(opened, 'all') : authorize,
    authorize,
    ...(closed && { closed: compile(closed, 'no-guards') }),
    routes: new Map(routes),
  };
}

/**
 * What serves the whole application is compiled now, what serves one session
 * when it is needed.
 */
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

/**
 * Stands for `@OnStreamOpened` where an endpoint has none: guards ask for the
 * handler's metadata.
 */
function noHandler(): undefined {
  return undefined;
}
