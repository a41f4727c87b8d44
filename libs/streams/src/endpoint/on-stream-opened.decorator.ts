import { assertLegacyDecorator } from '@nestwire/messages';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustReturnMessages, MustTakeSession } from './handler-types.js';

/**
 * Marks the method that runs when a stream opens.
 *
 * It takes the session. If it throws, the stream is refused. Messages wait, in order, until it settles. Its
 * result is sent as that of `@OnStreamMessage`.
 */
export function OnStreamOpened() {
  return <F extends HandlerFunction>(
    _target: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<F> &
      MustTakeSession<Parameters<F>> &
      MustReturnMessages<ReturnType<F>>,
  ): void => {
    assertLegacyDecorator('@OnStreamOpened()', method);
    // The descriptor of a method always has a value.
    markHandler(descriptor.value!, { isOpened: true });
  };
}
