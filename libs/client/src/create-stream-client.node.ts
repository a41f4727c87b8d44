import { createStreamClient as createWith } from './create-stream-client.js';
import { NodeWebSocket } from './transport/node-web-socket.js';
import { globalWebSocket } from './transport/web-socket.js';

/** Makes a client as in a browser; where Node has no WebSocket of its own, over ws. */
export const createStreamClient = (() => {
  const create = createWith<Record<string, never>>();
  return (options: object) => create({ webSocket: globalWebSocket() ?? NodeWebSocket, ...options } as never);
}) as unknown as typeof createWith;
