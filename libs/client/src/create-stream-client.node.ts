import { createStreamClient as createWith } from './create-stream-client.js';
import { createStreamClient as createWarning } from './create-stream-client.development.js';
import { isProduction } from './transport/node-environment.js';
import { NodeWebSocket } from './transport/node-web-socket.js';
import { globalWebSocket } from './transport/web-socket.js';

/**
 * Makes a client; in a Node without a global WebSocket it uses ws.
 *
 * The casts are unavoidable, because a wrapper cannot repeat the check of `messages` for each type argument.
 */
export const createStreamClient = (() => {
  const create = (isProduction() ? createWith : createWarning)<Record<string, never>>();
  return (options: object) => create({ webSocket: globalWebSocket() ?? NodeWebSocket, ...options } as never);
}) as unknown as typeof createWith;
