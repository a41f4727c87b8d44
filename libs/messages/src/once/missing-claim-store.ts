import { MissingCapabilityError } from '../missing-capability.error.js';
import type { Broker } from '../pubsub/broker.js';
import { ClaimStore } from './claim-store.js';

/** Stands in for the claim store of a broker that has none; refuses every claim. */
export class MissingClaimStore extends ClaimStore {
  constructor(private readonly broker: Broker) {
    super();
  }

  async claim(): Promise<never> {
    const neededBy = 'Handling a message once in the cluster';
    throw new MissingCapabilityError(this.broker, [{ capability: 'claims', neededBy }]);
  }

  async settle(): Promise<void> {}
}
