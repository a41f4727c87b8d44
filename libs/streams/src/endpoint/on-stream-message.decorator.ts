import { assertLegacyDecorator } from '@nestwire/messages';
import type { Message, MessageClass } from '@nestwire/protocol';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustHandle } from './handler-types.js';

/** One message class or more. */
type MessageClasses = readonly [MessageClass, ...MessageClass[]];

/** How messages are handled. */
export interface StreamMessageHandling {
  /**
   * Runs the handler once for a message in the whole cluster, however often the client sends it.
   *
   * Costs two calls of the broker's claim store a message. Default: false.
   */
  readonly once?: boolean;
}

type HandlerDecorator<C extends MessageClasses> = <F extends HandlerFunction>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<F> & MustHandle<F, InstanceType<C[number]> & Message>,
) => void;

/**
 * Makes a method the handler of messages of these classes.
 *
 * The method takes the session, then the message. What it returns (a message, an array, an `AsyncIterable`
 * or an `Observable` of messages) is sent to the session; anything else does not compile, unless its type is
 * `any` or `unknown`. The last argument may say how they are handled.
 */
export function OnStreamMessage<const C extends MessageClasses>(...classes: C): HandlerDecorator<C>;
export function OnStreamMessage<const C extends MessageClasses>(
  ...given: [...classes: C, handling: StreamMessageHandling]
): HandlerDecorator<C>;
export function OnStreamMessage(...given: readonly unknown[]): HandlerDecorator<MessageClasses> {
  const last = given.at(-1);
  const handling = isHandling(last) ? last : undefined;
  const messages = handling ? given.slice(0, -1) : given;
  const mark = { messages, ...(handling?.once && { once: messages }) };
  return (_target, method, descriptor) => {
    assertLegacyDecorator('@OnStreamMessage()', method);
    markHandler(descriptor.value!, mark);
  };
}

function isHandling(value: unknown): value is StreamMessageHandling {
  return typeof value === 'object' && value !== null;
}
