/**
 * The codes of the errors that cross the wire or reach the caller of a client.
 *
 * A code is stable: never renamed, never reused. `docs/errors.md` explains each.
 */
export const ErrorCode = {
  /** The text of a frame was not JSON. */
  BadJson: 'BAD_JSON',
  /** The JSON was not a frame. */
  BadFrame: 'BAD_FRAME',
  /** The frame's `t` is not known. */
  UnknownFrame: 'UNKNOWN_FRAME',
  /** The frame nests too deep or holds too many values. */
  TooComplex: 'TOO_COMPLEX',
  /** The `id` belongs to a frame that has not been answered yet. */
  DuplicateId: 'DUPLICATE_ID',
  /** No endpoint has this name. */
  UnknownEndpoint: 'UNKNOWN_ENDPOINT',
  /** The endpoint has no handler for this message. */
  UnknownMessage: 'UNKNOWN_MESSAGE',
  /** The message did not pass validation; `details` says where. */
  InvalidMessage: 'INVALID_MESSAGE',
  /** In `details` of INVALID_MESSAGE: the class has no such property; the sender may be newer. */
  UnknownProperty: 'UNKNOWN_PROPERTY',
  /** The message is larger than the server accepts. */
  MessageTooLarge: 'MESSAGE_TOO_LARGE',
  /** The message holds a value that cannot travel. */
  NotEncodable: 'NOT_ENCODABLE',
  /** The endpoint's stream is not open on this connection. */
  StreamNotOpen: 'STREAM_NOT_OPEN',
  /** A sign-in is needed, or the credential was not accepted. */
  Unauthenticated: 'UNAUTHENTICATED',
  /** The user may not do this. */
  Forbidden: 'FORBIDDEN',
  /** Too many frames or bytes in too little time; see `retryAfterMs`. */
  RateLimited: 'RATE_LIMITED',
  /** Too many messages wait for this stream's handlers. */
  Busy: 'BUSY',
  /** A limit on the number of streams or subscriptions is reached. */
  LimitReached: 'LIMIT_REACHED',
  /** A channel of this name flows to the connection, and is defined otherwise. */
  ChannelMismatch: 'CHANNEL_MISMATCH',
  /** The handler did not finish in time; it may still finish. */
  HandlerTimeout: 'HANDLER_TIMEOUT',
  /** The handler runs a message once only, and the client gives its messages no lasting ids. */
  ClientIdRequired: 'CLIENT_ID_REQUIRED',
  /** The sender of the frame signed in or out before its turn; it was not handled. */
  IdentityChanged: 'IDENTITY_CHANGED',
  /** The session has ended. */
  SessionClosed: 'SESSION_CLOSED',
  /** The server is shutting down. */
  Draining: 'DRAINING',
  /** The server failed; the cause is in its log under the id in the text. */
  Internal: 'INTERNAL',
  /** The client is not connected and its policy is not to wait. */
  NotConnected: 'NOT_CONNECTED',
  /** The client's offline queue is full. */
  QueueFull: 'QUEUE_FULL',
  /** A reader did not keep up, and its policy is to fail. */
  ReaderOverflow: 'READER_OVERFLOW',
  /** No answer came in time; the message may have been handled. */
  AnswerTimeout: 'ANSWER_TIMEOUT',
  /** The connection was lost before the answer; the message may have been handled. */
  Uncertain: 'UNCERTAIN',
  /** The caller's `AbortSignal` aborted. */
  Aborted: 'ABORTED',
  /** The client was closed, by its user or for good by the server. */
  ClientClosed: 'CLIENT_CLOSED',
  /** The server did not complete the handshake in time. */
  ConnectTimeout: 'CONNECT_TIMEOUT',
  /** A message class is not marked with `@StreamMessage`. */
  NotAMessage: 'NOT_A_MESSAGE',
} as const;

/** One of the codes above, or a code that an application gave its own error. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
