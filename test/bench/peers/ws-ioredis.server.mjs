import { Redis } from 'ioredis';
import { listen } from './ws.server.mjs';
import { required } from '../../rig/required.mjs';

const CHANNEL = 'bench';

/** Serves fan-out of a cluster, by hand. @param {import('./index.mjs').Setup} setup */
export async function serve({ redisUrl }) {
  const publisher = new Redis(required(redisUrl, 'Redis'));
  const subscriber = new Redis(required(redisUrl, 'Redis'));
  const server = await listen((_server, _socket, { data }) => {
    void publisher.publish(CHANNEL, JSON.stringify({ event: 'note', data }));
  });
  subscriber.on('message', (_channel, text) => {
    for (const client of server.clients) client.send(text);
  });
  await subscriber.subscribe(CHANNEL);
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}
