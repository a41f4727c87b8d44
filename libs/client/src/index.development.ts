export type { Items } from './calls/call-items.js';
export type { CallOptions } from './calls/call-options.js';
export type { ClientMethod, ClientMethods, ReplyCall, StreamingCall } from './calls/client-method.js';
export type { Auth, AuthRequest, ConnectionOptions, OverflowPolicy } from './client-options.js';
export type { ConnectionStatus, ConnectionStatusListener } from './connection/connection-status.js';
export { createStreamClient } from './create-stream-client.development.js';
export type { EndpointStream } from './endpoint/endpoint-stream.js';
export type { OfflinePolicy, SendOptions } from './endpoint/send-options.js';
export type { MessageStream } from './endpoint/stream-iterators.js';
export type { Received, ReceivedValue } from './received.js';
export { openOutbox } from './outbox/open-outbox.js';
export type { Outbox } from './outbox/outbox.js';
export type { OutboxOptions, OutboxOutcome } from './outbox/outbox-options.js';
export type {
  AnyStreamClient,
  CheckedStreams,
  EndpointHandle,
  MessagesOption,
  ReservedName,
  StreamClient,
  StreamClientOptions,
  StreamTypes,
} from './stream-client.js';
export type { RequestContext, RequestHandler } from './requests/request-handlers.js';
export type { ClientClock } from './transport/clock.js';
export { PositionStore, type FollowedStream } from './transport/position-store.js';
export { sessionPositions, type SessionPositionsOptions } from './transport/session-positions.js';
export type { WebSocketClass, WebSocketLike } from './transport/web-socket.js';
