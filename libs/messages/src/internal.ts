export { isChannelName, MAX_CHANNEL_NAME_LENGTH } from './channel/channel-name.js';
export {
  channelNameOf,
  definedChannel,
  isRecoverable,
  type RecoverableChannel,
  ReservedChannel,
  ReservedHistoryChannel,
} from './channel/channel.js';
export { ERROR_LINES_PER_MINUTE, LogLimiter, type LogLimiterSetup } from './logging/log-limiter.js';
export { SYSTEM_CLOCK, type Clock } from './scheduling/clock.js';
export { deferred, type Deferred } from './scheduling/deferred.js';
export { DONE } from './scheduling/done.js';
export { slicedWork, SLICE_MS, SlicedWork, type SlicerClock } from './scheduling/sliced-work.js';
export { assertCapabilities } from './missing-capability.error.js';
export { LocalCallStore } from './calls/local-call-store.js';
export { MissingClaimStore } from './once/missing-claim-store.js';
export type { Receiver } from './pubsub/hub.js';
export { DEFAULT_STREAM_LIMIT } from './pubsub/channel-stream.js';
export { exclusionOf } from './history/exclusion.js';
export { ATTACH, EXCLUDED, FOLLOW } from './pubsub/hidden-members.js';
export { Publication } from './pubsub/publication.js';
export { gapPublication, skippedPublication, StoredPublication } from './history/stored-publication.js';
export { isSamePosition, messageIdOf } from './history/position.js';
export { DEFAULT_MAX_MESSAGE_BYTES } from './messages.options.js';
export { DEFAULT_PRESENCE } from './presence/presence.options.js';
export type { Following, StoredReceiver } from './history/channel-followers.js';
export type { TakeMissed } from './history/channel-follower.js';
