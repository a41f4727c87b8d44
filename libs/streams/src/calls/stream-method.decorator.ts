import { assertLegacyDecorator } from '@nestwire/messages';
import type { Message, MessageClass } from '@nestwire/protocol';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from '../endpoint/endpoint-metadata.js';
import type { MustBeFree } from '../endpoint/reserved-method-name.js';
import type { InstancesOf, ItemClasses, MustCall } from './call-types.js';

/** The bounds of a call that continues without its client. */
export interface ResumableCall {
  /** The time for which the call stays without a reader, and its items after the end, in milliseconds. */
  readonly forMs: number;
  /** The most items that no reader has received; the call then pauses. */
  readonly maxItems?: number;
  /** The most bytes of items that no reader has received; the call then pauses. */
  readonly maxBytes?: number;
}

/** The options of a stream method. */
export interface StreamMethodOptions<I extends ItemClasses | undefined = ItemClasses | undefined> {
  /** The class or classes of the items that the client sends; none by default. */
  readonly items?: I;
  /**
   * Runs the method once per call in the cluster, also when the client repeats the call.
   *
   * @default false
   */
  readonly once?: boolean;
  /** Lets a stream of replies continue without its client; the client can resume it. Off by default. */
  readonly resumable?: ResumableCall;
}

/**
 * Makes a method callable as `client.<endpoint>.<method>(request)`.
 *
 * The method takes the `StreamCall`, the request, and with `items` the `CallItems`. It returns nothing, a
 * message, or an `AsyncIterable` or `Observable` of messages.
 */
export function StreamMethod<C extends MessageClass, const I extends ItemClasses | undefined = undefined>(
  request: C,
  options: StreamMethodOptions<I> = {},
) {
  return <K extends string, F extends HandlerFunction>(
    _target: object,
    method: K,
    descriptor: TypedPropertyDescriptor<F> &
      MustBeFree<K> &
      MustCall<F, InstanceType<C> & Message, InstancesOf<I>>,
  ): void => {
    assertLegacyDecorator('@StreamMethod()', method);
    // The descriptor of a method always has a value.
    markHandler(descriptor.value!, { call: { request, options } });
  };
}
