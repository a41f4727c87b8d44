import {
  assertLegacyDecorator,
  type Channel,
  type ChannelDefinition,
  type DeliveryClass,
} from '@nestwire/messages';
import type { RecoverableChannel } from '@nestwire/messages/internal';
import type { Message } from '@nestwire/protocol';
import type { StreamSession } from '../session/stream-session.js';

type Snapshot<S> = S | readonly S[];
/** A method with `@ChannelSnapshot`: it receives the channel and the session. */
type SnapshotMethod<M extends Message, D extends DeliveryClass, S extends Message> = (
  channel: Channel<M, D, S> & RecoverableChannel<M>,
  // oxlint-disable-next-line no-explicit-any -- the method names the session that it expects
  session: StreamSession<any, any, any>,
) => Snapshot<S> | Promise<Snapshot<S>>;

// Symbol.for: two copies of this package in one process read each other's decorators.
const SNAPSHOTS = Symbol.for('nestwire.streams.channelSnapshots');

/**
 * Marks the method that returns the current state of a channel, its snapshot.
 *
 * A new subscriber receives the snapshot first, and then all later messages. After a gap the client receives
 * it again, so that it need not reload anything. The method is called with the channel, as `room('lobby')`,
 * and the session of the subscriber, whose `params` name the room. It runs after the position is known. A
 * message that is stored meanwhile is in the snapshot and follows it too, so messages must set a state and not
 * add to it. Any provider may have the method. Guards, pipes and interceptors do not run.
 *
 * @param channel a channel that is defined with the classes of its snapshot
 */
export function ChannelSnapshot<M extends Message, D extends DeliveryClass, S extends Message>(
  channel: ChannelDefinition<M, D, S>,
) {
  return <F extends SnapshotMethod<M, D, S>>(
    _target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    assertLegacyDecorator('@ChannelSnapshot()', key);
    const method = descriptor.value as F & { [SNAPSHOTS]?: Channel[] };
    const channels = (Object.hasOwn(method, SNAPSHOTS) && method[SNAPSHOTS]) || [];
    Object.defineProperty(method, SNAPSHOTS, { value: [...channels, channel], configurable: true });
  };
}

/** Returns the channels whose snapshot a method returns. */
export function snapshotsOf(method: unknown): readonly Channel[] {
  return typeof method === 'function' ? ((method as { [SNAPSHOTS]?: Channel[] })[SNAPSHOTS] ?? []) : [];
}
