import type { Type } from '@nestjs/common';
import type { ContextId, ModuleRef } from '@nestjs/core';
import { errorLog } from '../enhancers/error-log.js';
import { instancesIn, releaseInstances, type ProviderWrapper } from '../enhancers/nest-compat.js';
import { isPromiseLike } from '../validation/promise-like.js';
import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionCloseReason } from './session-close-reason.js';
import type { DisposalOrder } from './disposal-order.js';
import type { OnSessionClosed } from './on-session-closed.js';

/** The parts of the application that a scope uses. */
export interface ScopeHost {
  readonly moduleRef: ModuleRef;
  readonly order: DisposalOrder;
  /** The providers that may have an instance in a scope. */
  readonly wrappers: readonly ProviderWrapper[];
  /** True when Nest can list the instances of a context for every provider. */
  readonly isListable: boolean;
}

type Disposable = Partial<OnSessionClosed> & {
  [Symbol.asyncDispose]?(): unknown;
  [Symbol.dispose]?(): unknown;
};

/** The instances of one session. */
export class SessionScope {
  private resolved = new Set<object>();
  private isDisposed = false;

  constructor(
    private readonly session: AnySession,
    readonly contextId: ContextId,
    private readonly host: ScopeHost,
  ) {}

  /** Returns the session's instance of a provider; the same each time. */
  async resolve(token: unknown): Promise<object> {
    const options = { strict: false };
    const instance: object = await this.host.moduleRef.resolve(
      token as Type<object>,
      this.contextId,
      options,
    );
    this.resolved.add(instance);
    return instance;
  }

  /** Returns the existing instances, by the class that provides them. */
  byClass(): Array<[Type, object]> {
    return this.host.wrappers.flatMap((wrapper) => {
      if (typeof wrapper.token !== 'function' || wrapper.isTransient) return [];
      return instancesIn(wrapper, this.contextId).map((instance): [Type, object] => [
        wrapper.token as Type,
        instance,
      ]);
    });
  }

  /** Disposes each instance once, dependents first; never throws. */
  async dispose(reason: SessionCloseReason): Promise<void> {
    if (this.isDisposed) return;
    this.isDisposed = true;
    for (const instance of this.takeInstances()) {
      const disposed = disposeInstance(instance, reason);
      if (disposed) await disposed;
    }
  }

  private takeInstances(): Set<object> {
    const { wrappers, order, isListable } = this.host;
    const made = new Map<ProviderWrapper, object[]>();
    for (const wrapper of wrappers) {
      const instances = instancesIn(wrapper, this.contextId);
      if (instances.length) made.set(wrapper, instances);
    }
    const ordered = order.sort([...made.keys()]).flatMap((wrapper) => made.get(wrapper) ?? []);
    // A resolved instance may belong to a durable provider, which other sessions share.
    const instances = new Set(isListable ? ordered : this.resolved);
    instances.delete(this.session);
    for (const wrapper of made.keys()) releaseInstances(wrapper, this.contextId);
    this.resolved = new Set();
    return instances;
  }
}

/** Disposes one instance; returns a promise only if that is asynchronous. */
function disposeInstance(instance: object, reason: SessionCloseReason): void | Promise<void> {
  const disposable = instance as Disposable;
  const closed = attempt(instance, () => disposable.onSessionClosed?.(reason));
  const dispose = (): void | Promise<void> =>
    attempt(instance, () =>
      (disposable[Symbol.asyncDispose] ?? disposable[Symbol.dispose])?.call(disposable),
    );
  return closed ? closed.then(dispose) : dispose();
}

function attempt(instance: object, dispose: () => unknown): void | Promise<void> {
  try {
    const done = dispose();
    if (isPromiseLike(done))
      return Promise.resolve(done).then(
        () => undefined,
        (error) => cleanUpFailed(instance, error),
      );
  } catch (error) {
    cleanUpFailed(instance, error);
  }
}

function cleanUpFailed(instance: object, error: unknown): void {
  errorLog.error(
    'clean-up',
    `${instance.constructor.name} failed to clean up after its session: ${String(error)}`,
    error,
  );
}
