import type { AnySession } from '../enhancers/stream-context.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';

/** How an endpoint may be used. */
export interface StreamEndpointOptions {
  /** Refuses anonymous clients with UNAUTHENTICATED. Default: false. */
  readonly requireLogin?: boolean;
  /**
   * Scopes that the user must have, all of them; implies `requireLogin`. Default:
   * none.
   */
  readonly requiredScopes?: readonly string[];
  /**
   * When its stream opens: on the client's first use, or by itself on connect.
   * Default: `'on-use'`.
   */
  readonly open?: 'on-use' | 'on-connect';
  /**
   * Keeps the session when an anonymous client signs in on its open connection:
   * user objects, listeners and subscriptions go on as the user's. Every other
   * change of identity ends it. Default: false.
   */
  readonly keepOnSignIn?: boolean;
}

/** A `@StreamEndpoint` provider, ready to serve sessions. */
export interface Endpoint {
  readonly name: string;
  readonly options: Required<StreamEndpointOptions>;
  /** The names of the messages that are handled once in the cluster; undefined when there are none. */
  readonly once?: ReadonlySet<string>;
  /**
   * Prepares one session: its instance of the endpoint and its user objects.
   *
   * A promise only where Nest has to make something for the session. After a rejection nothing is left.
   */
  bind(session: AnySession): Handlers | Promise<Handlers>;
}

/** How a message is claimed that is handled once in the cluster. */
export interface MessageClaim {
  /** Whether it was sent before, so that a server may have handled it. */
  readonly isRedelivered: boolean;
  /**
   * Claims it; resolves to whether it was handled before, and is not handled now.
   *
   * @throws {CodedError} the error that it was answered with; UNCERTAIN when a server began it
   */
  readonly take: () => Promise<boolean>;
}

/** What a session calls on its endpoint. */
export interface Handlers {
  /** Called when a message has been read, before anything of the application runs; the runtime sets it. */
  read?: () => void;
  /**
   * Checks access, then runs `@OnStreamOpened`; what that returns is to be sent,
   * like a handler's result.
   *
   * @throws {Error} anything that refuses the stream
   */
  opened(): unknown;
  /**
   * Checks access alone, as after signing in or out.
   *
   * @throws {Error} when the stream may not stay open
   */
  authorize(): void | Promise<void>;
  /**
   * Reads a message and runs its handler; a promise only where something is
   * asynchronous.
   *
   * @param id of the message's frame
   * @param claim claims the message in the cluster; called once the message is valid
   * @throws {Error} anything; `toWireError` makes it an answer
   */
  handle(type: string, data: object, id?: number, claim?: MessageClaim): unknown;
  /** Runs `@OnStreamClosed`, without guards; never throws. */
  closed(reason: SessionCloseReason): void | Promise<void>;
  /** Disposes what was made for the session, dependents first; never throws. */
  dispose(reason: SessionCloseReason): Promise<void>;
}
