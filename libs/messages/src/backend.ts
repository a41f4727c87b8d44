export {
  HistoryStore,
  type Draft,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type Head,
} from './history/history-store.js';
export type { HistoryChannel } from './history/history-channel.js';
export type { StoredMessage } from './history/stored-message.js';
export {
  CallStore,
  type CallChange,
  type CallState,
  type NewCall,
  type StoredItems,
} from './calls/call-store.js';
export { ClaimStore, type Claim, type ClaimedWork } from './once/claim-store.js';
export { LocalBroker } from './local-broker.js';
export {
  MissingCapabilityError,
  type BrokerCapability,
  type MissingCapability,
} from './missing-capability.error.js';
export { Broker, type BrokerCounters, type BrokerSink } from './pubsub/broker.js';
export {
  ConsumerStore,
  type ConsumerShare,
  type ConsumerStart,
  type ConsumerWork,
  type FetchedWork,
  type FetchRequest,
} from './history/consumer-store.js';
export {
  LocalRevokedTokenStore,
  type LocalRevokedTokenBounds,
} from './revocations/local-revoked-token-store.js';
export {
  MAX_REVOKED_SUBJECTS,
  requiredGeneration,
  RevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from './revocations/revoked-token-store.js';
export { LocalHistoryStore } from './history/local-history-store.js';
export type { Link } from './history/position.js';
export type { HistoryPage } from './history/recovery.js';
export {
  PresenceStore,
  type PresenceDelta,
  type PresenceEntry,
  type PresenceRecord,
  type PresenceSetup,
  type PresenceState,
  type PresenceVersion,
} from './presence/presence-store.js';
