export {
  HistoryBackend,
  type Draft,
  type HistoryChannel,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type StoredMessage,
  type Top,
} from './backend/history.backend.js';
export { ClaimsBackend, type Claim, type ClaimedWork } from './backend/claims.backend.js';
export { LocalBackend } from './backend/local.backend.js';
export {
  MessagesBackend,
  type BackendCounters,
  type BackendSink,
  type MessagesStatus,
} from './backend/messages.backend.js';
export {
  NamedReadersBackend,
  type ReaderShare,
  type ReaderStart,
  type ReaderWork,
  type TakenWork,
  type TakeRequest,
} from './backend/named-readers.backend.js';
export { LocalRevokedTokens, type LocalRevokedTokenBounds } from './backend/local-revoked-tokens.js';
export {
  MAX_REVOKED_SUBJECTS,
  requiredGeneration,
  RevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from './backend/revoked-token-store.js';
export { isChannelName, MAX_CHANNEL_NAME_LENGTH } from './channel/channel-name.js';
export { LocalHistory } from './backend/local.history.js';
export {
  channelNameOf,
  definedChannel,
  defineChannel,
  isKept,
  type Channel,
  type ChannelDefinition,
  type ChannelOptions,
  type Delivered,
  type DeliveryClass,
  type Durability,
  type HistoryLength,
  type KeptChannel,
} from './channel/channel.js';
export { ReservedChannel } from './channel/reserved-channel.js';
export type { ChannelListener } from './delivery/delivery.js';
export { assertLegacyDecorator } from './service/legacy-decorator.js';
export { ERROR_LINES_PER_MINUTE, LogLimiter, type LogLimiterSetup } from './delivery/log-limiter.js';
export { DONE } from './delivery/done.js';
export { slicedWork, SLICE_MS, SlicedWork, type SlicerClock } from './delivery/sliced-work.js';
export type { Receiver } from './delivery/hub.js';
export {
  DEFAULT_STREAM_LIMIT,
  MessageStream,
  type StreamOptions,
  type StreamOverflow,
} from './delivery/message.stream.js';
export { Publication } from './delivery/publication.js';
export { gapPublication, StoredPublication } from './delivery/stored.publication.js';
export { Subscription } from './delivery/subscription.js';
export { isSamePosition, messageIdOf, type Link, type Position } from './history/position.js';
export type { HistoryPage } from './history/recovery.js';
export { MessagesConfigurationError } from './messages-configuration.error.js';
export type { MessagesCounters } from './messages.counters.js';
export { MessagesError, MessagesErrorCode } from './messages.error.js';
export { MessagesModule } from './module/messages.module.js';
export { DEFAULT_MAX_MESSAGE_BYTES, type MessagesModuleOptions } from './messages.options.js';
export {
  PresenceBackend,
  type PresenceDelta,
  type PresenceEntry,
  type PresenceRecord,
  type PresenceSetup,
  type PresenceState,
  type PresenceVersion,
} from './presence/presence.backend.js';
export type { PresenceConnection, PresenceJoin, PresenceMember } from './presence/presence.member.js';
export { DEFAULT_PRESENCE, type PresenceOptions } from './presence/presence.options.js';
export type { PresenceWatchOptions } from './presence/presence.stream.js';
export type { PresenceChange } from './presence/presence.watch.js';
export { createMessageId } from './service/message-id.js';
export { MessagesService } from './service/messages.service.js';
export { NamedReader } from './service/named-reader.decorator.js';
export type {
  NamedReaderOptions,
  ReaderDelivery,
  ReaderFailure,
  ReaderHandler,
} from './service/named-reader.options.js';
export { NamedReadersService, type NamedReadersCounters } from './service/named-readers.service.js';
export { PresenceService } from './service/presence.service.js';
export { OnChannelMessage } from './service/on-channel-message.decorator.js';
export type { Following, StoredReceiver } from './reader/channel.readers.js';
export type { TakeMissed } from './reader/channel.reader.js';
export type {
  AttachOptions,
  PostOptions,
  PostOptionsOf,
  PostResult,
  PostResultOf,
  PostScope,
  StoredPost,
  StoredPostOptions,
} from './service/post.options.js';
