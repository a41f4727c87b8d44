// `node test/bench/close-streams.mjs [orders]`: three servers over one Redis, with a client on each. Each order closes
// the streams of one room in the whole cluster; a third of the way one server is killed. It shows the time until
// the clients of the live servers have the end, and the time and the result of the calls.
import WebSocket from 'ws';
import { Child } from '../rig/child.mjs';
import { startRedis } from '../rig/redis-server.mjs';
import { required } from '../rig/required.mjs';
import { quantile } from './statistics.mjs';

const ORDERS = Number(process.argv[2] ?? 240);
const SERVERS = 3;
const KILLED_AT = Math.floor(ORDERS / 3);
const DEADLINE_MS = 60_000;

/** A client with one stream for each room. */
class Client {
  /** @type {any} */
  socket;
  #answers = new Map();

  static async to(port) {
    const client = new Client();
    client.socket = new WebSocket(`ws://127.0.0.1:${port}/streams`, ['nestwire.v1.json']);
    client.socket.on('error', () => undefined);
    client.socket.on('message', (text) => client.#receive(JSON.parse(String(text))));
    await new Promise((resolve) => client.socket.once('open', resolve));
    client.#send({ t: 'hello', v: 1, token: 'ada' });
    return client;
  }

  /** Opens the stream of a room. */
  open(id) {
    const opened = this.#frame(`opened #${id}`);
    this.#send({ t: 'open', id, endpoint: 'room', stream: `#${id}`, params: { roomId: `${id}` } });
    return opened;
  }

  /** Resolves to the time at which the stream of a room has ended. */
  closed(id) {
    return this.#frame(`closed #${id}`);
  }

  #send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  #frame(name) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${name} within ${DEADLINE_MS} ms`)), DEADLINE_MS);
      this.#answers.set(name, () => (clearTimeout(timer), resolve(performance.now())));
    });
  }

  #receive({ t, stream }) {
    if (t === 'ping') return this.#send({ t: 'pong' });
    this.#answers.get(`${t} ${stream}`)?.();
    this.#answers.delete(`${t} ${stream}`);
  }
}

const redis = await startRedis();
const servers = Array.from(
  { length: SERVERS },
  () => new Child(new URL('close-process.mjs', import.meta.url)),
);
try {
  const clients = [];
  for (const server of servers) {
    const { port } = await server.ask('start', { redis: redis.url });
    clients.push(await Client.to(port));
  }
  const before = { endedMs: [], callMs: [], delivered: {} };
  const after = { endedMs: [], callMs: [], delivered: {} };
  for (let order = 1; order <= ORDERS; order++) {
    if (order === KILLED_AT + 1) process.kill(required(servers[SERVERS - 1]?.pid, 'process id'), 'SIGKILL');
    const live = order > KILLED_AT ? SERVERS - 1 : SERVERS;
    await closeOn(order, live, clients.slice(0, live), order > KILLED_AT ? after : before);
  }
  for (const [name, figures] of Object.entries({ before, after })) console.log(noteOf(name, figures));
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  await redis.stop();
}

async function closeOn(order, live, clients, { endedMs, callMs, delivered: counts }) {
  await Promise.all(clients.map((client) => client.open(order)));
  const startedAt = performance.now();
  const ended = Promise.all(clients.map((client) => client.closed(order)));
  const { delivered, tookMs } = await servers[order % live].ask('close', { roomId: `${order}` });
  endedMs.push(Math.max(...(await ended)) - startedAt);
  callMs.push(tookMs);
  counts[delivered] = (counts[delivered] ?? 0) + 1;
}

function noteOf(name, { endedMs, callMs, delivered }) {
  const figure = (values, share) => quantile(values, share).toFixed(1);
  const text = (values) =>
    `median ${figure(values, 0.5)}, p99 ${figure(values, 0.99)}, most ${figure(values, 1)}`;
  return `${name} the kill: ${endedMs.length} orders; ended ms: ${text(endedMs)}; call ms: ${text(callMs)}; ${JSON.stringify(delivered)}`;
}
