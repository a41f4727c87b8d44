import { markMessageId } from './endpoint-metadata.js';

/**
 * Injects the id of the message, which is the same when the client sends it again.
 *
 * Use it for the application's own idempotency. It is a string, or undefined for a client without `client` in
 * its `hello`.
 */
export function StreamMessageId(): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined)
      throw new TypeError('@StreamMessageId() belongs on a parameter of a handler method.');
    markMessageId(target, method, index);
  };
}
