/**
 * The codes that nestwire closes a WebSocket with.
 *
 * 4000-4499: the client connects again. 4500-4999: it does not. So a client acts
 * rightly on a code that it does not know.
 */
export const CloseCode = {
  /** The server is going away. */
  GoingAway: 1001,
  /** The peer broke the WebSocket protocol. */
  ProtocolError: 1002,
  /** A binary frame on a text connection, or the other way round. */
  UnsupportedData: 1003,
  /** A text frame was not UTF-8. */
  InvalidText: 1007,
  /** Too many fragments. */
  PolicyViolation: 1008,
  /** A frame was larger than the server accepts; come back without it. */
  TooLarge: 1009,
  /** The server failed. */
  InternalError: 1011,
  /** The server restarts. */
  ServiceRestart: 1012,
  /** The server is overloaded. */
  TryAgainLater: 1013,
  /** No `hello` came in time. */
  HelloTimeout: 4001,
  /** The peer stopped answering pings. */
  HeartbeatLost: 4002,
  /** The client reads too slowly for what it is sent. */
  SlowConsumer: 4003,
  /** The client sends too much; wait five seconds or more. */
  RateLimited: 4004,
  /** The credential expired: renew it and come back. */
  CredentialExpired: 4005,
  /** The server drains: come back, to any server. */
  Drain: 4006,
  /** The client broke nestwire's protocol. */
  BadRequest: 4500,
  /** The credential was not accepted: renew it once, then stop. */
  Unauthenticated: 4501,
  /** The user's access was taken away. */
  Revoked: 4502,
  /** The protocol version or subprotocol is not spoken here. */
  UnsupportedVersion: 4503,
  /** The user has too many connections. */
  TooManyConnections: 4504,
  /** Another connection took this one's place; sent by the client. */
  Replaced: 4505,
} as const;

/** One of the close codes above. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

const FINAL_STANDARD_CODES: readonly number[] = [1002, 1003, 1007, 1008, 1010];

/** Tells whether a client connects again after this close code. */
export function shouldReconnect(code: number): boolean {
  return code >= 4000 ? code < 4500 : !FINAL_STANDARD_CODES.includes(code);
}
