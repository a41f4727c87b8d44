import { markMessageId } from './endpoint-metadata.js';

/**
 * Hands a handler the id of its message: the same when the client sends it again.
 *
 * A string for the application's own idempotency; undefined for clients that give no name in `hello`.
 */
export function StreamMessageId(): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined)
      throw new TypeError('@StreamMessageId() belongs on a parameter of a handler method.');
    markMessageId(target, method, index);
  };
}
