import { Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, ModulesContainer } from '@nestjs/core';
import { canListInstances, contextualWrappers } from '../enhancers/nest-compat.js';
import type { AnySession } from '../enhancers/stream-context.js';
import { DisposalOrder } from './disposal-order.js';
import { SessionScope, type ScopeHost } from './session-scope.js';

/** Opens the dependency injection scopes of sessions. */
@Injectable()
export class SessionScopes {
  private readonly order = new DisposalOrder();
  private known?: ScopeHost;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
  ) {}

  /** Opens the scope of one session; its instances are created when they are resolved. */
  open(session: AnySession): SessionScope {
    // Unlike create(), this calls a strategy for durable providers, which reads request headers.
    const request = { headers: session.handshake?.headers ?? {}, session };
    const contextId = ContextIdFactory.getByRequest(request);
    this.moduleRef.registerRequestByContextId(session, contextId);
    return new SessionScope(session, contextId, (this.known ??= this.makeHost()));
  }

  private makeHost(): ScopeHost {
    const wrappers = contextualWrappers(this.modules);
    const { moduleRef, order } = this;
    return { moduleRef, order, wrappers, isListable: wrappers.every(canListInstances) };
  }
}
