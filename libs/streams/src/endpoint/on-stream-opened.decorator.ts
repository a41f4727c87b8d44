import { assertLegacyDecorator } from '@nestwire/messages';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustReturnMessages, MustTakeSession } from './handler-types.js';

/**
 * Makes a method the one that runs when a stream opens; if it throws, the stream
 * is refused.
 *
 * Messages wait, in order, until it has settled. It takes the session. What it returns is sent, as by `@OnStreamMessage`.
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
    markHandler(descriptor.value!, { isOpened: true });
  };
}
