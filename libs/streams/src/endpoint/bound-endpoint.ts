import type { Type } from '@nestjs/common';
import type { Access } from '../auth/access.js';
import { isStatic } from '../enhancers/nest-compat.js';
import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SessionScopes } from '../session/session-scopes.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import type { CallDefinition, EndpointDefinition } from './endpoint-definition.js';
import { compileEndpoint, type CompilerTools, type EndpointHandlers } from './endpoint-handlers.js';
import type { Endpoint, Handlers, MethodFacts, ResolvedEndpointOptions } from './endpoint.js';
import { SessionHandlers } from './session-handlers.js';
import { paramsReader, type ParamsReader } from './stream-params.js';

/** The parts of the application that an endpoint uses. */
export interface EndpointTools extends CompilerTools {
  readonly scopes: SessionScopes;
}

/** The default bounds of unread items of a resumable call. */
export const DEFAULT_RESUMABLE = { maxItems: 1_000, maxBytes: 1_048_576 };

/** An endpoint of the application; creates the handlers of each session. */
export class BoundEndpoint implements Endpoint {
  readonly name: string;
  readonly options: ResolvedEndpointOptions;
  readonly once?: ReadonlySet<string>;
  readonly methods: ReadonlyMap<string, MethodFacts>;
  /**
   * True when each session has its own instance.
   *
   * The endpoint, or an enhancer of it, then depends on the session.
   */
  readonly isPerSession: boolean;
  readonly hasParams: boolean;
  private readonly objectClasses: readonly Type[];
  private readParams: ParamsReader | undefined;
  private shared?: EndpointHandlers;

  constructor(
    private readonly tools: EndpointTools,
    private readonly definition: EndpointDefinition,
  ) {
    const { name, options } = definition.mark;
    const { requiredScopes = [], requireLogin = false, open = 'on-use', keepOnSignIn = false } = options;
    this.name = name;
    const needsUser = requireLogin || requiredScopes.length > 0;
    this.options = { requireLogin: needsUser, requiredScopes, open, keepOnSignIn };
    this.isPerSession = !isStatic(definition.wrapper) || definition.wrapper.isTransient;
    this.once = onceOf(definition);
    this.hasParams = options.params !== undefined;
    this.methods = new Map([...definition.calls].map(([method, call]) => [method, factsOf(call)]));
    this.objectClasses = [...new Set(definition.handlers.flatMap(userObjectClasses))];
  }

  /**
   * Compiles the message readers and the shared handlers.
   *
   * Called once all enhancers are known.
   */
  compile(): void {
    // From here on data may name these classes, also when each session has its own handlers.
    for (const { cls } of this.definition.routes.values()) this.tools.readers.of(cls);
    const { params } = this.definition.mark.options;
    if (params) this.readParams = paramsReader(this.tools.readers, params);
    for (const { request, items } of this.definition.calls.values())
      for (const cls of [request, ...items]) this.tools.readers.of(cls);
    if (this.isPerSession) return;
    this.shared = this.compileShared();
  }

  bind(session: AnySession): Handlers | Promise<Handlers> {
    const params = this.readParams?.(JSON.parse(session.paramsText) as object);
    if (!params) return this.bindHandlers(session);
    const accept = (read: object): Handlers | Promise<Handlers> => {
      session.acceptParams(read);
      return this.bindHandlers(session);
    };
    return params instanceof Promise ? params.then(accept) : accept(params);
  }

  private bindHandlers(session: AnySession): Handlers | Promise<Handlers> {
    if (this.isPerSession || this.objectClasses.length) return this.bindInScope(session);
    return new SessionHandlers({ session, access: this.access, handlers: this.handlers, objects: NONE });
  }

  private get access(): Access {
    return this.options;
  }

  private get handlers(): EndpointHandlers {
    return (this.shared ??= this.compileShared());
  }

  private compileShared(): EndpointHandlers {
    const instance = this.definition.wrapper.instance as object;
    return compileEndpoint(this.tools, this.definition, { instance });
  }

  private async bindInScope(session: AnySession): Promise<Handlers> {
    const scope = this.tools.scopes.open(session);
    try {
      const handlers = this.isPerSession ? await this.ownHandlers(scope) : this.handlers;
      const objects = await this.makeObjects(scope, session);
      return new SessionHandlers({ session, access: this.access, handlers, objects, scope });
    } catch (error) {
      await scope.dispose(new SessionCloseReason('open-failed', 'The session could not be set up.'));
      throw error;
    }
  }

  private async ownHandlers(scope: SessionScope): Promise<EndpointHandlers> {
    const instance = await scope.resolve(this.definition.wrapper.token);
    return compileEndpoint(this.tools, this.definition, { instance, contextId: scope.contextId });
  }

  private async makeObjects(scope: SessionScope, session: AnySession): Promise<Map<Type, unknown>> {
    const objects = new Map<Type, unknown>();
    for (const cls of this.objectClasses) objects.set(cls, await scope.resolve(cls));
    for (const [cls, instance] of scope.byClass()) session.userObjects.provide(cls, instance);
    return objects;
  }
}

const NONE: ReadonlyMap<Type, unknown> = new Map();

function factsOf({ items, mark: { options } }: CallDefinition): MethodFacts {
  const { once = false, resumable } = options;
  return {
    takesItems: items.length > 0,
    isOnce: once,
    resumable: resumable && { ...DEFAULT_RESUMABLE, ...resumable },
  };
}

function userObjectClasses({ parameters }: EndpointDefinition['handlers'][number]): Type[] {
  return parameters.flatMap(({ source }) => (source.kind === 'user-object' ? [source.cls] : []));
}

function onceOf({ routes }: EndpointDefinition): ReadonlySet<string> | undefined {
  const names = [...routes].filter(([, { cls, handler }]) => handler.mark.once?.includes(cls));
  return names.length ? new Set(names.map(([name]) => name)) : undefined;
}
