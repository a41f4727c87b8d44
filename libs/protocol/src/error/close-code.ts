/**
 * The WebSocket close codes of nestwire.
 *
 * After 4000-4499 the client reconnects; after 4500-4999 it does not. So a client handles unknown codes
 * correctly.
 */
export const CloseCode = {
  /** The server is going away. */
  GoingAway: 1001,
  /** The peer violated the WebSocket protocol. */
  ProtocolError: 1002,
  /** A binary frame arrived on a text connection, or a text frame on a binary one. */
  UnsupportedData: 1003,
  /** A text frame was not valid UTF-8. */
  InvalidText: 1007,
  /** A message had too many fragments. */
  PolicyViolation: 1008,
  /** A frame was larger than the server accepts; reconnect and do not resend it. */
  TooLarge: 1009,
  /** The server failed with an internal error. */
  InternalError: 1011,
  /** The server restarts. */
  ServiceRestart: 1012,
  /** The server is overloaded; retry later. */
  TryAgainLater: 1013,
  /** The `hello` did not arrive in time. */
  HelloTimeout: 4001,
  /** The peer stopped answering pings. */
  HeartbeatLost: 4002,
  /** The client reads more slowly than messages are sent to it. */
  SlowConsumer: 4003,
  /** The client sent too much; wait at least five seconds. */
  RateLimited: 4004,
  /** The credential expired; renew it and reconnect. */
  CredentialExpired: 4005,
  /** The server is draining; reconnect to any server. */
  Drain: 4006,
  /** The client violated nestwire's protocol. */
  BadRequest: 4500,
  /** The credential was refused; renew it once, then stop. */
  Unauthenticated: 4501,
  /** The user's access was revoked. */
  Revoked: 4502,
  /** The server does not support the protocol version or subprotocol. */
  UnsupportedVersion: 4503,
  /** The user has too many connections. */
  TooManyConnections: 4504,
  /** Another connection replaced this one; sent by the client. */
  Replaced: 4505,
} as const;

/** One of the close codes above. */
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

const FINAL_STANDARD_CODES: readonly number[] = [1002, 1003, 1007, 1008, 1010];

/** Returns true when a client reconnects after this close code. */
export function shouldReconnect(code: number): boolean {
  return code >= 4000 ? code < 4500 : !FINAL_STANDARD_CODES.includes(code);
}
