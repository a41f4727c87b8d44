import type { Message, MessageClass } from '@nestwire/protocol';
import { assertLegacyDecorator } from '../channel/legacy-decorator.js';
import type { Channel, Delivered, DeliveryClass } from '../channel/channel.js';

/** What `@OnChannelMessage` was told. */
export interface ChannelHandlerMetadata {
  readonly channel: string | Channel;
  /** The class to listen for; undefined stands for all classes of a defined channel. */
  readonly cls: MessageClass | undefined;
  /** Whether a class was given at all, be it undefined. */
  readonly hasClass: boolean;
}

// Symbol.for: two copies of this package in one process read each other's decorators.
const HANDLERS = Symbol.for('nestwire.messages.channelHandlers');

type Handler<M> = (message: M) => unknown;

/**
 * Calls the method for each message of a channel, on any provider or controller.
 *
 * Listens from bootstrap to shutdown, as `addListener`. A plain name needs the class; with a
 * defined channel it narrows. Messages of other classes pass by, and so do gaps unless the class is
 * `StreamGap`; without a class the method gets a channel's gaps too. Guards, pipes and interceptors do not run.
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
    const method = descriptor.value as F & { [HANDLERS]?: ChannelHandlerMetadata[] };
    const handlers = Object.hasOwn(method, HANDLERS) ? method[HANDLERS]! : [];
    Object.defineProperty(method, HANDLERS, {
      value: [...handlers, { channel, cls, hasClass }],
      configurable: true,
    });
  };
}

/** Returns what the decorators on a method say. */
export function channelHandlersOf(method: unknown): readonly ChannelHandlerMetadata[] {
  return typeof method === 'function'
    ? ((method as { [HANDLERS]?: ChannelHandlerMetadata[] })[HANDLERS] ?? [])
    : [];
}
