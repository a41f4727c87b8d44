import type { CanActivate, ExceptionFilter, NestInterceptor, PipeTransform, Type } from '@nestjs/common';
import {
  INQUIRER,
  REQUEST,
  type ContextId,
  type DiscoveryService,
  type ExternalContextCreator,
  type ModulesContainer,
} from '@nestjs/core';
import type { HandlerParameter } from './handler-parameter.js';
import type { AnySession, HandlerFunction } from './stream-context.js';

/**
 * The metadata key of Nest's param decorators.
 *
 * Own decorators use it too, so that both can be mixed.
 */
export const ROUTE_ARGUMENTS = '__routeArguments__';
/** Part of the metadata key of parameters with `createParamDecorator`. */
export const CUSTOM_ARGUMENT = '__customRouteArgs__';
/** The metadata key for scoped enhancers that Nest constructs per context. */
export const ENTRY_PROVIDER = '__entryProvider__';
/** Metadata key of `@Injectable()`. */
export const INJECTABLE = '__injectable__';

/** A method, its instance, and where Nest finds its enhancers. */
export interface HandlerHost {
  readonly instance: object;
  readonly cls: Type;
  /** The name of the method; empty for the guards of an endpoint without `@OnStreamOpened`. */
  readonly method: string;
  readonly callback: HandlerFunction;
  /** The module that provides the endpoint. */
  readonly moduleKey: string;
  /** The id of the provider; its transient enhancers are made for it. */
  readonly inquirerId: string;
  /** The context of the session, when the endpoint or an enhancer is session-scoped. */
  readonly contextId?: ContextId;
}

/** A bound filter and the classes it catches; all errors if empty. */
export interface BoundFilter {
  readonly func: ExceptionFilter['catch'];
  readonly exceptionMetatypes: ReadonlyArray<abstract new (...args: never[]) => unknown>;
}

/** The enhancer instances of one handler, in running order. */
export interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly pipes: readonly PipeTransform[];
  readonly interceptors: readonly NestInterceptor[];
  readonly filters: readonly BoundFilter[];
}

/** The parameters of a call with interceptors. */
export interface InterceptedCall {
  readonly host: HandlerHost;
  readonly interceptors: readonly NestInterceptor[];
  readonly args: readonly unknown[];
}

type Create<T> = (
  instance: object,
  callback: HandlerFunction,
  moduleKey: string,
  contextId?: ContextId,
  inquirerId?: string,
) => T;

/** The creators inside an `ExternalContextCreator` of Nest 11 and 12. */
interface Creators {
  readonly guardsContextCreator: { create: Create<CanActivate[]> };
  readonly interceptorsContextCreator: { create: Create<NestInterceptor[]> };
  readonly filtersContextCreator: { create: Create<{ filters?: BoundFilter[] }> };
  readonly pipesContextCreator: {
    create: Create<PipeTransform[]>;
    setModuleContext(moduleKey: string): void;
    createConcreteContext(
      pipes: HandlerParameter['pipes'],
      contextId?: ContextId,
      inquirerId?: string,
    ): PipeTransform[];
  };
  readonly interceptorsConsumer: {
    intercept(
      interceptors: readonly NestInterceptor[],
      args: readonly unknown[],
      instance: object,
      callback: HandlerFunction,
      next: () => Promise<unknown>,
      type: string,
    ): Promise<unknown>;
  };
}

const CREATORS: ReadonlyArray<readonly [keyof Creators, string]> = [
  ['guardsContextCreator', 'create'],
  ['interceptorsContextCreator', 'create'],
  ['filtersContextCreator', 'create'],
  ['pipesContextCreator', 'create'],
  ['pipesContextCreator', 'setModuleContext'],
  ['pipesContextCreator', 'createConcreteContext'],
  ['interceptorsConsumer', 'intercept'],
];

/**
 * The only code that uses internals of Nest.
 *
 * The creators are fields of the injected `ExternalContextCreator`, the same in Nest 11 and 12. If they
 * differ, `hasCreators` is false, and `publicHandler` replaces them: slower, and without filters.
 */
export class NestCompat {
  readonly hasCreators: boolean;
  private readonly creators: Creators;

  constructor(private readonly external: ExternalContextCreator) {
    // Nest declares these fields as private; `hasCreators` is false if they differ.
    this.creators = external as unknown as Creators;
    this.hasCreators = CREATORS.every(([field, method]) => {
      const creator: unknown = this.creators[field];
      return typeof (creator as Record<string, unknown> | undefined)?.[method] === 'function';
    });
  }

