export { ChannelSnapshot } from './subscriptions/channel-snapshot.decorator.js';
export type { ResumeOptions } from './subscriptions/client-channels.js';
export type { ResumingChannels } from './subscriptions/resuming-channels.js';
export type { HeartbeatOptions } from './connection/connection-context.js';
export type { StreamsToClose } from './evictions/streams-to-close.js';
export type { UserRevocation } from './auth/user-revocation.js';
export { StreamAuthenticator, type StreamUser } from './auth/stream-authenticator.js';
export { OnStreamClosed } from './endpoint/on-stream-closed.decorator.js';
export { OnStreamMessage, type StreamMessageHandling } from './endpoint/on-stream-message.decorator.js';
export { OnStreamOpened } from './endpoint/on-stream-opened.decorator.js';
export { CallItems } from './calls/call-items.js';
export { StreamCall } from './calls/stream-call.js';
export {
  StreamMethod,
  type ResumableCall,
  type StreamMethodOptions,
} from './calls/stream-method.decorator.js';
export { StreamEndpoint } from './endpoint/stream-endpoint.decorator.js';
export { StreamMessageId } from './endpoint/stream-message-id.decorator.js';
export { StreamsConfigurationError } from './endpoint/streams-configuration.error.js';
export type { StreamsOf } from './endpoint/streams-of.js';
export { UserObject } from './endpoint/user-object.decorator.js';
export type { Asks } from './requests/asks.js';
export type { RequestOptions } from './requests/request-options.js';
export { InjectStreamSession } from './session/inject-stream-session.decorator.js';
export type { OnSessionClosed } from './session/on-session-closed.js';
export { SessionScoped } from './session/session-scoped.decorator.js';
export { SessionCloseReason, type SessionCloseCode } from './session/session-close-reason.js';
export type { SessionMessages } from './session/session-messages.js';
export type { SessionPresence } from './session/session-presence.js';
export { StreamHandshake } from './transport/stream-handshake.js';
export { StreamSession, type UserObjectClass } from './session/stream-session.js';
export { DEFAULT_LIMITS, type StreamsLimits } from './streams-limits.js';
export { StreamsModule } from './streams.module.js';
export type {
  ShutdownOptions,
  StreamsModuleAsyncOptions,
  StreamsModuleExtras,
  StreamsModuleOptions,
  StreamsOptions,
  StreamsOptionsFactory,
} from './streams.options.js';
export { StreamsService, type StreamsCounters } from './streams.service.js';
export type { TrustProxy } from './transport/client-address.js';
export type { AllowedOrigins } from './transport/origin-policy.js';
export { StreamsAdapter } from './transport/streams.adapter.js';
