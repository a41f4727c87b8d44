import { setMaxListeners } from 'node:events';
import { CodedError, ErrorCode, type Message, type StreamGap } from '@nestwire/protocol';
import type {
  Channel,
  DeliveryClass,
  MessagesService,
  PresenceService,
  Subscription,
} from '@nestwire/messages';
import type { ResumingChannels } from '../subscriptions/resuming-channels.js';
import { UserObjects } from './user-objects.js';
import { SessionCloseReason } from './session-close-reason.js';
import { SessionPresence } from './session-presence.js';
import { SessionMessages } from './session-messages.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';

/** The connection as a session sees it. */
export interface SessionPort {
  readonly presence: PresenceService;
  readonly limits: { readonly maxSubscriptions: number };
  /** Queues a message for the client; resolves below the soft bound. */
  send(session: StreamSession<never, unknown>, message: object): Promise<void>;
  subscribe(
    session: StreamSession<never, unknown>,
    channel: string | Channel<Message>,
  ): Promise<Subscription>;
  /** The channels that the client had in this stream on its last connection. */
  resuming(session: StreamSession<never, unknown>): ResumingChannels;
  /** Ends the session and tells the client. */
  endSession(session: StreamSession<never, unknown>, reason: SessionCloseReason): Promise<void>;
}

/** The identity that a session belongs to. */
export interface SessionIdentity {
  readonly user: unknown;
  readonly handshake: StreamHandshake;
  /** The subject of resume tokens. */
  readonly holder: string;
}

/** What a client gets from a channel: messages, and what tells or repairs a gap. */
export type Flowing<M extends Message, D extends DeliveryClass, S extends Message> =
  M | S | (D extends 'history' ? ([S] extends [never] ? StreamGap : never) : never);

/** A class of user objects. */
export type UserObjectClass<T> = abstract new (...args: never[]) => T;

/**
 * One endpoint's stream on one connection: what handlers receive.
 *
 * `Out` is the union of the messages that the session sends, `User` the application's type of user;
 * without `requireLogin` declare it with `| null`.
 */
export class StreamSession<Out = never, User = unknown> {
  /** The objects of this session; `@UserObject()` reads them. */
  readonly userObjects = new UserObjects();
  readonly #port: SessionPort;
  readonly #service: MessagesService;
  #messages?: SessionMessages;
  #presence?: SessionPresence;
  #abort?: AbortController;
  #ended: SessionCloseReason | undefined;
  #identity: SessionIdentity;

  constructor(
    /** Unique in the cluster; the same in the log and in the client's `opened` frame. */
    readonly id: string,
    /** The name of the endpoint. */
    readonly endpoint: string,
    port: SessionPort,
    { messages, identity }: { readonly messages: MessagesService; readonly identity: SessionIdentity },
  ) {
    this.#identity = identity;
    this.#port = port;
    this.#service = messages;
  }

  /** Channels of the cluster; what is added here goes when the session ends. */
  get messages(): SessionMessages {
    return (this.#messages ??= new SessionMessages(this.#service, this.signal));
  }

  /** Who is in which channel; this session leaves when it ends. */
  get presence(): SessionPresence {
    return (this.#presence ??= new SessionPresence(this.#port, this));
  }

  /**
   * The user that the session belongs to: what the authenticator returned last, or null.
   *
   * It stays the same user after the end, also when the connection belongs to another by then.
   */
  get user(): User {
    return this.#identity.user as User;
  }

  /** What the connection brought with it, with the credential of the session's user. */
  get handshake(): StreamHandshake {
    return this.#identity.handshake;
  }

  /** The subject of the session's resume tokens; the server calls it. */
  get holder(): string {
    return this.#identity.holder;
  }

  /** Why the session has ended; undefined while it has not. */
  get endReason(): SessionCloseReason | undefined {
    return this.#ended;
  }

  /** Aborts when the session ends, before `@OnStreamClosed` runs; its reason is a `SessionCloseReason`. */
  get signal(): AbortSignal {
    this.#abort ??= abortController();
    if (this.#ended) this.#abort.abort(this.#ended);
    return this.#abort.signal;
  }

  /**
   * Sends a message to the client of this session.
   *
   * Messages arrive in the order sent. Resolves when the message stands in the connection's outbound
   * queue and the queue is below its soft bound, so awaiting it is backpressure.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot travel
   */
  sendStreamMessage(message: Out): Promise<void> {
    if (this.#ended) return Promise.reject(this.#closedError());
    return this.#port.send(this as never, message as object);
  }

  /**
   * Lets a channel flow to the client of this session, until the subscription is removed or the session ends.
   *
   * Resolves when the subscription is in force. The messages of a channel cross the wire encoded once
   * for all clients; they appear in the client's stream of this endpoint. A channel with history goes on
   * after a reconnect where it stopped, each message once and in order; where some are missing, a
   * `StreamGap` comes in their place, or the channel's snapshot. One defined as `latest` begins with its
   * newest message.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} LIMIT_REACHED when the connection has `maxSubscriptions`
   * @throws {CodedError} CHANNEL_MISMATCH when the connection has it by another definition
   */
  subscribe<M extends Message, D extends DeliveryClass = 'ephemeral', S extends Message = never>(
    channel:
      | string
      | (Channel<M, D, S> &
          ([Flowing<M, D, S>] extends [Out]
            ? unknown
            : { 'session does not send': Exclude<Flowing<M, D, S>, Out> })),
  ): Promise<Subscription> {
    if (this.#ended) return Promise.reject(this.#closedError());
    return this.#port.subscribe(this as never, channel as string | Channel<Message>);
  }

  /**
   * The channels with history that the client had in this stream before it came back; read it in
   * `@OnStreamOpened`.
   */
  get resuming(): ResumingChannels {
    return this.#port.resuming(this as never);
  }

  /** Keeps an object for the life of this session; `getUserObject()` returns the one set last. */
  setUserObject(object: object): void {
    this.userObjects.set(object);
  }

  /** Returns the user object of this class, or the one set last; undefined when there is none. */
  getUserObject<T = object>(cls?: UserObjectClass<T>): T | undefined {
    return this.userObjects.get(cls as never) as T | undefined;
  }

  /**
   * Ends this session and tells the client why; the connection and its other sessions go on.
   *
   * Resolves when `@OnStreamClosed` has run and the user objects are disposed; while a handler of the
   * session runs at once, because the end waits for the handler.
   */
  close(reason: SessionCloseReason | string = 'The server closed the stream.'): Promise<void> {
    const why = typeof reason === 'string' ? new SessionCloseReason('closed-by-server', reason) : reason;
    return this.#port.endSession(this as never, why);
  }

  /** Tells whether the session belongs to this identity; the connection asks. */
  belongsTo(identity: SessionIdentity): boolean {
    return this.#identity === identity;
  }

  /** Lets a session with `keepOnSignIn` belong to the user who has signed in; the connection calls it. */
  adopt(identity: SessionIdentity): void {
    this.#identity = identity;
    this.#presence?.userChanged();
  }

  /** Marks the session as ended and aborts its signal; the runtime calls it, once. */
  end(reason: SessionCloseReason): void {
    this.#ended ??= reason;
    this.#abort?.abort(reason);
  }

  #closedError(): CodedError {
    return new CodedError(ErrorCode.SessionClosed, `The session has ended: ${this.#ended!.message}`);
  }
}

/** Each channel, result and presence of a session may listen: Node need not warn of more than ten. */
function abortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