  /** Returns the enhancers of a handler: global, of the class, of the method; filters in reverse. */
  enhancersOf({ instance, callback, moduleKey, contextId, inquirerId }: HandlerHost): Enhancers {
    const { guardsContextCreator, pipesContextCreator, interceptorsContextCreator, filtersContextCreator } =
      this.creators;
    const where = [instance, callback, moduleKey, contextId, inquirerId] as const;
    return {
      guards: guardsContextCreator.create(...where),
      pipes: pipesContextCreator.create(...where),
      interceptors: interceptorsContextCreator.create(...where),
      filters: filtersContextCreator.create(...where).filters ?? [],
    };
  }

  /** Returns the pipe instances of a parameter. */
  parameterPipes(host: HandlerHost, pipes: HandlerParameter['pipes']): readonly PipeTransform[] {
    if (!pipes.length) return [];
    this.creators.pipesContextCreator.setModuleContext(host.moduleKey);
    return this.creators.pipesContextCreator.createConcreteContext(pipes, host.contextId, host.inquirerId);
  }

  /** Runs interceptors around a handler; resolves to an Observable. */
  intercept({ host, interceptors, args }: InterceptedCall, next: () => Promise<unknown>): Promise<unknown> {
    const { instance, callback } = host;
    return this.creators.interceptorsConsumer.intercept(interceptors, args, instance, callback, next, 'ws');
  }

  /** Returns the handler with guards, interceptors and pipes, made by Nest's public function. */
  publicHandler(host: HandlerHost): HandlerFunction {
    const { instance, callback, method, contextId, inquirerId } = host;
    return this.external.create(
      // `never`, because Nest takes only classes that declare the method by name.
      instance as never,
      callback,
      method,
      ROUTE_ARGUMENTS,
      { exchangeKeyForValue: fromArguments },
      contextId,
      inquirerId,
      { guards: true, interceptors: true, filters: false },
      'ws',
    ) as HandlerFunction;
  }

  /** Returns only the guards of a handler, made by Nest's public function. */
  publicGuards(host: HandlerHost): HandlerFunction {
    // The prototype passes on the metadata, so that Nest finds the guards of the method.
    const callback = Object.setPrototypeOf(() => undefined, host.callback) as HandlerFunction;
    return this.publicHandler({ ...host, callback, method: '' });
  }
}

const DATA_PARAMETER = 3;

function fromArguments(type: number, property: unknown, [session, data]: [AnySession, unknown]): unknown {
  if (type !== DATA_PARAMETER) return session;
  return typeof property === 'string' ? (data as Record<string, unknown>)?.[property] : data;
}

/** A provider in Nest's container. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Returns true when a provider, its enhancers and dependencies are singletons. */
export function isStatic(wrapper: ProviderWrapper): boolean {
  return wrapper.isDependencyTreeStatic();
}

/** Returns the request-scoped and transient providers and enhancers. */
export function contextualWrappers(modules: ModulesContainer): ProviderWrapper[] {
  return [...modules.values()]
    .flatMap(({ providers, injectables }) => [...providers.values(), ...injectables.values()])
    .filter(
      (wrapper) =>
        !wrapper.isAlias && !isOfNest(wrapper.token) && (wrapper.isTransient || !isStatic(wrapper)),
    ) as ProviderWrapper[];
}

/** Returns true for the two providers that Nest adds to each module. */
function isOfNest(token: unknown): boolean {
  return token === REQUEST || token === INQUIRER;
}

/** Returns true when this version of Nest can list the instances of a context. */
export function canListInstances(wrapper: ProviderWrapper): boolean {
  return typeof (wrapper as Partial<ProviderWrapper>).getExistingInstancesByContextId === 'function';
}

/** Returns the existing instances of a provider in a context; makes none. */
export function instancesIn(wrapper: ProviderWrapper, contextId: ContextId): object[] {
  const hosts = canListInstances(wrapper) ? wrapper.getExistingInstancesByContextId(contextId) : [];
  return hosts
    .filter(
      ({ isResolved, isConstructorCalled }) => isResolved && (wrapper.isNotMetatype || isConstructorCalled),
    )
    .map(({ instance }) => instance as unknown)
    .filter((instance): instance is object => typeof instance === 'object' && instance !== null);
}

/** Releases the instances of a provider in a context. */
export function releaseInstances(wrapper: ProviderWrapper, contextId: ContextId): void {
  (wrapper as Partial<ProviderWrapper>).removeInstanceByContextId?.call(wrapper, contextId);
}

/** Returns the dependencies of a provider; complete once it has been made. */
export function dependenciesOf(wrapper: ProviderWrapper): ProviderWrapper[] {
  const injected = wrapper.getCtorMetadata() ?? [];
  const properties = wrapper.getPropertiesMetadata() ?? [];
  return [...injected, ...properties.map((property) => property.wrapper)].filter(Boolean);
}
