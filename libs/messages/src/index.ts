export type { MessagesStatus } from './pubsub/broker.js';
export {
  defineChannel,
  type Channel,
  type ChannelDefinition,
  type ChannelOptions,
  type Delivered,
  type DeliveryClass,
  type Durability,
  type HistoryLength,
} from './channel/channel.js';
export type { ChannelListener } from './pubsub/delivery.js';
export { assertLegacyDecorator } from './channel/legacy-decorator.js';
export { ChannelStream, type StreamOptions, type StreamOverflow } from './pubsub/channel-stream.js';
export { Subscription } from './pubsub/subscription.js';
export type { Position } from './history/position.js';
export { MessagesConfigurationError } from './messages-configuration.error.js';
export type { MessagesCounters } from './messages-counters.js';
export { MessagesError, MessagesErrorCode } from './messages.error.js';
export { MessagesModule } from './messages.module.js';
export type { MessagesModuleOptions } from './messages.options.js';
export type { PresenceConnection, PresenceJoin, PresenceMember } from './presence/presence-member.js';
export type { PresenceOptions } from './presence/presence.options.js';
export type { PresenceWatchOptions } from './presence/presence-stream.js';
export type { PresenceChange } from './presence/presence-watch.js';
export { createMessageId } from './history/message-id.js';
export { MessagesService } from './messages.service.js';
export { DurableConsumer } from './consumers/durable-consumer.decorator.js';
export type {
  DurableConsumerOptions,
  ConsumerDelivery,
  ConsumerFailure,
  ConsumerHandler,
} from './consumers/durable-consumer.options.js';
export {
  DurableConsumersService,
  type DurableConsumersCounters,
} from './consumers/durable-consumers.service.js';
export { PresenceService } from './presence/presence.service.js';
export { OnChannelMessage } from './pubsub/on-channel-message.decorator.js';
export type { ExcludedReceiver } from './pubsub/excluded-receiver.js';
export type {
  AttachOptions,
  PostAudience,
  PostOptions,
  PostOptionsOf,
  PostResult,
  PostResultOf,
  PostScope,
  StoredPost,
  StoredPostOptions,
} from './post.options.js';
