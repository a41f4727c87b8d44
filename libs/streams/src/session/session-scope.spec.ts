import { Controller, Get, Inject, Injectable, Logger, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, ModulesContainer, REQUEST } from '@nestjs/core';
import { StreamMessage } from '@nestwire/protocol';
import { bootEndpoints, closedByClient } from '../../../../test/rig/bind-endpoint.js';
import { OnStreamMessage } from '../endpoint/on-stream-message.decorator.js';
import { StreamEndpoint } from '../endpoint/stream-endpoint.decorator.js';
import { UserObject } from '../endpoint/user-object.decorator.js';
import { contextualWrappers, instancesIn } from '../enhancers/nest-compat.js';
import type { SessionCloseReason } from './session-close-reason.js';
import { StreamSession } from './stream-session.js';
import { InjectStreamSession } from './inject-stream-session.decorator.js';
import type { OnSessionClosed } from './on-session-closed.js';
import { SessionScoped } from './session-scoped.decorator.js';
import { UserObjects } from './user-objects.js';

@StreamMessage('scope.touch')
class Touch {
  declare readonly $type: 'scope.touch';
}

const log: string[] = [];
let made = 0;

@Injectable()
class Audit {
  readonly name = 'audit';
}

@SessionScoped()
class Store implements AsyncDisposable {
  constructor() {
    made++;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    log.push('store');
  }
}

@SessionScoped()
class Cart implements OnSessionClosed, Disposable {
  constructor(private readonly store: Store) {}
  onSessionClosed(reason: SessionCloseReason): void {
    log.push(`cart:${reason.code}:${this.store instanceof Store}`);
    throw new Error('the cart is stuck');
  }
  [Symbol.dispose](): void {
    log.push('cart disposed');
  }
}

@SessionScoped()
class Shopper implements OnSessionClosed {
  touched = 0;
  constructor(
    @InjectStreamSession() readonly session: StreamSession,
    readonly cart: Cart,
    readonly store: Store,
    readonly audit: Audit,
  ) {}
  onSessionClosed(): void {
    log.push(`shopper:${this.session.endpoint}:${this.audit.name}`);
  }
}

@SessionScoped()
class NeverUsed implements OnSessionClosed {
  constructor() {
    log.push('never used');
  }
  onSessionClosed(): void {}
}

@StreamEndpoint('shop')
class ShopEndpoint {
  @OnStreamMessage(Touch)
  touch(
    session: StreamSession,
    _message: Touch,
    @UserObject() shopper: Shopper,
    @UserObject(Cart) cart: unknown,
  ): unknown {
    shopper.touched++;
    return { shopper, isSame: shopper.cart === cart && shopper.session === session };
  }
}

const providers = [ShopEndpoint, Shopper, Cart, Store, Audit, NeverUsed];

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  log.splice(0);
  made = 0;
});

type Touched = { shopper: Shopper; isSame: boolean };

