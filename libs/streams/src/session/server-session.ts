import { setMaxListeners } from 'node:events';
import { CodedError, ErrorCode, type Message } from '@nestwire/protocol';
import type { Channel, MessagesService, PresenceService, Subscription } from '@nestwire/messages';
import type { RequestOptions } from '../requests/request-options.js';
import { EXCLUDED } from '@nestwire/messages/internal';
import type { ResumingChannels } from '../subscriptions/resuming-channels.js';
import { UserObjects } from './user-objects.js';
import { SessionCloseReason } from './session-close-reason.js';
import { ServerSessionPresence } from './session-presence.js';
import { SessionMessages } from './session-messages.js';
import { StreamSession, type UserObjectClass } from './stream-session.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';

/** The operations of the connection that a session uses. */
export interface SessionPort {
  /** The public name of the client, or of the connection if the client has no id. */
  readonly clientName: string;
  readonly presence: PresenceService;
  readonly limits: { readonly maxSubscriptions: number };
  /** Queues a message for the client; resolves below the soft bound. */
  send(session: ServerSession, message: object): Promise<void>;
  subscribe(session: ServerSession, channel: string | Channel): Promise<Subscription>;
  /** Asks the client; resolves to the validated reply. */
  request(session: ServerSession, message: object, options: RequestOptions): Promise<Message>;
  /** Returns the channels that the stream had on the client's last connection. */
  resuming(session: ServerSession): ResumingChannels;
  /** Ends the session and sends the reason to the client. */
  endSession(session: ServerSession, reason: SessionCloseReason): Promise<void>;
}

/** The identity that a session belongs to. */
export interface SessionIdentity {
  readonly user: unknown;
  readonly handshake: StreamHandshake;
  /** The subject of resume tokens. */
  readonly holder: string;
}

/** The address of a stream on its connection. */
export interface StreamAddress {
  /** The name of the endpoint. */
  readonly endpoint: string;
  /** The canonical text of the parameters; empty for an endpoint without parameters. */
  readonly paramsText: string;
  /** The key of the stream in the frames of its connection. */
  readonly stream: string;
}

/** The address of a session. */
export interface SessionAddress extends StreamAddress {
  /** The id of the session, unique in the cluster. */
  readonly id: string;
}

/** Returns a text that is equal for equal endpoints and parameters alone. */
export function subjectOf({ endpoint, paramsText }: Omit<StreamAddress, 'stream'>): string {
  // The name of an endpoint contains no space.
  return paramsText ? `${endpoint} ${paramsText}` : endpoint;
}

/** A session with the members that only the server uses. */
export class ServerSession extends StreamSession<never, unknown> {
  readonly id: string;
  readonly endpoint: string;
  /** The key of the stream in the frames of its connection. */
  readonly stream: string;
  /** The canonical text of the parameters; empty for an endpoint without parameters. */
  readonly paramsText: string;
  /** The user objects of this session; `@UserObject()` reads them. */
  readonly userObjects = new UserObjects();
  private readonly port: SessionPort;
  private readonly service: MessagesService;
  private sessionMessages?: SessionMessages;
  private sessionPresence?: ServerSessionPresence;
  private abort?: AbortController;
  private ended: SessionCloseReason | undefined;
  private identity: SessionIdentity;
  private validParams: object | undefined;

  constructor(
    { id, endpoint, stream, paramsText }: SessionAddress,
    port: SessionPort,
    { messages, identity }: { readonly messages: MessagesService; readonly identity: SessionIdentity },
  ) {
    super();
    this.id = id;
    this.endpoint = endpoint;
    this.stream = stream;
    this.paramsText = paramsText;
    this.identity = identity;
    this.port = port;
    this.service = messages;
  }

  get params(): object | undefined {
    return this.validParams;
  }

  get [EXCLUDED](): string {
    return this.port.clientName;
  }

  get messages(): SessionMessages {
    return (this.sessionMessages ??= new SessionMessages(this.service, this.signal));
  }

  get presence(): ServerSessionPresence {
    return (this.sessionPresence ??= new ServerSessionPresence(this.port, this));
  }

  get user(): unknown {
    return this.identity.user;
  }

  get handshake(): StreamHandshake {
    return this.identity.handshake;
  }

  /** The subject of the session's resume tokens. */
  get holder(): string {
    return this.identity.holder;
  }

  get endReason(): SessionCloseReason | undefined {
    return this.ended;
  }

  get signal(): AbortSignal {
    this.abort ??= abortController();
    if (this.ended) this.abort.abort(this.ended);
    return this.abort.signal;
  }

  get resuming(): ResumingChannels {
    return this.port.resuming(this);
  }

  sendStreamMessage(message: object): Promise<void> {
    if (this.ended) return Promise.reject(closedError(this.ended));
    return this.port.send(this, message);
  }

  subscribe(channel: string | Channel<Message>): Promise<Subscription> {
    if (this.ended) return Promise.reject(closedError(this.ended));
    return this.port.subscribe(this, channel);
  }

  request(message: object, options: RequestOptions): Promise<never> {
    if (this.ended) return Promise.reject(closedError(this.ended));
    // `never`, because the class of the session declares no questions.
    return this.port.request(this, message, options) as Promise<never>;
  }

  setUserObject(object: object): void {
    this.userObjects.set(object);
  }

  getUserObject<T = object>(cls?: UserObjectClass<T>): T | undefined {
    return this.userObjects.get(cls) as T | undefined;
  }

  close(reason: SessionCloseReason | string = 'The server closed the stream.'): Promise<void> {
    const why = typeof reason === 'string' ? new SessionCloseReason('closed-by-server', reason) : reason;
    return this.port.endSession(this, why);
  }

  /** Stores the parameters once they are validated, before the application's code runs. */
  acceptParams(params: object): void {
    this.validParams = params;
  }

  /** Returns whether the session belongs to this identity. */
  belongsTo(identity: SessionIdentity): boolean {
    return this.identity === identity;
  }

  /** Moves a session with `keepOnSignIn` to the user who has signed in. */
  adopt(identity: SessionIdentity): void {
    this.identity = identity;
    this.sessionPresence?.userChanged();
  }

  /** Marks the session as ended and aborts its signal; the first call decides the reason. */
  end(reason: SessionCloseReason): void {
    this.ended ??= reason;
    this.abort?.abort(reason);
  }
}

function closedError({ message }: SessionCloseReason): CodedError {
  return new CodedError(ErrorCode.SessionClosed, `The session has ended: ${message}`);
}

/** Creates a controller for many listeners: each channel, result and presence may add one. */
function abortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
