import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { TEXT } from '../notes.mjs';

/**
 * Starts a server; a client that connects is in all rooms.
 *
 * @param {{ isRecovering?: boolean }} setup `isRecovering`: with connection state recovery, as its page has it
 */
export async function serve({ isRecovering }) {
  const http = createServer();
  const server = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(isRecovering && {
      connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
    }),
  });
  let recovered = 0;
  server.on('connection', (socket) => {
    if (socket.recovered) recovered++;
    else void socket.join('room');
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    port: /** @type {import('node:net').AddressInfo} */ (http.address()).port,
    post: (room, number) => void server.to('room').emit('note', { room, number, text: TEXT }),
    counters: () => ({ recovered }),
  };
}
