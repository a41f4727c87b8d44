import { once } from 'node:events';
import { WebSocketServer } from 'ws';

/** What a careful programmer writes by hand: no framework, no validation. */
const answers = {
  echo: (_server, socket, { data }) => socket.send(JSON.stringify({ event: 'note', data })),
  'fan-out': (server, _socket, { data }) => {
    const text = JSON.stringify({ event: 'note', data });
    for (const client of server.clients) client.send(text);
  },
};

/** Serves one workload; resolves to the port. */
export async function serve(workload) {
  const answer = answers[workload];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (text) => answer(server, socket, JSON.parse(text)));
  });
  await once(server, 'listening');
  return server.address().port;
}
