import type { ArgumentsHost, ExecutionContext, Type } from '@nestjs/common';
import type { ServerSession } from '../session/server-session.js';

/** A session of any endpoint and user. */
export type AnySession = ServerSession;

/** A method of an endpoint. */
// oxlint-disable-next-line no-explicit-any -- handlers have every signature
export type HandlerFunction = (...args: any[]) => unknown;

type Http = ReturnType<ArgumentsHost['switchToHttp']>;
type Rpc = ReturnType<ArgumentsHost['switchToRpc']>;
type Ws = ReturnType<ArgumentsHost['switchToWs']>;

/** The arguments of a handler call: the session, its data, and the message name. */
export type CallArguments = readonly [session: AnySession, data: unknown, pattern: string];

/**
 * The `ExecutionContext` of one call, for all kinds of enhancers.
 *
 * Nest's generic members let the caller choose the type of the result, so only casts to `never` fit.
 */
export class StreamContext implements ExecutionContext {
  constructor(
    private readonly cls: Type,
    private readonly handler: HandlerFunction,
    private readonly call: CallArguments,
  ) {}

  getType<T extends string = 'ws'>(): T {
    return 'ws' as T;
  }

  getClass<T>(): Type<T> {
    return this.cls as Type<T>;
  }

  getHandler(): HandlerFunction {
    return this.handler;
  }

  getArgs<T extends unknown[] = unknown[]>(): T {
    return [...this.call] as unknown as T;
  }

  getArgByIndex<T = unknown>(index: number): T {
    return this.call[index] as T;
  }

  /** Returns the session as client, the message or close reason as data, the message name as pattern. */
  switchToWs(): Ws {
    const [session, data, pattern] = this.call;
    return { getClient: () => session as never, getData: () => data as never, getPattern: () => pattern };
  }

  /** Returns the session as request, so that decorators that read `request.user` work. */
  switchToHttp(): Http {
    const [session, data, pattern] = this.call;
    return {
      getRequest: () => session as never,
      getResponse: () => data as never,
      getNext: () => pattern as never,
    };
  }

  switchToRpc(): Rpc {
    const [session, data] = this.call;
    return { getData: () => data as never, getContext: () => session as never };
  }
}
