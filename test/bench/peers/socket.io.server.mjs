import { createServer } from 'node:http';
import { once } from 'node:events';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { SOCKET_IO_OPTIONS } from './socket.io.options.mjs';

const echo = (_server, socket, note) => socket.emit('note', note);
// Through the adapter, where there is one.
const fanOut = (server, _socket, note) => server.emit('note', note);

const reply = (_server, _socket, { id, priority }, acknowledge) => acknowledge({ id, priority });

const answers = { echo, idle: echo, reply, 'fan-out': fanOut, cluster: fanOut };

/** @param {import('./index.mjs').Setup} setup */
export async function serve({ kind, redisUrl }) {
  const answer = answers[kind];
  const subscriber = redisUrl ? new Redis(redisUrl) : undefined;
  const http = createServer();
  // socket.io's types know only the adapter of the same version of ioredis.
  const server = new Server(
    http,
    /** @type {any} */ ({
      ...SOCKET_IO_OPTIONS,
      ...(redisUrl && { adapter: createAdapter(new Redis(redisUrl), subscriber) }),
    }),
  );
  server.on('connection', (socket) => {
    socket.on('note', (note, acknowledge) => answer(server, socket, note, acknowledge));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // The adapter does not say when it has subscribed; what is answered behind that does.
  await subscriber?.ping();
  return /** @type {import('node:net').AddressInfo} */ (http.address()).port;
}
