import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../faults/event-log.mjs';
import { Front } from '../rig/front.mjs';
import { required } from '../rig/required.mjs';
import { Crowd, startServer, within } from './rig.mjs';
import { judgeOrder, quantile, sumOf } from './verdict.mjs';

const READY_EVERY_MS = 100;
const DEADLINE_MS = 30_000;
const CALM_MS = 1_500;
const MOST_WORK_MS = 300;

/**
 * Restarts one server of a cluster after the other, while clients read what is posted and have messages
 * answered; returns what they saw of it.
 *
 * @param {{ clients: number, processes: number, servers: number, rooms: number, rate: number, asksPerSecond: number, spreadMs: number, seed: number }} plan
 * @param {string} redis
 * @param {NodeJS.Signals} [signal] SIGKILL is what a client must notice
 */
export async function rolling(plan, redis, signal = 'SIGTERM') {
  const cluster = await new Cluster(plan, redis).start();
  const crowd = new Crowd();
  try {
    const setup = { file: 'nestwire.client.mjs', exported: 'NestwireClient', processes: plan.processes };
    const plans = plansOf(plan, cluster.front.port);
    await crowd.start(setup, plans);
    const joined = cluster.front.acceptedAt.length;
    const rooms = Array.from({ length: plan.rooms }, (_, number) => number);
    const posting = cluster.publisher.child.ask('post', { rooms, rate: plan.rate });
    await crowd.startAsking({ rate: plan.asksPerSecond, mostWorkMs: MOST_WORK_MS, seed: plan.seed });
    await cluster.restartAll(signal);
    const asked = await crowd.stopAsking();
    await cluster.publisher.child.ask('stopPosting');
    await posting;
    return { ...(await verdictOf(cluster, crowd, plans)), asked, moves: movesOf(cluster, joined) };
  } finally {
    await crowd.stop();
    await cluster.stop();
  }
}

/** Each client reads two rooms. */
function plansOf({ clients, rooms }, port) {
  const step = Math.floor(rooms / 2);
  return Array.from({ length: clients }, (_, client) => ({
    port,
    rooms: [client % rooms, (client + step) % rooms],
  }));
}

/** @typedef {{ child: import('../rig/child.mjs').Child, port: number, isReady?: boolean }} Node */

/** Servers behind a load balancer that takes those in turn that say that they are ready. */
class Cluster {
  restarts = [];
  /** @type {Front} */
  front;
  /** @type {Node} */
  publisher;
  /** @type {Node[]} */
  nodes = [];
  #turn = 0;
  #isStopped = false;

  constructor(plan, redis) {
    this.plan = plan;
    this.redis = redis;
  }

  async start() {
    this.publisher = await this.#startServer();
    this.nodes = await Promise.all(Array.from({ length: this.plan.servers }, () => this.#startServer()));
    this.front = await new Front(() => this.#next(), now).listen();
    for (const index of this.nodes.keys()) void this.#watch(index);
    await within(DEADLINE_MS, () => ({ isDone: this.#ready.length === this.plan.servers }));
    return this;
  }

  async restartAll(signal) {
    for (let index = 0; index < this.plan.servers; index++) {
      await sleep(CALM_MS);
      const node = this.nodes[index];
      const restart = {
        at: now(),
        exit: undefined,
        connections: (await node.child.ask('counters')).connections,
      };
      process.kill(required(node.child.pid, 'server process'), signal);
      restart.exit = await node.child.ended;
      restart.tookMs = now() - restart.at;
      this.restarts.push(restart);
      this.nodes[index] = await this.#startServer();
    }
    await sleep(CALM_MS);
  }

  async stop() {
    this.#isStopped = true;
    await this.front.stop();
    await Promise.all([...this.nodes, this.publisher].map(({ child }) => child.stop()));
  }

  get #ready() {
    return this.nodes.filter(({ isReady }) => isReady);
  }

  #next() {
    const ready = this.#ready;
    return ready[this.#turn++ % ready.length]?.port;
  }

  #startServer() {
    const { spreadMs } = this.plan;
    const options = { shutdown: { spreadMs, deadlineMs: spreadMs + 8_000, closeListener: 'last' } };
    return startServer({ file: 'nestwire.server.mjs', redis: this.redis, options });
  }

  /** Asks as load balancers do, again and again; none of them waits for another. */
  async #watch(index) {
    while (!this.#isStopped) {
      const node = this.nodes[index];
      const answer = await fetch(`http://127.0.0.1:${node.port}/ready`).catch(() => undefined);
      node.isReady = answer?.ok === true;
      await sleep(READY_EVERY_MS);
    }
  }
}

async function verdictOf({ publisher, restarts }, crowd, plans) {
  const { postedAt, refused, failures } = await publisher.child.ask('posted');
  const lasts = postedAt.map((times) => times.length);
  await crowd.reach(lasts, DEADLINE_MS);
  const { receipts, kinds, errors } = await crowd.report();
  return {
    counts: sumOf(receipts.flatMap((got, client) => countsOf(got, plans[client].rooms, { lasts, refused }))),
    refused: Object.values(refused).flat().length,
    clients: crowd.size,
    states: [...new Set(kinds.flat())].sort(),
    restarts,
    errors: [...errors, ...failures],
  };
}

/** Judges each room of a client by itself. */
function countsOf(got, rooms, { lasts, refused }) {
  return rooms.map((room) => {
    const numbers = got.filter(([of]) => of === room).map(([, number]) => number);
    return judgeOrder(numbers, lasts[room], refused[room]);
  });
}

/** When the clients came to another server, from the beginning of each restart. */
function movesOf({ front, restarts, plan }, joined) {
  const moved = front.acceptedAt.slice(joined);
  return restarts.map(({ at, connections }, index) => {
    const until = restarts[index + 1]?.at ?? Infinity;
    const times = moved.filter((time) => time >= at && time < until).map((time) => time - at);
    const perSecond = times.map((from) => times.filter((time) => time >= from && time < from + 1_000).length);
    return {
      connections,
      attempts: times.length,
      worstSecond: Math.max(0, ...perSecond),
      evenSecond: (connections * 1_000) / plan.spreadMs,
      medianMs: quantile(times, 0.5),
      spreadMs: plan.spreadMs,
    };
  });
}
