import { MessagesError, MessagesErrorCode } from './messages.error.js';
import type { Broker } from './pubsub/broker.js';

/** An optional member of a broker. */
export type BrokerCapability = 'history' | 'consumers' | 'presence' | 'claims' | 'revokedTokens' | 'secret';

const MEMBERS: Readonly<Record<BrokerCapability, string>> = {
  history: 'a HistoryStore in its member "history"',
  consumers: 'a ConsumerStore in its member "consumers"',
  presence: 'a PresenceStore in its member "presence"',
  claims: 'a ClaimStore in its member "claims"',
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
  const missing = uses.filter(({ capability }) => !broker[capability]);
  if (missing.length > 0) throw new MissingCapabilityError(broker, missing);
}

/**
 * Returns an optional store of a broker.
 *
 * @throws {MissingCapabilityError} when the broker does not have it
 */
export function requiredStore<C extends Exclude<BrokerCapability, 'secret'>>(
  broker: Broker,
  capability: C,
  neededBy: string,
): NonNullable<Broker[C]> {
  const store = broker[capability];
  if (!store) throw new MissingCapabilityError(broker, [{ capability, neededBy }]);
  return store;
}
