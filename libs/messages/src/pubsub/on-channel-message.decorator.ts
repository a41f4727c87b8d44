import type { Message, MessageClass } from '@nestwire/protocol';
import { assertLegacyDecorator } from '../channel/legacy-decorator.js';
import type { Channel, Delivered, DeliveryClass } from '../channel/channel.js';

/** The arguments of `@OnChannelMessage`. */
export interface ChannelHandlerMetadata {
  readonly channel: string | Channel;
  /** The class of the messages; undefined for all classes of a defined channel. */
  readonly cls: MessageClass | undefined;
  /** True when a class was given, even as undefined. */
  readonly hasClass: boolean;
}

// Symbol.for, so that two copies of this package in one process read each other's metadata.
const HANDLERS = Symbol.for('nestwire.messages.channelHandlers');

type Handler<M> = (message: M) => unknown;

/**
 * Calls the method for each message of a channel.
 *
 * The method of a provider or controller listens from bootstrap to shutdown, as by `addListener`. A plain name
 * needs the class; for a defined channel the class narrows the messages. The method does not get messages of
 * other classes. It gets the gaps of a channel when the class is `StreamGap` or is missing. Guards, pipes and
 * interceptors do not run.
 */
export function OnChannelMessage<
  M extends Message,
  D extends DeliveryClass = 'ephemeral',
  C extends Message = Delivered<M, D>,
>(
  ...[channel, cls]:
    | readonly [channel: string, cls: MessageClass<C>]
    | readonly [channel: Channel<M, D>]
    | readonly [channel: Channel<Message>, cls: MessageClass<C>]
) {
  const hasClass = arguments.length > 1;
  return <F extends Handler<C>>(
    _target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    assertLegacyDecorator('@OnChannelMessage()', key);
    const method = descriptor.value as F;
    const handlers = channelHandlersOf(method);
    Object.defineProperty(method, HANDLERS, {
      value: [...handlers, { channel, cls, hasClass }],
      configurable: true,
    });
  };
}

/** Returns the metadata of the decorators of a method. */
export function channelHandlersOf(method: unknown): readonly ChannelHandlerMetadata[] {
  if (typeof method !== 'function' || !Object.hasOwn(method, HANDLERS)) return [];
  return (method as { [HANDLERS]?: ChannelHandlerMetadata[] })[HANDLERS] ?? [];
}
