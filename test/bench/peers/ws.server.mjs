import { once } from 'node:events';
import { WebSocketServer } from 'ws';

/** Echoes by hand, without framework and validation. */
const echo = (_server, socket, { data }) => socket.send(JSON.stringify({ event: 'note', data }));

const answers = {
  echo,
  idle: echo,
  'fan-out': (server, _socket, { data }) => {
    const text = JSON.stringify({ event: 'note', data });
    for (const client of server.clients) client.send(text);
  },
};

/** @param {import('./index.mjs').Setup} setup */
export async function serve({ kind }) {
  const server = await listen(answers[kind]);
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/**
 * Makes a server that listens, and answers each message.
 *
 * @param {(server: WebSocketServer, socket: import('ws').WebSocket, message: any) => void} answer
 */
export async function listen(answer) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (text) => answer(server, socket, JSON.parse(String(text))));
  });
  await once(server, 'listening');
  return server;
}
