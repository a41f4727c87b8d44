import { randomBytes } from 'node:crypto';
import type { Clock } from '../delivery/clock.js';
import { LocalRevokedTokens } from './local-revoked-tokens.js';
import { LocalClaims } from './local.claims.js';
import { LocalPresence } from '../presence/local.presence.js';
import { LocalHistory } from './local.history.js';
import { LocalNamedReaders } from './local.named-readers.js';
import { MessagesBackend, type MessagesStatus } from './messages.backend.js';

/** The backend of a single process: there is nobody else to reach. */
export class LocalBackend extends MessagesBackend {
  readonly status: MessagesStatus = 'local';
  readonly counters = { poisoned: 0, reconnects: 0, starved: 0 };
  readonly history: LocalHistory;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly claims: LocalClaims;
  override readonly revokedTokens: LocalRevokedTokens;
  readonly presence = new LocalPresence();
  readonly readers: LocalNamedReaders;

  constructor(clock?: Clock) {
    super();
    this.history = new LocalHistory(clock);
    this.readers = new LocalNamedReaders(this.history, clock);
    this.claims = new LocalClaims(clock);
    this.revokedTokens = new LocalRevokedTokens({ clock });
  }

  async start(): Promise<void> {}

  async subscribe(): Promise<void> {}

  unsubscribe(): void {}

  refusal(): undefined {}

  async publish(): Promise<void> {}

  async secret(): Promise<string> {
    return this.#secret;
  }

  async close(): Promise<void> {
    this.history.close();
  }
}
