import { listen } from './ws.server.mjs';

/** Serves fan-out, with one buffer for all receivers in place of one string. */
export async function serve() {
  const server = await listen(({ clients }, _socket, { data }) => {
    const bytes = Buffer.from(JSON.stringify({ event: 'note', data }));
    for (const client of clients) client.send(bytes, { binary: false });
  });
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}
