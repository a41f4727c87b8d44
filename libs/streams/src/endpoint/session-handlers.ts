import type { Type } from '@nestjs/common';
import { CodedError, ErrorCode } from '@nestwire/protocol';
import { checkAccess, type Access } from '../auth/access.js';
import type { HandlerCall } from '../enhancers/handler-arguments.js';
import { errorLog } from '../enhancers/error-log.js';
import { asRefusal } from '../validation/refusal.js';
import { isPromiseLike } from '../validation/promise-like.js';
import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { Handlers, MessageClaim } from './endpoint.js';
import type { CompiledRoute, EndpointHandlers } from './endpoint-handlers.js';

/** The results of `context.switchToWs().getPattern()` without a message. */
const OPENED = 'stream.opened';
const CLOSED = 'stream.closed';

/** The parts that the handlers of one session use. */
export interface SessionBinding {
  readonly session: AnySession;
  readonly access: Access;
  readonly handlers: EndpointHandlers;
  /** The user objects that handlers take, by class. */
  readonly objects: ReadonlyMap<Type, unknown>;
  /** The scope that created them; undefined without one. */
  readonly scope?: SessionScope;
}

/** The handlers of an endpoint for one session. */
export class SessionHandlers implements Handlers {
  read?: () => void;

  constructor(private readonly binding: SessionBinding) {}

  opened(): unknown {
    this.checkAccess();
    return this.binding.handlers.opened(this.call(undefined, OPENED));
  }

  authorize(): void | Promise<void> {
    this.checkAccess();
    return this.binding.handlers.authorize(this.call(undefined, OPENED)) as void | Promise<void>;
  }

  handle(type: string, data: object, id?: number, claim?: MessageClaim): unknown {
    const route = this.routeOf(type);
    const message = readMessage(route, data);
    this.read?.();
    if (claim) return this.handleClaimed(route, this.call(message, type, id), claim);
    if (!(message instanceof Promise)) return route.run(this.call(message, type, id));
    return message.then((read) => route.run(this.call(read, type, id)), refuseLater);
  }

  /** Finds the handler of a message; a refusal is charged to the client. */
  private routeOf(type: string): CompiledRoute {
    try {
      // The user may have changed since the stream opened.
      this.checkAccess();
      const route = this.binding.handlers.routes.get(type);
      if (!route) throw unknownMessage(this.binding.session, type);
      return route;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /**
   * Claims a valid message and handles it; an invalid one leaves no claim.
   *
   * Guards and pipes run before the first claim. A redelivered message passed them before, so its answer does
   * not change when they would refuse it now.
   */
  private async handleClaimed(
    route: CompiledRoute,
    call: HandlerCall,
    { isRedelivered, take }: MessageClaim,
  ): Promise<unknown> {
    const valid = { ...call, data: await Promise.resolve(call.data).catch(refuseLater) };
    if (isRedelivered) return (await take()) ? undefined : route.run(valid);
    const claim = async (): Promise<boolean> => {
      const isHandled = await take();
      // The user may have changed meanwhile.
      if (!isHandled) this.checkAccess();
      return isHandled;
    };
    return route.run({ ...valid, claim });
  }

  closed(reason: SessionCloseReason): void | Promise<void> {
    try {
      const done = this.binding.handlers.closed?.(this.call(reason, CLOSED));
      if (isPromiseLike(done)) return Promise.resolve(done).then(ignore, (error) => this.closeFailed(error));
    } catch (error) {
      this.closeFailed(error);
    }
    return undefined;
  }

  async dispose(reason: SessionCloseReason): Promise<void> {
    await this.binding.scope?.dispose(reason);
    this.binding.session.userObjects.clear();
  }

  private checkAccess(): void {
    checkAccess(this.binding.access, this.binding.session);
  }

  private call(data: unknown, pattern: string, id?: number): HandlerCall {
    return { session: this.binding.session, data, pattern, objects: this.binding.objects, id };
  }

  private closeFailed(error: unknown): void {
    errorLog.error(
      `closed ${this.binding.session.endpoint}`,
      `@OnStreamClosed of "${this.binding.session.endpoint}" failed in session ${this.binding.session.id}: ${String(error)}`,
      error,
    );
  }
}

/** Reads and validates a message; a failure is charged to the client. */
function readMessage(route: CompiledRoute, data: object): unknown {
  try {
    return route.read(data);
  } catch (error) {
    throw asRefusal(error);
  }
}

function ignore(): void {}

function refuseLater(error: unknown): never {
  throw asRefusal(error);
}

function unknownMessage({ endpoint }: AnySession, type: string): CodedError {
  return new CodedError(ErrorCode.UnknownMessage, `"${endpoint}" has no handler for messages "${type}".`);
}
