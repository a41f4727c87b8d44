/**
 * The codes of errors on the wire and of errors that a client throws.
 *
 * A code is stable: it is never renamed and never reused. `docs/errors.md` explains each.
 */
export const ErrorCode = {
  /** The text of a frame is not JSON. */
  BadJson: 'BAD_JSON',
  /** The JSON is not a frame. */
  BadFrame: 'BAD_FRAME',
  /** The frame's type `t` is unknown. */
  UnknownFrame: 'UNKNOWN_FRAME',
  /** The frame nests too deeply or contains too many values. */
  TooComplex: 'TOO_COMPLEX',
  /** Another frame with this `id` is still unanswered. */
  DuplicateId: 'DUPLICATE_ID',
  /** No endpoint has this name. */
  UnknownEndpoint: 'UNKNOWN_ENDPOINT',
  /** The endpoint has no handler for this message. */
  UnknownMessage: 'UNKNOWN_MESSAGE',
  /** The message failed validation; `details` lists the fields. */
  InvalidMessage: 'INVALID_MESSAGE',
  /** In `details` of INVALID_MESSAGE: the class has no such property; the sender may use a newer version. */
  UnknownProperty: 'UNKNOWN_PROPERTY',
  /** The message has a later version than the class of its receiver. */
  UnknownVersion: 'UNKNOWN_VERSION',
  /** The message is larger than the server accepts. */
  MessageTooLarge: 'MESSAGE_TOO_LARGE',
  /** The message contains a value that cannot be encoded. */
  NotEncodable: 'NOT_ENCODABLE',
  /** The endpoint does not accept the stream key of an `open`. */
  StreamKeyMismatch: 'STREAM_KEY_MISMATCH',
  /** The parameters of an `open` are missing, not expected or not valid; `details` lists them. */
  InvalidParams: 'INVALID_PARAMS',
  /** The endpoint's stream is not open on this connection. */
  StreamNotOpen: 'STREAM_NOT_OPEN',
  /** The user must sign in, or the credential was refused. */
  Unauthenticated: 'UNAUTHENTICATED',
  /** The user lacks permission. */
  Forbidden: 'FORBIDDEN',
  /** Too many frames or bytes in too little time; see `retryAfterMs`. */
  RateLimited: 'RATE_LIMITED',
  /** Too many messages are waiting for this stream's handlers. */
  Busy: 'BUSY',
  /** The connection has its maximum of open streams. */
  TooManyStreams: 'TOO_MANY_STREAMS',
  /** The connection has its maximum of subscribed channels, or could not resume them all. */
  TooManySubscriptions: 'TOO_MANY_SUBSCRIPTIONS',
  /** The session is present in its maximum of channels, or has its maximum of presence streams. */
  TooManyPresences: 'TOO_MANY_PRESENCES',
  /** The session has its maximum of results or requests, or a resumable call its maximum of items. */
  LimitReached: 'LIMIT_REACHED',
  /** The connection is subscribed to a channel of this name with another definition. */
  ChannelMismatch: 'CHANNEL_MISMATCH',
  /** The handler timed out; it may still finish. */
  HandlerTimeout: 'HANDLER_TIMEOUT',
  /** The handler has `once`, but the client sends no permanent client id. */
  ClientIdRequired: 'CLIENT_ID_REQUIRED',
  /** The client signed in or out before the frame was handled, so it was not handled. */
  IdentityChanged: 'IDENTITY_CHANGED',
  /** The session has ended. */
  SessionClosed: 'SESSION_CLOSED',
  /** The client did not answer a request of the server in time; it may have handled it. */
  RequestTimeout: 'REQUEST_TIMEOUT',
  /** The client answered a request of the server with an error, which is the cause. */
  RequestRefused: 'REQUEST_REFUSED',
  /** The server is shutting down. */
  Draining: 'DRAINING',
  /** The server failed; its log contains the cause under the id in the text. */
  Internal: 'INTERNAL',
  /** The client is not connected, and its offline policy is to fail. */
  NotConnected: 'NOT_CONNECTED',
  /** The client's offline queue is full. */
  QueueFull: 'QUEUE_FULL',
  /** A reader of a stream fell behind, and its overflow policy is to fail. */
  ReaderOverflow: 'READER_OVERFLOW',
  /** The answer did not arrive in time; the message may have been handled. */
  AnswerTimeout: 'ANSWER_TIMEOUT',
  /** The connection was lost before the answer; the message may have been handled. */
  Uncertain: 'UNCERTAIN',
  /** A call was cancelled. */
  Cancelled: 'CANCELLED',
  /** The deadline of a call has passed; the method may still finish. */
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  /** A call ended before its last item; `received` counts the items that have arrived. */
  CallLost: 'CALL_LOST',
  /** The caller's `AbortSignal` was aborted. */
  Aborted: 'ABORTED',
  /** The client was closed by the application, or finally by the server. */
  ClientClosed: 'CLIENT_CLOSED',
  /** The server did not complete the handshake in time. */
  ConnectTimeout: 'CONNECT_TIMEOUT',
  /** The endpoint has no stream method of this name. */
  UnknownMethod: 'UNKNOWN_METHOD',
  /** Too many calls of this stream have not ended. */
  TooManyCalls: 'TOO_MANY_CALLS',
  /** The client sent more items than the window of the call permits. */
  CallWindowExceeded: 'CALL_WINDOW_EXCEEDED',
  /** The call is not stored, or belongs to another user. */
  CallUnknown: 'CALL_UNKNOWN',
  /** Another reader continues the call. */
  CallTakenOver: 'CALL_TAKEN_OVER',
  /** Calls of this method cannot continue without their client. */
  NotResumable: 'NOT_RESUMABLE',
  /** A message class is not marked with `@StreamMessage`. */
  NotAMessage: 'NOT_A_MESSAGE',
} as const;

/** One of the codes above. An application may use further codes in its own errors. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
