import type { Message, MessageClass } from '@nestwire/protocol';
import type { HandlerFunction } from '../pipeline/stream-context.js';
import { markHandler } from './endpoint.metadata.js';
import type { MustHandle } from './handler-types.js';

/** One message class or more. */
type MessageClasses = readonly [MessageClass, ...MessageClass[]];

/**
 * Makes a method the handler of messages of these classes.
 *
 * The method takes the session, then the message. What it returns (a message, an array, an `AsyncIterable`
 * or an `Observable` of messages) is sent to the session.
 */
export function OnStreamMessage<const C extends MessageClasses>(...classes: C) {
  return <F extends HandlerFunction>(
    _target: object,
    _method: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & MustHandle<Parameters<F>, InstanceType<C[number]> & Message>,
  ): void => markHandler(descriptor.value!, { messages: classes });
}
