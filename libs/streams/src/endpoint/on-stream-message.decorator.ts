import { assertLegacyDecorator } from '@nestwire/messages';
import type { Message, MessageClass } from '@nestwire/protocol';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustHandle } from './handler-types.js';

/** One message class or more. */
type MessageClasses = readonly [MessageClass, ...MessageClass[]];

/** The options of a message handler. */
export interface StreamMessageHandling {
  /**
   * Runs the handler once per message in the cluster, also when the client sends it again.
   *
   * Each message costs two calls of the broker's claim store.
   *
   * @default false
   */
  readonly once?: boolean;
}

type HandlerDecorator<C extends MessageClasses> = <F extends HandlerFunction>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<F> & MustHandle<F, InstanceType<C[number]> & Message>,
) => void;

/**
 * Marks the method that handles messages of these classes.
 *
 * The method takes the session and then the message. Its result is sent to the session: a message, an array,
 * an `AsyncIterable` or an `Observable` of messages. A result of any other type does not compile, except
 * `unknown`. The last argument may be options.
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
    // The descriptor of a method always has a value.
    markHandler(descriptor.value!, mark);
  };
}

function isHandling(value: unknown): value is StreamMessageHandling {
  return typeof value === 'object' && value !== null;
}