describe('User objects', () => {
  it('are made once a session, with their dependencies, and shared within it', async () => {
    const app = await bootEndpoints({ providers });
    const [a, b] = [await app.bind('shop'), await app.bind('shop')];
    const first = a.handlers.handle('scope.touch', {}) as Touched;
    const second = a.handlers.handle('scope.touch', {}) as Touched;
    const other = b.handlers.handle('scope.touch', {}) as Touched;
    expect(first.isSame).toBe(true);
    expect(second.shopper).toBe(first.shopper);
    expect(second.shopper.touched).toBe(2);
    expect(other.shopper).not.toBe(first.shopper);
    expect(made).toBe(2);
  });

  it('are found by getUserObject, beside those that the application set', async () => {
    const { session, handlers } = await (await bootEndpoints({ providers })).bind('shop');
    const { shopper } = handlers.handle('scope.touch', {}) as Touched;
    expect(session.getUserObject()).toBeUndefined();
    expect(session.getUserObject(Shopper)).toBe(shopper);
    expect(session.getUserObject(Store)).toBe(shopper.store);
    const own = new (class Own {})();
    session.setUserObject(own);
    expect(session.getUserObject()).toBe(own);
    await handlers.dispose(closedByClient);
    expect([session.getUserObject(), session.getUserObject(Shopper)]).toEqual([undefined, undefined]);
  });

  it('are disposed dependents first, each once, whatever one of them does', async () => {
    const { handlers } = await (await bootEndpoints({ providers })).bind('shop');
    await handlers.dispose(closedByClient);
    await handlers.dispose(closedByClient);
    expect(log).toEqual(['shopper:shop:audit', 'cart:closed-by-client:true', 'cart disposed', 'store']);
  });

  it('that could not all be made are disposed, and the bind fails', async () => {
    @SessionScoped()
    class Failing {
      constructor(readonly store: Store) {
        throw new Error('no seat left');
      }
    }
    @StreamEndpoint('failing')
    class FailingEndpoint {
      @OnStreamMessage(Touch)
      touch(_session: StreamSession, _message: Touch, @UserObject() _failing: Failing): void {}
    }
    const app = await bootEndpoints({ providers: [FailingEndpoint, Failing, Store] });
    await expect(app.bind('failing')).rejects.toThrow('no seat left');
    expect(log).toEqual(['store']);
  });

  it('leave nothing after 1,000 sessions', async () => {
    const app = await bootEndpoints({ providers });
    const contexts: Array<ReturnType<typeof ContextIdFactory.create>> = [];
    const moduleRef = app.module.get(ModuleRef);
    const register = moduleRef.registerRequestByContextId;
    ModuleRef.prototype.registerRequestByContextId = function (request: unknown, contextId) {
      contexts.push(contextId);
      return register.call(this, request, contextId);
    };
    for (let i = 0; i < 1_000; i++) {
      const { handlers } = await app.bind('shop');
      handlers.handle('scope.touch', {});
      await handlers.dispose(closedByClient);
    }
    ModuleRef.prototype.registerRequestByContextId = register;
    const wrappers = contextualWrappers(app.module.get(ModulesContainer, { strict: false }));
    const left = contexts.flatMap((contextId) =>
      wrappers.flatMap((wrapper) => instancesIn(wrapper, contextId)),
    );
    expect(contexts).toHaveLength(1_000);
    expect(log).toHaveLength(4_000);
    expect(left.filter((instance) => !(instance instanceof StreamSession))).toEqual([]);
  });

  it('that were not disposed are still there', async () => {
    // The negative control of the test above.
    const app = await bootEndpoints({ providers });
    const contexts: Array<ReturnType<typeof ContextIdFactory.create>> = [];
    const register = ModuleRef.prototype.registerRequestByContextId;
    ModuleRef.prototype.registerRequestByContextId = function (request: unknown, contextId) {
      contexts.push(contextId);
      return register.call(this, request, contextId);
    };
    await app.bind('shop');
    ModuleRef.prototype.registerRequestByContextId = register;
    const wrappers = contextualWrappers(app.module.get(ModulesContainer, { strict: false }));
    const left = wrappers.flatMap((wrapper) => instancesIn(wrapper, contexts[0]!));
    expect(left.map(({ constructor }) => constructor.name).sort()).toEqual(
      expect.arrayContaining(['Cart', 'Shopper', 'Store']),
    );
  });
});

