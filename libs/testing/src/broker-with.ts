import type { Broker, BrokerCapability } from '@nestwire/messages/backend';

/** A broker that has the given optional members. */
export type BrokerWith<C extends BrokerCapability> = Broker & Required<Pick<Broker, C>>;

/**
 * Returns the broker when it has the members that a contract describes.
 *
 * @throws {Error} when one is missing
 */
export function brokerWith<C extends BrokerCapability>(
  broker: Broker,
  ...capabilities: readonly C[]
): BrokerWith<C> {
  const missing = capabilities.find((capability) => !broker[capability]);
  if (missing) throw new Error(`The contract needs the member "${missing}" of ${broker.constructor.name}.`);
  return broker as BrokerWith<C>;
}
