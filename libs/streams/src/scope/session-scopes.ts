import { Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, ModulesContainer } from '@nestjs/core';
import { contextualWrappers, type ProviderWrapper } from '../pipeline/nest-compat.js';
import type { AnySession } from '../pipeline/stream-context.js';
import { DisposalOrder } from './disposal-order.js';
import { SessionScope } from './session-scope.js';

/** Opens the scopes that sessions make their own instances in. */
@Injectable()
export class SessionScopes {
  private readonly order = new DisposalOrder();
  private known?: readonly ProviderWrapper[];

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
  ) {}

  /** Opens the scope of one session; its instances are made when they are resolved. */
  open(session: AnySession): SessionScope {
    // Not create(): this way a strategy for durable providers has its say. It reads request headers.
    const request = { headers: session.handshake?.headers ?? {}, session };
    const contextId = ContextIdFactory.getByRequest(request);
    this.moduleRef.registerRequestByContextId(session, contextId);
    const { moduleRef, order } = this;
    return new SessionScope(session, contextId, { moduleRef, order, wrappers: this.wrappers() });
  }

  private wrappers(): readonly ProviderWrapper[] {
    return (this.known ??= contextualWrappers(this.modules));
  }
}