describe('An endpoint that depends on the session', () => {
  @StreamEndpoint('own')
  class OwnEndpoint implements OnSessionClosed {
    touched = 0;
    constructor(
      private readonly cart: Cart,
      @Inject(REQUEST) private readonly request: unknown,
    ) {}
    @OnStreamMessage(Touch)
    touch(session: StreamSession, _message: Touch): unknown {
      return [++this.touched, this.cart instanceof Cart, this.request === session];
    }
    onSessionClosed(): void {
      log.push('endpoint');
    }
  }

  it('is made for each session, and disposed with it', async () => {
    const app = await bootEndpoints({ providers: [OwnEndpoint, Cart, Store] });
    const [a, b] = [await app.bind('own'), await app.bind('own')];
    expect(a.handlers.handle('scope.touch', {})).toEqual([1, true, true]);
    expect(a.handlers.handle('scope.touch', {})).toEqual([2, true, true]);
    expect(b.handlers.handle('scope.touch', {})).toEqual([1, true, true]);
    await a.handlers.dispose(closedByClient);
    expect(log).toEqual(['endpoint', 'cart:closed-by-client:true', 'cart disposed', 'store']);
  });

  it('keeps the scope that @Injectable gave it', async () => {
    for (const scope of [Scope.REQUEST, Scope.TRANSIENT]) {
      @StreamEndpoint('scoped')
      @Injectable({ scope })
      class ScopedEndpoint {
        count = 0;
        @OnStreamMessage(Touch) touch(_session: StreamSession, _message: Touch): unknown {
          return ++this.count;
        }
      }
      const app = await bootEndpoints({ providers: [ScopedEndpoint] });
      const [a, b] = [await app.bind('scoped'), await app.bind('scoped')];
      expect([a, a, b].map(({ handlers }) => handlers.handle('scope.touch', {}))).toEqual([1, 2, 1]);
    }
  });

  it('may take user objects of another module', async () => {
    @Module({ providers: [Cart, Store], exports: [Cart] })
    class CartModule {}
    const app = await bootEndpoints({ imports: [CartModule], providers: [OwnEndpoint] });
    const { handlers } = await app.bind('own');
    expect(handlers.handle('scope.touch', {})).toEqual([1, true, true]);
  });
});

describe('Durable providers', () => {
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Tenant implements OnSessionClosed {
    constructor() {
      made++;
    }
    onSessionClosed(): void {
      log.push('tenant');
    }
  }

  @SessionScoped()
  class Member implements OnSessionClosed {
    constructor(readonly tenant: Tenant) {}
    onSessionClosed(): void {
      log.push('member');
    }
  }

  @StreamEndpoint('tenants')
  class TenantsEndpoint {
    @OnStreamMessage(Touch)
    touch(_session: StreamSession, _message: Touch, @UserObject() member: Member): unknown {
      return member.tenant;
    }
  }

  const strategies = ContextIdFactory as unknown as { strategy: unknown };
  afterEach(() => void (strategies.strategy = undefined));

  it('are shared as the strategy says, which sees the headers, and outlive the session', async () => {
    const tenants: Record<string, ReturnType<typeof ContextIdFactory.create>> = {};
    ContextIdFactory.apply({
      attach: (contextId, request: { headers: { host: string } }) => {
        const tenant = (tenants[request.headers.host] ??= ContextIdFactory.create());
        return ({ isTreeDurable }) => (isTreeDurable ? tenant : contextId);
      },
    });
    const app = await bootEndpoints({ providers: [TenantsEndpoint, Member, Tenant] });
    const [a, b] = [await app.bind('tenants'), await app.bind('tenants')];
    expect(a.handlers.handle('scope.touch', {})).toBe(b.handlers.handle('scope.touch', {}));
    await a.handlers.dispose(closedByClient);
    expect([made, Object.keys(tenants), log]).toEqual([1, ['localhost'], ['member']]);
  });
});

describe('StreamSession', () => {
  it('cannot be injected outside of a session, and the error says why', async () => {
    @Controller()
    class ShopController {
      constructor(readonly shopper: Shopper) {}
      @Get() shop(): void {}
    }
    const { module } = await bootEndpoints({
      providers: [Shopper, Cart, Store, Audit],
      controllers: [ShopController],
    });
    const contextId = ContextIdFactory.create();
    module.registerRequestByContextId({ url: '/' }, contextId);
    await expect(module.resolve(Shopper, contextId)).rejects.toThrow('exists only in a stream session');
  });
});

describe('UserObjects', () => {
  it('keeps one object of a class, and remembers the one set last', () => {
    class A {}
    const objects = new UserObjects();
    const [first, second] = [new A(), new A()];
    objects.set(first);
    objects.set(second);
    expect(objects.get(A)).toBe(second);
    objects.set([1]);
    expect(objects.get()).toEqual([1]);
    objects.provide(A, first);
    expect(objects.get(A)).toBe(second);
    objects.clear();
    expect(objects.get(A)).toBeUndefined();
  });
});
