// `node test/bench/channel-leave.mjs [clients] [latest|ephemeral]`: 100 clients with 1,000 channels of their own
// each leave at the same time. It shows the work of the longest turns of the server's event loop until all is released.
import WebSocket from 'ws';
import { Child } from '../rig/child.mjs';
import { startRedis } from '../rig/redis-server.mjs';

const CLIENTS = Number(process.argv[2] ?? 100);
const CHANNELS = 1_000;
const BATCH = 250;
let isLeaving = false;
const kind = process.argv.includes('ephemeral') ? 'ephemeral' : 'latest';

const redis = await startRedis();
const server = new Child(new URL('leave-process.mjs', import.meta.url), ['--expose-gc']);
try {
  const setup = { redis: redis.url, clients: CLIENTS, channels: CHANNELS, kind };
  const { port } = await server.ask('start', setup);
  const empty = await server.ask('memory');
  const sockets = [];
  for (let client = 0; client < CLIENTS; client++) sockets.push(await joined(port));
  await until(async () => (await server.ask('counts')).channels >= CLIENTS * CHANNELS);
  console.log('joined', JSON.stringify(await server.ask('counts')));

  await server.ask('beginLeaving');
  const startedAt = performance.now();
  isLeaving = true;
  for (const socket of sockets) socket.terminate();
  await until(async () => {
    const { closed, channels } = await server.ask('counts');
    return closed === CLIENTS && channels === 0;
  });
  const goneMs = Math.round(performance.now() - startedAt);
  await until(async () => Number(/pubsub_?channels:(\d+)/.exec(await redis.call('INFO', 'stats'))?.[1]) < 10);
  const releasedMs = Math.round(performance.now() - startedAt);
  // Before the memory is looked at: collecting garbage is one long turn.
  const turns = await server.ask('turns');
  const left = (await server.ask('memory')) - empty;
  console.log('left  ', JSON.stringify({ goneMs, releasedMs, leftHeapBytes: left, ...turns }));
} finally {
  await server.stop();
  await redis.stop();
}

async function joined(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/streams`, ['nestwire.v1.json']);
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    if (!isLeaving) throw new Error(`A client was closed with ${code} before all had joined.`);
  });
  let answer;
  socket.on('message', (text) => {
    const frame = JSON.parse(String(text));
    // A client that does not answer is closed, before the last one has joined.
    if (frame.t === 'ping') socket.send('{"t":"pong"}');
    if (frame.t === 'error') console.log(frame);
    if (frame.t === 'ack' || frame.t === 'error') answer();
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ t: 'hello', v: 1 }));
  for (let n = 0; n < CHANNELS / BATCH; n++) {
    const answered = new Promise((resolve) => (answer = resolve));
    const data = { first: n * BATCH, count: BATCH };
    socket.send(JSON.stringify({ t: 'message', id: n + 1, stream: 'leave', type: 'leave.follow', data }));
    await answered;
  }
  return socket;
}

async function until(fact) {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 50));
}
