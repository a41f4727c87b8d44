import type { Broker } from '@nestwire/messages/backend';
import { describeHistoryStore } from './history-store.contract.js';
import { describeBroker } from './broker.contract.js';
import { describeConsumerStore } from './consumer-store.contract.js';
import { describePresenceStore } from './presence-store.contract.js';
import { describeRevokedTokenStore } from './revoked-token-store.contract.js';

const CONTRACTS = [
  describeBroker,
  describeHistoryStore,
  describePresenceStore,
  describeConsumerStore,
  describeRevokedTokenStore,
];

/** Holds a backend of a single process to all contracts. */
export function describeLocalBackend(name: string, open: () => Broker): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: false });
}

/**
 * Holds a backend of a cluster to all contracts.
 *
 * `lose` removes all data of the backend, where a contract asks for a loss.
 */
export function describeClusterBackend(
  name: string,
  open: () => Broker,
  lose?: () => Promise<unknown>,
): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: true, lose });
}
