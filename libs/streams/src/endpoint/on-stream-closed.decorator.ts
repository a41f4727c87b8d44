import { assertLegacyDecorator } from '@nestwire/messages';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustTakeSession } from './handler-types.js';

/**
 * Marks the method that runs once after the end of a stream that was opened.
 *
 * It takes the session and the `SessionCloseReason`. Guards do not run for it.
 */
export function OnStreamClosed() {
  return <F extends HandlerFunction>(
    _target: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & MustTakeSession<Parameters<F>>,
  ): void => {
    assertLegacyDecorator('@OnStreamClosed()', method);
    // The descriptor of a method always has a value.
    markHandler(descriptor.value!, { isClosed: true });
  };
}
