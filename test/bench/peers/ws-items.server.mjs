import { Redis } from 'ioredis';
import { listen } from './ws.server.mjs';
import { tokensOf } from './tokens.mjs';

const HIGH_BYTES = 65_536;
const FOR_SECONDS = 60;
let generations = 0;

/**
 * Streams tokens by hand: it waits while the socket has much to send, and with a Redis it stores each token first.
 *
 * @param {import('./index.mjs').Setup} setup
 */
export async function serve({ redisUrl }) {
  const redis = redisUrl ? new Redis(redisUrl) : undefined;
  const server = await listen((_server, socket, { data }) => void generate(socket, data, redis));
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

async function generate(socket, prompt, redis) {
  const key = `bench-generation-${generations++}`;
  for await (const text of tokensOf(prompt)) {
    await redis?.xadd(key, '*', 'text', text);
    await sent(socket, JSON.stringify({ event: 'token', data: { text } }));
  }
  await redis?.expire(key, FOR_SECONDS);
  socket.send('{"event":"end"}');
}

/** Sends a text; waits for the socket when much is not sent. */
function sent(socket, text) {
  if (socket.bufferedAmount < HIGH_BYTES) return socket.send(text);
  return new Promise((resolve) => socket.send(text, resolve));
}
