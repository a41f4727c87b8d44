import type { ArgumentsHost, ExecutionContext, Type } from '@nestjs/common';
import type { StreamSession } from '../session/stream-session.js';

/** A session as the runtime handles it, whatever it sends and whoever uses it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the runtime takes sessions of every type
export type AnySession = StreamSession<any, any>;

/** A method of an endpoint. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- handlers have every signature
export type HandlerFunction = (...args: any[]) => unknown;

type Http = ReturnType<ArgumentsHost['switchToHttp']>;
type Rpc = ReturnType<ArgumentsHost['switchToRpc']>;
type Ws = ReturnType<ArgumentsHost['switchToWs']>;

/**
 * What a call of a handler is about: the session, its data, and the name of the
 * message.
 */
export type CallArguments = readonly [session: AnySession, data: unknown, pattern: string];

/**
 * The `ExecutionContext` of one call; guards, interceptors, filters and param
 * decorators read it.
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

  /**
   * The client is the session, the data is the message or close reason, the
   * pattern the message's name.
   */
  switchToWs(): Ws {
    const [session, data, pattern] = this.call;
    return { getClient: () => session as never, getData: () => data as never, getPattern: () => pattern };
  }

  /** The request is the session, so that decorators that read `request.user` find it. */
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
