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
 * Where Nest's own param decorators write; ours write there too, so that both
 * may be mixed.
 */
export const ROUTE_ARGUMENTS = '__routeArguments__';
/** Part of the key of a parameter that `createParamDecorator` made. */
export const CUSTOM_ARGUMENT = '__customRouteArgs__';
/** Makes Nest construct the scoped enhancers of a provider for each context. */
export const ENTRY_PROVIDER = '__entryProvider__';
/** What `@Injectable()` leaves on a class. */
export const INJECTABLE = '__injectable__';

/** A method, the instance that it runs on, and where Nest finds its enhancers. */
export interface HandlerHost {
  readonly instance: object;
  readonly cls: Type;
  /**
   * The method's name; empty for the guards of an endpoint without
   * `@OnStreamOpened`.
   */
  readonly method: string;
  readonly callback: HandlerFunction;
  /** The module that provides the endpoint. */
  readonly moduleKey: string;
  /** The provider's id: transient enhancers are made for it. */
  readonly inquirerId: string;
  /**
   * The session's context, when the endpoint or one of its enhancers is made per
   * session.
   */
  readonly contextId?: ContextId;
}

/** A filter, bound to its instance, and what it catches; everything when empty. */
export interface BoundFilter {
  readonly func: ExceptionFilter['catch'];
  readonly exceptionMetatypes: ReadonlyArray<abstract new (...args: never[]) => unknown>;
}

/** The instances that Nest has for one handler, in the order in which they run. */
export interface Enhancers {
  readonly guards: readonly CanActivate[];
  readonly pipes: readonly PipeTransform[];
  readonly interceptors: readonly NestInterceptor[];
  readonly filters: readonly BoundFilter[];
}

/** What the interceptors of a call need to know. */
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

/** The creators that an `ExternalContextCreator` holds, in Nest 11 and 12. */
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
 * All that nestwire uses of Nest beyond its public face.
 *
 * The creators are fields of the injected `ExternalContextCreator`, the same in Nest 11 and 12. Where they
 * are not as expected, `hasCreators` is false and `publicHandler` does the work, slower and without filters.
 */
export class NestCompat {
  readonly hasCreators: boolean;
  private readonly creators: Creators;

  constructor(private readonly external: ExternalContextCreator) {
    this.creators = external as unknown as Creators;
    this.hasCreators = CREATORS.every(([field, method]) => {
      const creator = this.creators[field] as unknown as Record<string, unknown> | undefined;
      return typeof creator?.[method] === 'function';
    });
  }

  /**
   * Returns the enhancers of a handler: global, then of the class, then of the
   * method; filters reversed.
   */
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

  /** Returns the instances of the pipes that stand at a parameter. */
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

  /**
   * Returns the handler with its guards, interceptors and pipes, made by Nest's
   * public function.
   */
  publicHandler(host: HandlerHost): HandlerFunction {
    const { instance, callback, method, contextId, inquirerId } = host;
    return this.external.create(
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

  /** Returns the guards of a handler alone, made by Nest's public function. */
  publicGuards(host: HandlerHost): HandlerFunction {
    // A function inherits the metadata of its prototype, so the guards of the method are found.
    const callback = Object.setPrototypeOf(() => undefined, host.callback) as HandlerFunction;
    return this.publicHandler({ ...host, callback, method: '' });
  }
}

const DATA_PARAMETER = 3;

function fromArguments(type: number, property: unknown, [session, data]: [AnySession, unknown]): unknown {
  if (type !== DATA_PARAMETER) return session;
  return typeof property === 'string' ? (data as Record<string, unknown>)?.[property] : data;
}

/** A provider as Nest's container holds it. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Tells whether a provider is one for the whole application, its enhancers and
 * dependencies too.
 */
export function isStatic(wrapper: ProviderWrapper): boolean {
  return wrapper.isDependencyTreeStatic();
}

/**
 * Returns what may be made per context: request-scoped and transient providers
 * and enhancers.
 */
export function contextualWrappers(modules: ModulesContainer): ProviderWrapper[] {
  return [...modules.values()]
    .flatMap(({ providers, injectables }) => [...providers.values(), ...injectables.values()])
    .filter(
      (wrapper) =>
        !wrapper.isAlias && !isOfNest(wrapper.token) && (wrapper.isTransient || !isStatic(wrapper)),
    ) as ProviderWrapper[];
}

/** Each module has these two; what they give is made elsewhere. */
function isOfNest(token: unknown): boolean {
  return token === REQUEST || token === INQUIRER;
}

/** Tells whether Nest can say which instances a context has. */
export function canListInstances(wrapper: ProviderWrapper): boolean {
  return typeof (wrapper as Partial<ProviderWrapper>).getExistingInstancesByContextId === 'function';
}

/** Returns the instances that a context has of a provider; makes none. */
export function instancesIn(wrapper: ProviderWrapper, contextId: ContextId): object[] {
  const hosts = canListInstances(wrapper) ? wrapper.getExistingInstancesByContextId(contextId) : [];
  return hosts
    .filter(
      ({ isResolved, isConstructorCalled }) => isResolved && (wrapper.isNotMetatype || isConstructorCalled),
    )
    .map(({ instance }) => instance as unknown)
    .filter((instance): instance is object => typeof instance === 'object' && instance !== null);
}

/** Lets go of the instances that a context has of a provider. */
export function releaseInstances(wrapper: ProviderWrapper, contextId: ContextId): void {
  (wrapper as Partial<ProviderWrapper>).removeInstanceByContextId?.call(wrapper, contextId);
}

/**
 * Returns the providers that a provider was made with; complete once it has been
 * made.
 */
export function dependenciesOf(wrapper: ProviderWrapper): ProviderWrapper[] {
  const injected = wrapper.getCtorMetadata() ?? [];
  const properties = wrapper.getPropertiesMetadata() ?? [];
  return [...injected, ...properties.map((property) => property.wrapper)].filter(Boolean);
}
