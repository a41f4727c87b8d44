import { Logger, type Type } from '@nestjs/common';
import type { ContextId, ModuleRef } from '@nestjs/core';
import {
  canListInstances,
  instancesIn,
  releaseInstances,
  type ProviderWrapper,
} from '../pipeline/nest-compat.js';
import type { AnySession } from '../pipeline/stream-context.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { DisposalOrder } from './disposal-order.js';
import type { OnSessionClosed } from './on-session-closed.js';

/** What a scope needs of the application. */
export interface ScopeHost {
  readonly moduleRef: ModuleRef;
  readonly order: DisposalOrder;
  /** The providers that may have an instance in a scope. */
  readonly wrappers: readonly ProviderWrapper[];
}

type Disposable = Partial<OnSessionClosed> & {
  [Symbol.asyncDispose]?(): unknown;
  [Symbol.dispose]?(): unknown;
};

const logger = new Logger('Streams');

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
    const instance: object = await this.host.moduleRef.resolve(token as never, this.contextId, options);
    this.resolved.add(instance);
    return instance;
  }

  /** Returns the instances made so far, by the class that they are provided under. */
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
    for (const instance of this.takeInstances()) await disposeInstance(instance, reason);
  }

  private takeInstances(): Set<object> {
    const { wrappers, order } = this.host;
    const made = wrappers.filter((wrapper) => instancesIn(wrapper, this.contextId).length);
    const ordered = order.sort(made).flatMap((wrapper) => instancesIn(wrapper, this.contextId));
    // What was resolved may be a durable provider, which other sessions share.
    const instances = new Set(wrappers.every(canListInstances) ? ordered : this.resolved);
    instances.delete(this.session);
    for (const wrapper of made) releaseInstances(wrapper, this.contextId);
    this.resolved = new Set();
    return instances;
  }
}

async function disposeInstance(instance: object, reason: SessionCloseReason): Promise<void> {
  const disposable = instance as Disposable;
  await attempt(instance, () => disposable.onSessionClosed?.(reason));
  await attempt(instance, () =>
    (disposable[Symbol.asyncDispose] ?? disposable[Symbol.dispose])?.call(disposable),
  );
}

async function attempt(instance: object, dispose: () => unknown): Promise<void> {
  try {
    await dispose();
  } catch (error) {
    logger.error(
      `${instance.constructor.name} failed to clean up after its session: ${String(error)}`,
      error instanceof Error ? error.stack : undefined,
    );
  }
}
