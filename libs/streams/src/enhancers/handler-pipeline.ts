import type { Observable } from 'rxjs';
import { isObservable } from 'rxjs';
import type { HandlerParameter } from './handler-parameter.js';
import { applyFilters } from './filters.js';
import { filteredItems } from './filtered-items.js';
import { runGuards } from './guards.js';
import {
  compileArguments,
  isPipeable,
  isPlain,
  isPlainCall,
  permanentIdOf,
  type HandlerCall,
  type PipedParameter,
} from './handler-arguments.js';
import { InterceptedResult } from './intercepted-result.js';
import type { BoundFilter, Enhancers, HandlerHost, NestCompat } from './nest-compat.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { StreamContext } from './stream-context.js';

/** A handler with its enhancers; returns a promise only if a part is asynchronous. */
export type HandlerPipeline = (call: HandlerCall) => unknown;

/** One stage of a pipeline. */
type Stage = (call: HandlerCall, context: StreamContext) => unknown;

/** The parts of a pipeline. */
export interface PipelineParts {
  readonly host: HandlerHost;
  readonly parameters: readonly HandlerParameter[];
  /** The stages to include: all, only the guards, or all except the guards. */
  readonly part: 'all' | 'guards' | 'no-guards';
}

/**
 * Compiles a handler: filters around guards, interceptors, pipes and the method.
 *
 * Enhancers are looked up here, once; calls look up nothing.
 */
export function compilePipeline(nest: NestCompat, parts: PipelineParts): HandlerPipeline {
  if (!nest.hasCreators) return publicPipeline(nest, parts);
  const { host, part } = parts;
  const enhancers = nest.enhancersOf(host);
  const piped = pipedParameters(nest, parts, enhancers);
  const guards = part === 'no-guards' ? [] : enhancers.guards;
  const interceptors = part === 'guards' ? [] : enhancers.interceptors;
  const method = part === 'guards' ? () => undefined : methodStage(host, piped);
  const intercepted = interceptors.length
    ? interceptedStage(nest, { ...parts, interceptors, method })
    : method;
  const stage = guards.length ? guardedStage(guards, intercepted) : intercepted;
  const isContextFree = isPlain(piped) || isPlainCall(piped);
  return stage === method && isContextFree && !enhancers.filters.length
    ? // `never`, because a plain method reads no context.
      (call) => method(call, undefined as never)
    : withContext(host, filteredStage(enhancers.filters, stage));
}

function pipedParameters(nest: NestCompat, parts: PipelineParts, enhancers: Enhancers): PipedParameter[] {
  return parts.parameters.map((parameter) => {
    const own = nest.parameterPipes(parts.host, parameter.pipes);
    return { parameter, pipes: isPipeable(parameter) ? [...enhancers.pipes, ...own] : own };
  });
}

function methodStage({ instance, callback }: HandlerHost, parameters: readonly PipedParameter[]): Stage {
  if (isPlain(parameters))
    return (call) =>
      call.claim
        ? unlessHandled(call.claim, () => callback.call(instance, call.session, call.data))
        : callback.call(instance, call.session, call.data);
  if (isPlainCall(parameters))
    return (call) =>
      call.claim
        ? unlessHandled(call.claim, () => callback.call(instance, call.call, call.data, call.items))
        : callback.call(instance, call.call, call.data, call.items);
  const read = compileArguments(parameters);
  return (call, context) => {
    const values = read(call, context);
    if (call.claim) return claimedWith(call.claim, values, (settled) => callback.apply(instance, settled));
    return isPromiseLike(values)
      ? values.then((settled) => callback.apply(instance, settled as unknown[]))
      : callback.apply(instance, values);
  };
}

async function claimedWith(
  claim: () => Promise<boolean>,
  values: unknown[] | Promise<unknown[]>,
  run: (values: unknown[]) => unknown,
): Promise<unknown> {
  const settled = await values;
  return unlessHandled(claim, () => run(settled));
}

async function unlessHandled(claim: () => Promise<boolean>, run: () => unknown): Promise<unknown> {
  return (await claim()) ? undefined : run();
}

function guardedStage(guards: Enhancers['guards'], next: Stage): Stage {
  return (call, context) => {
    const waiting = runGuards(guards, context);
    return waiting ? waiting.then(() => next(call, context)) : next(call, context);
  };
}

interface InterceptedParts extends PipelineParts {
  readonly interceptors: Enhancers['interceptors'];
  readonly method: Stage;
}

function interceptedStage(nest: NestCompat, { host, interceptors, method }: InterceptedParts): Stage {
  return async (call, context) => {
    const result = new InterceptedResult();
    const args = context.getArgs();
    const outcome = await nest.intercept({ host, interceptors, args }, async () =>
      result.handlerReturned(await method(call, context)),
    );
    return isObservable(outcome) ? result.follow(outcome as Observable<unknown>) : outcome;
  };
}

function filteredStage(filters: readonly BoundFilter[], next: Stage): Stage {
  if (!filters.length) return next;
  return (call, context) => {
    try {
      const result = next(call, context);
      const filtered = (value: unknown): unknown =>
        call.call ? filteredItems(value, (error) => applyFilters(filters, error, context)) : value;
      return isPromiseLike(result)
        ? result.then(filtered, (error: unknown) => applyFilters(filters, error, context))
        : filtered(result);
    } catch (error) {
      return applyFilters(filters, error, context);
    }
  };
}

function withContext({ cls, callback }: HandlerHost, stage: Stage): HandlerPipeline {
  return (call) => stage(call, new StreamContext(cls, callback, [call.session, call.data, call.pattern]));
}

/** Builds the pipeline with Nest's public function, when the internals of Nest are unknown. */
function publicPipeline(nest: NestCompat, { host, part }: PipelineParts): HandlerPipeline {
  const handler = part === 'guards' ? nest.publicGuards(host) : nest.publicHandler(host);
  // Nest takes the last argument as the pattern.
  const run = (call: HandlerCall) =>
    call.call
      ? handler(call.session, call.data, permanentIdOf(call), call.call, call.items, call.pattern)
      : handler(call.session, call.data, permanentIdOf(call), call.pattern);
  return (call) => (call.claim ? unlessHandled(call.claim, () => run(call)) : run(call));
}
