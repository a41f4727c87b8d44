import type { Message } from '@nestwire/protocol';
import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { ParamsClass } from './endpoint-params.js';

/** The options of an endpoint; `P` are its parameters. */
export interface StreamEndpointOptions<P extends object = never> {
  /**
   * The class of the parameters: each set of them has its own session.
   *
   * Its properties are strings, finite numbers and booleans without initial values or transforms. Clients call
   * `client.<name>(params)`. None by default.
   */
  readonly params?: ParamsClass<P>;
  /**
   * Refuses anonymous clients with UNAUTHENTICATED.
   *
   * @default false
   */
  readonly requireLogin?: boolean;
  /**
   * The scopes that the user must have, all of them; implies `requireLogin`.
   *
   * @default []
   */
  readonly requiredScopes?: readonly string[];
  /**
   * The time when the stream opens: on the client's first use, or on connect.
   *
   * @default 'on-use'
   */
  readonly open?: 'on-use' | 'on-connect';
  /**
   * Keeps the session when an anonymous client signs in on its open connection.
   *
   * User objects, listeners and subscriptions then belong to the user. Every other change of identity ends the
   * session.
   *
   * @default false
   */
  readonly keepOnSignIn?: boolean;
}

/** The options of an endpoint with their defaults, without its parameters. */
export type ResolvedEndpointOptions = Required<Omit<StreamEndpointOptions, 'params'>>;

/** The facts about a stream method that a call of it needs. */
export interface MethodFacts {
  /** True when the client sends items. */
  readonly takesItems: boolean;
  /** True when a call runs once in the cluster. */
  readonly isOnce: boolean;
  /** The bounds of a call that continues without its client; undefined when it does not. */
  readonly resumable: ResumableBounds | undefined;
}

/** The bounds of a resumable call. */
export interface ResumableBounds {
  /** The time without a reader, and the time after the end, in milliseconds. */
  readonly forMs: number;
  /** The maximum number of stored items that no reader has received. */
  readonly maxItems: number;
  /** The maximum size of those items, in bytes. */
  readonly maxBytes: number;
}

/** A call of a stream method, as its endpoint runs it. */
export interface MethodCall {
  readonly method: string;
  /** The name of the request's class. */
  readonly type: string;
  readonly data: object;
  /** The id of the call's frame. */
  readonly id: number;
  readonly call: object;
  readonly items: object | undefined;
  /** The claim of a call with `once`. */
  readonly claim?: MessageClaim | undefined;
}

/** A `@StreamEndpoint` provider, ready to serve sessions. */
export interface Endpoint {
  readonly name: string;
  readonly options: ResolvedEndpointOptions;
  /** True when each set of parameters has its own session. */
  readonly hasParams: boolean;
  /** The names of the messages that are handled once in the cluster; undefined without any. */
  readonly once?: ReadonlySet<string>;
  /** The stream methods by their names. */
  readonly methods: ReadonlyMap<string, MethodFacts>;
  /**
   * Prepares one session: its parameters, its instance of the endpoint and its user objects.
   *
   * Returns a promise only if Nest creates an instance for the session, or a constraint of the parameters is
   * asynchronous. A rejection leaves no instance.
   *
   * @throws {CodedError} INVALID_PARAMS
   */
  bind(session: AnySession): Handlers | Promise<Handlers>;
}

/** The claim of a message that is handled once in the cluster. */
export interface MessageClaim {
  /** True when it was sent before, so that a server may have handled it. */
  readonly isRedelivered: boolean;
  /**
   * Claims the message; resolves to true when it was handled before.
   *
   * @throws {CodedError} the error of its first answer; UNCERTAIN when a server has begun it
   */
  readonly take: () => Promise<boolean>;
}

/** The handlers of an endpoint for one session. */
export interface Handlers {
  /** Called when a message is read, before the application's code runs; the runtime sets it. */
  read?: () => void;
  /**
   * Checks access and runs `@OnStreamOpened`; its result is sent like a handler's.
   *
   * @throws {Error} the reason of the refusal
   */
  opened(): unknown;
  /**
   * Checks access again, as after a sign-in or sign-out.
   *
   * @throws {Error} when the stream may not stay open
   */
  authorize(): void | Promise<void>;
  /**
   * Reads a message and runs its handler; returns a promise only if a part is asynchronous.
   *
   * @param id the id of the message's frame
   * @param claim the claim of a message with `once`; taken when the message is valid
   * @throws {Error} any error; `toWireError` converts it into an answer
   */
  handle(type: string, data: object, id?: number, claim?: MessageClaim): unknown;
  /**
   * Reads the request of a call and runs its method; returns a promise only if a part is asynchronous.
   *
   * @throws {Error} any error; `toWireError` converts it into an answer
   */
  call(call: MethodCall): unknown;
  /**
   * Runs the guards of a method again, with the request of a call.
   *
   * @throws {Error} when the caller has no access any more
   */
  authorizeCall(method: string, type: string, data: object): Promise<void>;
  /**
   * Reads an item of the client in a call of the method.
   *
   * @throws {CodedError} UNKNOWN_MESSAGE, INVALID_MESSAGE
   */
  readItem(method: string, type: string, data: object): Message | Promise<Message>;
  /** Runs `@OnStreamClosed`, without guards; never throws. */
  closed(reason: SessionCloseReason): void | Promise<void>;
  /** Disposes the instances of the session, dependents first; never throws. */
  dispose(reason: SessionCloseReason): Promise<void>;
}
