import type { Type } from '@nestjs/common';
import { CodedError, ErrorCode, type Message } from '@nestwire/protocol';
import { checkAccess, type Access } from '../auth/access.js';
import type { HandlerCall } from '../enhancers/handler-arguments.js';
import { errorLog } from '../enhancers/error-log.js';
import { asRefusal } from '../validation/refusal.js';
import { isPromiseLike } from '../validation/promise-like.js';
import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionScope } from '../session/session-scope.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { Handlers, MessageClaim, MethodCall } from './endpoint.js';
import type { CompiledCall, CompiledRoute, EndpointHandlers } from './endpoint-handlers.js';

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
    return this.binding.handlers.opened(this.handlerCall(undefined, OPENED));
  }

  authorize(): void | Promise<void> {
    this.checkAccess();
    return this.binding.handlers.authorize(this.handlerCall(undefined, OPENED)) as void | Promise<void>;
  }

  handle(type: string, data: object, id?: number, claim?: MessageClaim): unknown {
    const route = this.routeOf(type);
    const message = readMessage(route, data);
    this.read?.();
    if (claim) return this.handleClaimed(route, this.handlerCall(message, type, id), claim);
    if (!(message instanceof Promise)) return route.run(this.handlerCall(message, type, id));
    return message.then((read) => route.run(this.handlerCall(read, type, id)), refuseLater);
  }

  call(made: MethodCall): unknown {
    const { method, type, data, claim } = made;
    const compiled = this.methodOf(method);
    if (type !== compiled.request) throw asRefusal(otherRequest(method, compiled.request, type));
    const request = readMessage(compiled, data);
    this.read?.();
    if (claim) return this.handleClaimed(compiled, this.methodCall(request, made), claim);
    if (!(request instanceof Promise)) return compiled.run(this.methodCall(request, made));
    return request.then((read) => compiled.run(this.methodCall(read, made)), refuseLater);
  }

  async authorizeCall(method: string, type: string, data: object): Promise<void> {
    const compiled = this.methodOf(method);
    const request = await readMessage(compiled, data);
    await compiled.authorize(this.handlerCall(request, type));
  }

  readItem(method: string, type: string, data: object): Message | Promise<Message> {
    const read = this.methodOf(method).items.get(type);
    if (!read) throw asRefusal(otherItem(method, type));
    try {
      const item = read(data);
      return item instanceof Promise ? item.catch(refuseLater) : item;
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /** Finds a stream method; a refusal is charged to the client. */
  private methodOf(method: string): CompiledCall {
    try {
      // The user may have changed since the stream opened.
      this.checkAccess();
      const compiled = this.binding.handlers.calls.get(method);
      if (!compiled) throw unknownMethod(this.binding.session.endpoint, method);
      return compiled;
    } catch (error) {
      throw asRefusal(error);
    }
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
      const done = this.binding.handlers.closed?.(this.handlerCall(reason, CLOSED));
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

  // Both make objects of one shape, because the stages of the pipelines read them faster.
  private handlerCall(data: unknown, pattern: string, id?: number): HandlerCall {
    const { session, objects } = this.binding;
    return { session, data, pattern, objects, id, call: undefined, items: undefined, claim: undefined };
  }

  private methodCall(data: unknown, { type, id, call, items }: MethodCall): HandlerCall {
    const { session, objects } = this.binding;
    return { session, data, pattern: type, objects, id, call, items, claim: undefined };
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

/** Creates the error of a call of a method that the endpoint does not have. */
export function unknownMethod(endpoint: string, method: string): CodedError {
  const message = `"${endpoint}" has no stream method "${method}": compare the name with the method that has @StreamMethod().`;
  return new CodedError(ErrorCode.UnknownMethod, message);
}

function otherRequest(method: string, expected: string, type: string): CodedError {
  const message = `"${method}" takes a request "${expected}", not "${type}".`;
  return new CodedError(ErrorCode.UnknownMessage, message);
}

function otherItem(method: string, type: string): CodedError {
  return new CodedError(ErrorCode.UnknownMessage, `"${method}" takes no items "${type}".`);
}
