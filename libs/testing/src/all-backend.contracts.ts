import type { MessagesBackend } from '@nestwire/messages';
import { describeHistoryBackend } from './history-backend.contract.js';
import { describeMessagesBackend } from './messages-backend.contract.js';
import { describeNamedReadersBackend } from './named-readers-backend.contract.js';
import { describePresenceBackend } from './presence-backend.contract.js';
import { describeRevokedTokenStore } from './revoked-token-store.contract.js';

const CONTRACTS = [
  describeMessagesBackend,
  describeHistoryBackend,
  describePresenceBackend,
  describeNamedReadersBackend,
  describeRevokedTokenStore,
];

/** Holds a backend of a single process to all contracts. */
export function describeLocalBackend(name: string, open: () => MessagesBackend): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: false });
}

/**
 * Holds a backend of a cluster to all contracts.
 *
 * `lose` removes all data of the backend, where a contract asks for a loss.
 */
export function describeClusterBackend(
  name: string,
  open: () => MessagesBackend,
  lose?: () => Promise<unknown>,
): void {
  for (const describeContract of CONTRACTS) describeContract(name, open, { cluster: true, lose });
}
