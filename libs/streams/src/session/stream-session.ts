import type { Message, StreamGap } from '@nestwire/protocol';
import type { EXCLUDED } from '@nestwire/messages/internal';
import type { ExcludedReceiver, Channel, DeliveryClass, Subscription } from '@nestwire/messages';
import type { QuestionsOf, ReplyTo, SentMessages } from '../requests/asks.js';
import type { RequestOptions } from '../requests/request-options.js';
import type { ResumingChannels } from '../subscriptions/resuming-channels.js';
import type { SessionCloseReason } from './session-close-reason.js';
import type { SessionPresence } from './session-presence.js';
import type { SessionMessages } from './session-messages.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';

/** The messages that a client receives from a channel, gaps included. */
export type Flowing<M extends Message, D extends DeliveryClass, S extends Message> =
  M | S | (D extends 'history' ? ([S] extends [never] ? StreamGap : never) : never);

/** A class of user objects. */
export type UserObjectClass<T> = abstract new (...args: never[]) => T;

/**
 * One endpoint's stream on one connection; handlers receive it.
 *
 * `Out` is the union of the messages that the session sends. `User` is the application's type of user;
 * without `requireLogin` declare it with `| null`. `Params` are the parameters of the endpoint.
 */
export abstract class StreamSession<
  Out = never,
  User = unknown,
  Params = unknown,
> implements ExcludedReceiver {
  /** Lets a post leave out the client of the session, with the option `except`. */
  abstract readonly [EXCLUDED]: string;

  /** The id of the session, unique in the cluster; the log and the `opened` frame contain it. */
  abstract readonly id: string;

  /** The name of the endpoint. */
  abstract readonly endpoint: string;

  /** The parameters of the endpoint, frozen; undefined for an endpoint without parameters. */
  abstract readonly params: Params;

  /** The cluster's channels; the end of the session removes its listeners. */
  abstract readonly messages: SessionMessages;

  /** The members of channels; the session leaves its channels when it ends. */
  abstract readonly presence: SessionPresence;

  /**
   * The user from the last authentication; null for an anonymous session.
   *
   * After the end it stays the same user, even if the connection has another one.
   */
  abstract readonly user: User;

  /** The request headers, cookies and address, with the credential of the user. */
  abstract readonly handshake: StreamHandshake;

  /** The reason of the end; undefined before the end. */
  abstract readonly endReason: SessionCloseReason | undefined;

  /**
   * Aborts when the session ends, before `@OnStreamClosed` runs.
   *
   * The abort reason is a `SessionCloseReason`.
   */
  abstract readonly signal: AbortSignal;

  /**
   * The recoverable channels that the stream had on the client's last connection.
   *
   * Read it in `@OnStreamOpened`.
   */
  abstract readonly resuming: ResumingChannels;

  /**
   * Sends a message to the client of this session.
   *
   * Messages arrive in the order sent. Resolves when the message is in the connection's outbound
   * queue and the queue is below its soft bound, so awaiting it is backpressure.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} NOT_A_MESSAGE when the class has no `@StreamMessage`
   * @throws {CodedError} NOT_ENCODABLE when a property has no wire format
   */
  abstract sendStreamMessage(message: SentMessages<Out>): Promise<void>;

  /**
   * Subscribes the client of this session to a channel.
   *
   * The subscription ends with the session, or when it is removed. Resolves when the subscription is in
   * force. The client receives the messages in the stream of this endpoint. Each message is encoded once
   * for all clients. After a reconnect, a channel with history continues from the client's position:
   * each message arrives once and in order, and a `StreamGap` or the channel's snapshot replaces missing
   * ones. A channel with `latest` begins with its newest message.
   *
   * @throws {CodedError} SESSION_CLOSED when the session has ended
   * @throws {CodedError} TOO_MANY_SUBSCRIPTIONS when the connection has `maxSubscriptions`
   * @throws {CodedError} CHANNEL_MISMATCH when the connection has the channel with another definition
   */
  abstract subscribe<M extends Message, D extends DeliveryClass = 'ephemeral', S extends Message = never>(
    channel:
      | string
      | (Channel<M, D, S> &
          ([Flowing<M, D, S>] extends [Out]
            ? unknown
            : { 'session does not send': Exclude<Flowing<M, D, S>, Out> })),
  ): Promise<Subscription>;

  /**
   * Asks the client of this session; resolves to its validated reply.
   *
   * `Asks<Question, Reply>` in the outbound type of the session declares the type of the reply. The request ends
   * with the session: a reconnecting client does not answer it.
   *
   * @throws {CodedError} REQUEST_TIMEOUT when no reply arrived in time; the client may have handled the request
   * @throws {CodedError} REQUEST_REFUSED when the client answered with an error, which is the `cause`
   * @throws {CodedError} INVALID_MESSAGE when the reply has another class or is not valid
   * @throws {CodedError} UNCERTAIN when the session ended first; the client may have handled the request
   * @throws {CodedError} ABORTED when the signal aborted
   * @throws {CodedError} LIMIT_REACHED when too many requests have no answer: `maxRequests`
   * @throws {CodedError} SESSION_CLOSED, NOT_A_MESSAGE, NOT_ENCODABLE as `sendStreamMessage`
   */
  abstract request<Question extends QuestionsOf<Out>>(
    message: Question,
    options: RequestOptions<ReplyTo<Out, Question>>,
  ): Promise<ReplyTo<Out, Question>>;

  /** Stores an object until the session ends; `getUserObject()` returns the last one. */
  abstract setUserObject(object: object): void;

  /** Returns the user object of this class, or the last one; undefined without one. */
  abstract getUserObject<T = object>(cls?: UserObjectClass<T>): T | undefined;

  /**
   * Ends this session and sends the reason to the client; the connection stays open.
   *
   * Resolves when `@OnStreamClosed` has run and the user objects are disposed. In a handler of the
   * session it resolves at once, because the end waits for the handler.
   */
  abstract close(reason?: SessionCloseReason | string): Promise<void>;
}
