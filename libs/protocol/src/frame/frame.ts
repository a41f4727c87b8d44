import type { WireError } from '../error/coded-error.js';
import type {
  AttachFrame,
  CallFrame,
  CallCancelFrame,
  CancelFrame,
  ClientEndFrame,
  ClientItemFrame,
  CreditFrame,
  DetachFrame,
  ReplyFrame,
  RequestFrame,
  ResponseFrame,
  ServerEndFrame,
  ServerItemFrame,
  WithdrawnFrame,
} from './call-frame.js';

/** The protocol version of this package. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol of version 1 with frames in JSON. */
export const JSON_SUBPROTOCOL = 'nestwire.v1.json';

/** The WebSocket subprotocol of version 1 with frames in MessagePack. */
export const MESSAGE_PACK_SUBPROTOCOL = 'nestwire.v1.msgpack';

/** The type of a publication that only advances the position of its receiver. */
export const SKIPPED = 'nestwire.skipped';

/** The position of a message in a recoverable channel, on the wire. */
export type WirePosition = readonly [epoch: string, offset: number, id: string];

/** Client: a channel of the former connection, and its last position. */
export type ResumePosition = readonly [
  endpoint: string,
  channel: string,
  /** The token from the server's last `subscribed` or `position` frame. */
  resumeToken: string,
  epoch: string,
  offset: number,
  id: string,
  /** The parameters of the stream; absent if the endpoint has none. */
  params?: WireParams,
];

/** Client, first frame: the protocol version and the client's identity. */
export interface HelloFrame {
  readonly t: 'hello';
  readonly v: number;
  /** The credential; absent or null if there is none, or if a header or cookie contains it. */
  readonly token?: string | null;
  /** The subscriptions of the client when its last connection was lost. */
  readonly resume?: readonly ResumePosition[];
  /**
   * The id of the user that `resume` belongs to, or null; `resume` is ignored for another user.
   *
   * Absent when the client does not know it: each resume token proves its user.
   */
  readonly resumeUser?: string | null;
  /** A secret name like `client`; resume tokens of an anonymous client are bound to it instead of a user. */
  readonly resumeName?: string;
  /**
   * A secret random name that the client keeps across connections.
   *
   * A client id and a frame id identify a message. It is required for `redelivered` messages.
   */
  readonly client?: string;
}

/** The parameters of a stream; flat, so that equal ones have one text. */
export type WireParams = Readonly<Record<string, string | number | boolean>>;

/** Client: opens the stream of an endpoint; answered by `opened` or `error`. */
export interface OpenFrame {
  readonly t: 'open';
  readonly id: number;
  readonly endpoint: string;
  /**
   * The key of the stream in all other frames.
   *
   * Without `params` it defaults to the name of the endpoint, which is also the only accepted key. With
   * `params` the client chooses a key that does not begin with a letter.
   */
  readonly stream?: string;
  /** The parameters of the stream; required by an endpoint that has some, refused by any other. */
  readonly params?: WireParams;
}

/** Client: closes a stream; answered by `closed` or `error`. */
export interface CloseFrame {
  readonly t: 'close';
  readonly id: number;
  readonly stream: string;
}

/** Client: a message to a stream; answered by `ack` or `error`. */
export interface ClientMessageFrame {
  readonly t: 'message';
  readonly id: number;
  readonly stream: string;
  /** The name of the message class. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** True when the message was sent before with this id and its connection was lost before the answer. */
  readonly redelivered?: boolean;
}

/**
 * Client: signs in, or out with null, on the open connection.
 *
 * Answered by `authenticated` or `error`.
 */
export interface AuthFrame {
  readonly t: 'auth';
  readonly id: number;
  readonly token: string | null;
}

/** Client or server: requests a `pong`. */
export interface PingFrame {
  readonly t: 'ping';
}

/** Client or server: answers a `ping`. */
export interface PongFrame {
  readonly t: 'pong';
}

/** Server, first frame: the connection is established. */
export interface WelcomeFrame {
  readonly t: 'welcome';
  readonly v: number;
  /** The connection's id, as in the server's log. */
  readonly connection: string;
  /** The id of the user, or null for an anonymous connection. */
  readonly user: string | null;
  /** The silence after which the server pings, in milliseconds. */
  readonly pingMs: number;
  /** The time after a ping within which any data must arrive, in milliseconds. */
  readonly pongMs: number;
  /** The maximum size of a frame to the server, in bytes. */
  readonly maxPayloadBytes: number;
  /** The maximum number of unanswered messages of one stream. */
  readonly maxPendingMessages: number;
  /** The time after its first sending in which a message may be resent, in milliseconds; 0 is never. */
  readonly resendMs?: number;
  /** The maximum number of unconsumed items in one direction of a call. */
  readonly callWindow?: number;
  /** The maximum size of unconsumed items in one direction of a call, in bytes. */
  readonly callWindowBytes?: number;
  /** The maximum number of calls of one stream at the same time; 0 or absent when there are no calls. */
  readonly maxCalls?: number;
  /** The maximum number of streams of the connection. */
  readonly maxStreams?: number;
  /** The hash of the server's contract: endpoints, and the names, fields and constraints of messages. */
  readonly contract?: string;
}

