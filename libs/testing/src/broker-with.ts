import type { Broker, BrokerCapability } from '@nestwire/messages/backend';

/** An optional member of a broker; consumers are a member of its history. */
type BrokerMember = Exclude<BrokerCapability, 'consumers'>;

/** A broker that has the given optional members. */
export type BrokerWith<M extends BrokerMember> = Broker & Required<Pick<Broker, M>>;

/**
 * Returns the broker when it has the members that a contract describes.
 *
 * @throws {Error} when one is missing
 */
export function brokerWith<M extends BrokerMember>(broker: Broker, ...members: readonly M[]): BrokerWith<M> {
  const missing = members.find((member) => !broker[member]);
  if (missing) throw new Error(`The contract needs the member "${missing}" of ${broker.constructor.name}.`);
  return broker as BrokerWith<M>;
}
