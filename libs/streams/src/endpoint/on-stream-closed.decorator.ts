import { assertLegacyDecorator } from '@nestwire/messages';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import { markHandler } from './endpoint-metadata.js';
import type { MustTakeSession } from './handler-types.js';

/**
 * Makes a method the one that runs, once, when a stream that was opened has ended.
 *
 * It takes the session and the `SessionCloseReason`; guards do not run for it.
 */
export function OnStreamClosed() {
  return <F extends HandlerFunction>(
    _target: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & MustTakeSession<Parameters<F>>,
  ): void => {
    assertLegacyDecorator('@OnStreamClosed()', method);
    markHandler(descriptor.value!, { isClosed: true });
  };
}
