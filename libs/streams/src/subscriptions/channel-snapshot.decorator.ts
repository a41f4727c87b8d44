import {
  assertLegacyDecorator,
  type Channel,
  type ChannelDefinition,
  type DeliveryClass,
} from '@nestwire/messages';
import type { Message } from '@nestwire/protocol';

type Snapshot<S> = S | readonly S[];
/** What a method with `@ChannelSnapshot` looks like: it takes the channel, and the session that asks. */
type SnapshotMethod<S> = (channel: never, session: never) => Snapshot<S> | Promise<Snapshot<S>>;

// Symbol.for: two copies of this package in one process read each other's decorators.
const SNAPSHOTS = Symbol.for('nestwire.streams.channelSnapshots');

/**
 * Marks the method that returns what stands for a channel's messages up to now.
 *
 * Who subscribes gets it first, then every message that follows; after a gap again, so that no client
 * loads anything anew by itself. It is called with the channel, as `room('lobby')`, and the session.
 * It runs after the position is known: what was stored in between is in the snapshot and follows it
 * too, so messages are to be applied as "is", not as "add". Any provider may have it; guards, pipes
 * and interceptors do not run.
 *
 * @param channel defined with the classes of its snapshot
 */
export function ChannelSnapshot<M extends Message, D extends DeliveryClass, S extends Message>(
  channel: ChannelDefinition<M, D, S>,
) {
  return <F extends SnapshotMethod<S>>(
    _target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    assertLegacyDecorator('@ChannelSnapshot()', key);
    const method = descriptor.value as F & { [SNAPSHOTS]?: Channel[] };
    const channels = Object.hasOwn(method, SNAPSHOTS) ? method[SNAPSHOTS]! : [];
    Object.defineProperty(method, SNAPSHOTS, { value: [...channels, channel], configurable: true });
  };
}

/** Returns the channels whose snapshots a method returns. */
export function snapshotsOf(method: unknown): readonly Channel[] {
  return typeof method === 'function' ? ((method as { [SNAPSHOTS]?: Channel[] })[SNAPSHOTS] ?? []) : [];
}