/** Server: a stream is open. */
export interface OpenedFrame {
  readonly t: 'opened';
  /** The id of the `open`; absent when the server opened the stream itself. */
  readonly id?: number;
  readonly stream: string;
  /** The session's id, as in the server's log. */
  readonly session: string;
}

/** The reason of a closed stream. */
export interface WireCloseReason {
  readonly code: string;
  readonly message: string;
}

/** Server: a stream is closed. */
export interface ClosedFrame {
  readonly t: 'closed';
  /** The id of the `close`; absent when the server closed the stream itself. */
  readonly id?: number;
  readonly stream: string;
  readonly reason: WireCloseReason;
}

/**
 * Server: acknowledges all messages to the stream up to this id.
 *
 * It does not acknowledge messages that an `error` has answered.
 */
export interface AckFrame {
  readonly t: 'ack';
  readonly stream: string;
  readonly id: number;
}

/**
 * Server: the frame with this id failed.
 *
 * Without an id, the id of the failed frame could not be read.
 */
export interface ErrorFrame {
  readonly t: 'error';
  readonly id?: number;
  /** The stream that failed on the server's side, when the error answers no frame. */
  readonly stream?: string;
  readonly error: WireError;
}

/** Server: a message of a stream. */
export interface ServerMessageFrame {
  readonly t: 'message';
  readonly stream: string;
  /** The channel whose snapshot contains the message. */
  readonly channel?: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Server: the stream is subscribed to the channel from this frame on. */
export interface SubscribedFrame {
  readonly t: 'subscribed';
  readonly stream: string;
  readonly channel: string;
  /** The position that the subscription starts after; only for a recoverable channel. */
  readonly position?: WirePosition;
  /** The token that `hello` must return with a position. */
  readonly resumeToken?: string;
}

/** Server: a new position of a subscription, or a newer resume token for it. */
export interface PositionFrame {
  readonly t: 'position';
  readonly stream: string;
  readonly channel: string;
  readonly position?: WirePosition;
  readonly resumeToken: string;
}

/** Server: the stream is no longer subscribed to the channel. */
export interface UnsubscribedFrame {
  readonly t: 'unsubscribed';
  readonly stream: string;
  readonly channel: string;
}

/** The position of a publication in a recoverable channel. */
export interface PublicationPlace {
  /** The stream that receives the publication; absent for all subscribed streams. */
  readonly stream?: string;
  /** The epoch, where it may change: in gaps, and on channels with `latest`. */
  readonly epoch?: string;
  readonly offset: number;
  readonly id: string;
}

/** Server: a publication of a channel; all receivers get the same bytes. */
export interface PublicationFrame extends Partial<PublicationPlace> {
  readonly t: 'publication';
  readonly channel: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Server: answers `auth`. */
export interface AuthenticatedFrame {
  readonly t: 'authenticated';
  readonly id: number;
  /** The id of the user, or null for an anonymous connection. */
  readonly user: string | null;
}

/** Server: it shuts down; the client reconnects after a random part of `spreadMs`. */
export interface GoAwayFrame {
  readonly t: 'goaway';
  readonly spreadMs: number;
}

/** A frame from a client. */
export type ClientFrame =
  | HelloFrame
  | OpenFrame
  | CloseFrame
  | ClientMessageFrame
  | AuthFrame
  | PingFrame
  | PongFrame
  | ClientCallFrame;

/** A frame of a client about a call or a request. */
export type ClientCallFrame =
  | CallFrame
  | ClientItemFrame
  | ClientEndFrame
  | CreditFrame
  | CallCancelFrame
  | CancelFrame
  | DetachFrame
  | AttachFrame
  | ResponseFrame;

/** A frame from a server. */
export type ServerFrame =
  | WelcomeFrame
  | OpenedFrame
  | ClosedFrame
  | AckFrame
  | ErrorFrame
  | ServerMessageFrame
  | SubscribedFrame
  | PositionFrame
  | UnsubscribedFrame
  | PublicationFrame
  | AuthenticatedFrame
  | GoAwayFrame
  | PingFrame
  | PongFrame
  | ReplyFrame
  | ServerItemFrame
  | ServerEndFrame
  | CreditFrame
  | RequestFrame
  | WithdrawnFrame;

/** One frame of either direction. */
export type Frame = ClientFrame | ServerFrame;
