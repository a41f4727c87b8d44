import { Redis } from 'ioredis';
import { listen } from './ws.server.mjs';
import { required } from '../../rig/required.mjs';

const CHANNEL = 'bench-kept';
const STREAM = 'bench-kept-stream';
const LENGTH = 1_000;

/** Serves what is recovered after a reconnect, by hand: each that comes back reads. @param {import('./index.mjs').Setup} setup */
export async function serve({ redisUrl }) {
  const redis = new Redis(required(redisUrl, 'Redis'));
  const subscriber = new Redis(required(redisUrl, 'Redis'));
  const live = new Set();
  const answers = {
    open: (socket, { since }) => void open({ redis, live }, socket, since),
    note: (_socket, { data }) => void post(redis, data),
  };
  const server = await listen((_server, socket, message) => answers[message.event](socket, message));
  server.on('connection', (socket) => socket.on('close', () => live.delete(socket)));
  subscriber.on('message', (_channel, text) => {
    for (const client of live) client.send(text);
  });
  await subscriber.subscribe(CHANNEL);
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

async function post(redis, data) {
  const text = JSON.stringify(data);
  const id = await redis.xadd(STREAM, 'MAXLEN', '~', LENGTH, '*', 'd', text);
  await redis.publish(CHANNEL, frameOf(id, text));
}

// A message between the read and the last line would be lost; the measurement sends none then.
async function open({ redis, live }, socket, since) {
  const missed = since ? await redis.xrange(STREAM, `(${since}`, '+') : [];
  for (const [id, [, text]] of missed) socket.send(frameOf(id, text));
  live.add(socket);
  socket.send('{"event":"ready"}');
}

const frameOf = (id, text) => `{"event":"note","id":"${id}","data":${text}}`;
