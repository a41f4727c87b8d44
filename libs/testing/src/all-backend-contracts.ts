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

/** Runs all contract suites against a backend of one process. */
export function describeLocalBackend(name: string, open: () => Broker): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: false });
}

/**
 * Runs all contract suites against a backend of a cluster.
 *
 * `lose` deletes all data of the backend, for the tests of data loss.
 */
export function describeClusterBackend(
  name: string,
  open: () => Broker,
  lose?: () => Promise<unknown>,
): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: true, lose });
}
