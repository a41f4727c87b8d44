import { setMaxListeners } from 'node:events';
import type { ServerSession } from '../session/server-session.js';
import { StreamCall } from './stream-call.js';

/** A call with the members that only the server uses. */
export class ServerCall extends StreamCall {
  private abortion: AbortController | undefined;
  private reason: { readonly cause: unknown } | undefined;

  constructor(
    readonly id: string,
    readonly session: ServerSession,
    readonly deadline: Date | undefined,
  ) {
    super();
  }

  get user(): unknown {
    return this.session.user;
  }

  get params(): unknown {
    return this.session.params;
  }

  get signal(): AbortSignal {
    this.abortion ??= controllerFor(this.reason);
    return this.abortion.signal;
  }

  /** Aborts the signal; the first cause stays. */
  abort(cause: unknown): void {
    this.reason ??= { cause };
    this.abortion?.abort(this.reason.cause);
  }
}

/** Creates a controller for many listeners, which is aborted when there is a reason. */
function controllerFor(reason: { readonly cause: unknown } | undefined): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  if (reason) controller.abort(reason.cause);
  return controller;
}
