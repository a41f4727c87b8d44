import { randomBytes } from 'node:crypto';
import type { Clock } from './scheduling/clock.js';
import { LocalRevokedTokenStore } from './revocations/local-revoked-token-store.js';
import { LocalCallStore } from './calls/local-call-store.js';
import { LocalClaimStore } from './once/local-claim-store.js';
import { LocalPresenceStore } from './presence/local-presence-store.js';
import { LocalHistoryStore } from './history/local-history-store.js';
import { Broker, type MessagesStatus } from './pubsub/broker.js';

/** Serves channels within one process; has all capabilities. */
export class LocalBroker extends Broker {
  readonly status: MessagesStatus = 'local';
  readonly counters = { undecodable: 0, reconnects: 0, stalled: 0 };
  override readonly history: LocalHistoryStore;
  private readonly processSecret = randomBytes(32).toString('base64url');
  override readonly claims: LocalClaimStore;
  override readonly calls: LocalCallStore;
  override readonly revokedTokens: LocalRevokedTokenStore;
  override readonly presence = new LocalPresenceStore();

  constructor(clock?: Clock) {
    super();
    this.history = new LocalHistoryStore(clock);
    this.claims = new LocalClaimStore(clock);
    this.calls = new LocalCallStore(clock);
    this.revokedTokens = new LocalRevokedTokenStore({ clock });
  }

  async start(): Promise<void> {}

  async subscribe(): Promise<void> {}

  unsubscribe(): void {}

  refusal(): undefined {}

  async publish(): Promise<void> {}

  override async secret(): Promise<string> {
    return this.processSecret;
  }

  async close(): Promise<void> {
    this.history.close();
  }
}
