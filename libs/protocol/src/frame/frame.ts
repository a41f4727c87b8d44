import type { WireError } from '../error/coded-error.js';

/** The version of the protocol that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol of version 1 with frames in JSON. */
export const JSON_SUBPROTOCOL = 'nestwire.v1.json';

/** The WebSocket subprotocol of version 1 with frames in MessagePack. */
export const MESSAGE_PACK_SUBPROTOCOL = 'nestwire.v1.msgpack';

/** Where a message stands in a recoverable channel, as it travels. */
export type WirePosition = readonly [epoch: string, offset: number, id: string];

/** Client: a channel that flowed to it before, up to where it got its messages. */
export type ResumePosition = readonly [
  endpoint: string,
  channel: string,
  /** As the server gave it with `subscribed`. */
  resumeToken: string,
  epoch: string,
  offset: number,
  id: string,
];

/** Client, first frame: the version it speaks, and who it is. */
export interface HelloFrame {
  readonly t: 'hello';
  readonly v: number;
  /** The credential; left out or null when there is none, or when a header or cookie holds it. */
  readonly token?: string | null;
  /** What flowed to the client when its last connection was lost. */
  readonly resume?: readonly ResumePosition[];
  /**
   * The user that `held` is of, or null; where the credential is of another, `held` is ignored.
   *
   * Left out by who does not know: each resume token proves its own user.
   */
  readonly resumeUser?: string | null;
  /** A secret name like `client`, that the resume tokens of an anonymous client are bound to in its place. */
  readonly resumeName?: string;
  /**
   * A secret random name that the client keeps over its connections.
   *
   * Together with a frame's id it names a message; needed by who resends messages as `redelivered`.
   */
  readonly client?: string;
}

/** Client: opens the stream of an endpoint; answered by `opened` or `error`. */
export interface OpenFrame {
  readonly t: 'open';
  readonly id: number;
  readonly endpoint: string;
}

/** Client: closes the stream of an endpoint; answered by `closed` or `error`. */
export interface CloseFrame {
  readonly t: 'close';
  readonly id: number;
  readonly endpoint: string;
}

/** Client: a message to an endpoint; answered by `ack` or `error`. */
export interface ClientMessageFrame {
  readonly t: 'message';
  readonly id: number;
  readonly endpoint: string;
  /** The name of the message class. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** It was sent before under this id, on a connection that was lost before the answer. */
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

/** Either side: asks for a `pong`. */
export interface PingFrame {
  readonly t: 'ping';
}

/** Either side: answers a `ping`. */
export interface PongFrame {
  readonly t: 'pong';
}

/** Server, first frame: the connection stands. */
export interface WelcomeFrame {
  readonly t: 'welcome';
  readonly v: number;
  /** The connection's id, as in the server's log. */
  readonly connection: string;
  /** The id of the user, or null for an anonymous connection. */
  readonly user: string | null;
  /** How long the server lets the connection be silent before it pings, in milliseconds. */
  readonly pingMs: number;
  /** How long after a ping something must arrive, in milliseconds. */
  readonly pongMs: number;
  /** The largest frame the server accepts, in bytes of UTF-8. */
  readonly maxPayloadBytes: number;
  /** How many messages of one stream may wait for their answer. */
  readonly maxPendingMessages: number;
  /** How long after a message was first sent it may be sent again, in milliseconds; 0 is never. */
  readonly resendMs?: number;
}

/** Server: the stream of an endpoint is open. */
export interface OpenedFrame {
  readonly t: 'opened';
  /** The id of the `open`; absent when the server opened the stream by itself. */
  readonly id?: number;
  readonly endpoint: string;
  /** The session's id, as in the server's log. */
  readonly session: string;
}

/** Why a stream was closed. */
export interface WireCloseReason {
  readonly code: string;
  readonly message: string;
}

/** Server: the stream of an endpoint is closed. */
export interface ClosedFrame {
  readonly t: 'closed';
  /** The id of the `close`; absent when the server closed the stream by itself. */
  readonly id?: number;
  readonly endpoint: string;
  readonly reason: WireCloseReason;
}

/**
 * Server: all messages sent to the endpoint up to this one are handled.
 *
 * Save those that an `error` answered.
 */
export interface AckFrame {
  readonly t: 'ack';
  readonly endpoint: string;
  readonly id: number;
}

/** Server: the frame with this id failed; without an id, a frame that had none. */
export interface ErrorFrame {
  readonly t: 'error';
  readonly id?: number;
  /** The stream that failed by itself, where no frame of the client is answered. */
  readonly endpoint?: string;
  readonly error: WireError;
}

/** Server: a message of an endpoint's stream. */
export interface ServerMessageFrame {
  readonly t: 'message';
  readonly endpoint: string;
  /** The channel that the message is a snapshot of, or a part of one. */
  readonly channel?: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Server: the channel flows into the endpoint's stream from here on. */
export interface SubscribedFrame {
  readonly t: 'subscribed';
  readonly endpoint: string;
  readonly channel: string;
  /** Where it flows from; only of a recoverable channel. */
  readonly position?: WirePosition;
  /** What `hello` has to give back together with a position. */
  readonly resumeToken?: string;
}

/** Server: the position of a channel in a stream, or a newer resume token for it. */
export interface PositionFrame {
  readonly t: 'position';
  readonly endpoint: string;
  readonly channel: string;
  readonly position?: WirePosition;
  readonly resumeToken: string;
}

/** Server: the channel no longer flows into the endpoint's stream. */
export interface UnsubscribedFrame {
  readonly t: 'unsubscribed';
  readonly endpoint: string;
  readonly channel: string;
}

/** What a publication of a recoverable channel says about its place. */
export interface PublicationPlace {
  /** The endpoint that it is for; absent when for all that the channel flows to. */
  readonly endpoint?: string;
  /** The epoch, where another one may begin: with gaps, and on channels of which the newest matters. */
  readonly epoch?: string;
  readonly offset: number;
  readonly id: string;
}

/** Server: a message of a channel, the same bytes for all who receive it. */
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

/** Server: it goes away; come back after a random part of the spread. */
export interface GoAwayFrame {
  readonly t: 'goaway';
  readonly spreadMs: number;
}

/** What a client sends. */
export type ClientFrame =
  HelloFrame | OpenFrame | CloseFrame | ClientMessageFrame | AuthFrame | PingFrame | PongFrame;

/** What a server sends. */
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
  | PongFrame;

/** One unit on the wire, either way. */
export type Frame = ClientFrame | ServerFrame;
