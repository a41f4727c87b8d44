import type { Broker } from '@nestwire/messages/backend';
import { describeHistoryStore } from './history-store.contract.js';
import { describeBroker } from './broker.contract.js';
import { describeCallStore } from './call-store.contract.js';
import { describeClaimStore } from './claim-store.contract.js';
import { describeConsumerStore } from './consumer-store.contract.js';
import { describePresenceStore } from './presence-store.contract.js';
import { describeRevokedTokenStore } from './revoked-token-store.contract.js';

const CONTRACTS = [
  describeBroker,
  describeHistoryStore,
  describePresenceStore,
  describeConsumerStore,
  describeClaimStore,
  describeCallStore,
  describeRevokedTokenStore,
];

/** Describes all contracts for a broker of a single process. */
export function describeLocalBackend(name: string, open: () => Broker): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: false });
}

/**
 * Describes all contracts for a broker of a cluster.
 *
 * `lose` removes all data of the cluster, for the tests of a loss.
 */
export function describeClusterBackend(
  name: string,
  open: () => Broker,
  lose?: () => Promise<unknown>,
): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: true, lose });
}
