import { MessagesError, MessagesErrorCode } from './messages.error.js';
import type { ConsumerStore } from './history/consumer-store.js';
import type { Broker } from './pubsub/broker.js';

/** The optional stores of a broker; `consumers` is a member of its history. */
interface BrokerStores extends Required<
  Pick<Broker, 'history' | 'presence' | 'claims' | 'calls' | 'revokedTokens'>
> {
  readonly consumers: ConsumerStore;
}

/** An optional capability of a broker. */
export type BrokerCapability = keyof BrokerStores | 'secret';

const MEMBERS: Readonly<Record<BrokerCapability, string>> = {
  history: 'a HistoryStore in its member "history"',
  consumers: 'a ConsumerStore in the member "consumers" of its history',
  presence: 'a PresenceStore in its member "presence"',
  claims: 'a ClaimStore in its member "claims"',
  calls: 'a CallStore in its member "calls"',
  revokedTokens: 'a RevokedTokenStore in its member "revokedTokens"',
  secret: 'the method "secret"',
};

/** One use of a capability that the broker lacks. */
export interface MissingCapability {
  readonly capability: BrokerCapability;
  /** The option, decorator or channel that needs the capability. */
  readonly neededBy: string;
}

/** Thrown for all features that the configured broker does not support. */
export class MissingCapabilityError extends MessagesError {
  constructor(
    broker: Broker,
    readonly missing: readonly MissingCapability[],
  ) {
    const lines = missing.map(({ neededBy, capability }) => `  - ${neededBy} needs ${MEMBERS[capability]}.`);
    super(
      MessagesErrorCode.MissingCapability,
      `The broker ${broker.constructor.name} does not support what the application uses:\n` +
        `${lines.join('\n')}\nGive the broker these members, configure another broker, or do not use the feature.`,
    );
    this.name = 'MissingCapabilityError';
  }
}

/**
 * Checks that a broker has the members that the application uses.
 *
 * @throws {MissingCapabilityError} with all uses whose member is missing
 */
export function assertCapabilities(broker: Broker, uses: readonly MissingCapability[]): void {
  const missing = uses.filter(({ capability }) => !hasCapability(broker, capability));
  if (missing.length > 0) throw new MissingCapabilityError(broker, missing);
}

/**
 * Returns an optional store of a broker.
 *
 * @throws {MissingCapabilityError} when the broker does not have it
 */
export function requiredStore<C extends keyof BrokerStores>(
  broker: Broker,
  capability: C,
  neededBy: string,
): BrokerStores[C] {
  const store = storesOf(broker)[capability];
  if (!store) throw new MissingCapabilityError(broker, [{ capability, neededBy }]);
  return store;
}

function hasCapability(broker: Broker, capability: BrokerCapability): boolean {
  return Boolean(capability === 'secret' ? broker.secret : storesOf(broker)[capability]);
}

function storesOf({ history, presence, claims, calls, revokedTokens }: Broker): Partial<BrokerStores> {
  return { history, consumers: history?.consumers, presence, claims, calls, revokedTokens };
}
