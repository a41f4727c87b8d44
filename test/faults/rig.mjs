import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../rig/child.mjs';
import { masterOf, mastersOf } from '../rig/nemesis.mjs';
import { RedisClock } from '../rig/redis-clock.mjs';
import { required } from '../rig/required.mjs';
import { startCluster, startRedis, startSentinels } from '../rig/redis-server.mjs';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { EventLog } from './event-log.mjs';
import { randomFrom } from './random.mjs';
import { NEXT_VERSION, sabotageOptions } from './sabotage.mjs';

const SERVER = new URL('server-process.mjs', import.meta.url);
const CLIENTS = new URL('client-process.mjs', import.meta.url);

/** How often the processes of a rig look whether Redis answers: short, so that faults can be short. */
const TUNING = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 2_000,
  connectTimeoutMs: 1_000,
};
const PRESENCE = { leaseMs: 3_000 };
const WATCH_MS = 500;
/** How often a client asks for something that is to be done once. */
const ORDER_MS = 500;

/**
 * A cluster under faults: a Redis, two servers that reach it through a proxy each, and clients that reach each
 * server through another.
 */
export class Rig {
  nodes = [];
  readers = [];
  #seed = 0;
  #watching;
  /** Gives numbers that depend on the seed alone. */
  random;

  /** @param {import('./scenarios.mjs').Scenario} scenario */
  constructor(scenario, { directory, seed }) {
    this.scenario = scenario;
    this.directory = directory;
    this.log = new EventLog(directory, 'nemesis');
    this.#seed = seed;
    this.random = randomFrom(seed);
  }

  /** The servers that hold data now. */
  async masters() {
    if (this.cluster) return mastersOf(this.cluster);
    return [this.sentinels ? await masterOf(this.sentinels) : this.redis];
  }

  async start() {
    const { servers = 2, clients = 20 } = this.scenario.setup;
    await this.#startRedis(this.scenario.setup);
    this.nodes = Array.from({ length: servers }, (_, index) => ({
      index,
      name: `n${index}`,
      isNext: this.scenario.setup.nextVersion === index,
    }));
    for (const node of this.nodes) {
      if (this.redis && !this.sentinels) node.link = await TcpProxy.to(this.redis.port);
      await this.startNode(node.index);
    }
    this.#watchLinks();
    if (!this.scenario.setup.areClientsLate)
      await Promise.all(this.nodes.map((node) => this.startClients(node.index, clients / servers)));
  }

  async startNode(index) {
    const node = this.nodes[index];
    const { rooms = 10, room, options, apps, sabotage = [], tokenMs, work } = this.scenario.setup;
    const changes = [...sabotage, ...(node.isNext ? NEXT_VERSION : [])];
    node.child = new Child(SERVER, sabotageOptions(changes));
    const { port } = await node.child.ask('start', {
      name: node.name,
      directory: this.directory,
      redis: { connection: this.#connectionOf(node), ...TUNING, ...(apps && { prefix: apps[index] }) },
      rooms,
      room,
      work,
      scope: apps ? `${apps[index]}/` : '',
      isSignedIn: tokenMs !== undefined,
      options: {
        ...options,
        messages: { presence: PRESENCE, ...options?.messages },
      },
    });
    node.port = port;
    node.front ??= await TcpProxy.to(port);
    node.front.targetPort = port;
  }

  /** Writes down from time to time how often each server has connected to Redis. */
  #watchLinks() {
    this.#watching = setInterval(() => {
      for (const { name, link } of this.nodes)
        if (link) this.log.write('connects', { p: name, count: link.accepted });
    }, WATCH_MS);
  }

  /** Starts clients that reach a server. */
  async startClients(index, count) {
    const { rooms = 10, client, apps, tokenMs, orderMs = ORDER_MS } = this.scenario.setup;
    const child = new Child(CLIENTS);
    this.readers[index] = child;
    await child.ask('start', {
      name: `c${index}`,
      directory: this.directory,
      url: `ws://127.0.0.1:${this.nodes[index].front.port}/streams`,
      count,
      rooms,
      scope: apps ? `${apps[index]}/` : '',
      options: client,
      tokenMs,
      orderMs,
    });
  }

  /** Lets servers post, all or one. */
  async post(nodes = this.nodes) {
    const { rate = 200, textBytes } = this.scenario.load ?? {};
    for (const { index, child } of nodes)
      await child.ask('startPosting', {
        rate: rate / this.nodes.length,
        textBytes,
        seed: this.#seed + index,
      });
  }

  /** Ends the load; then each room gets a last message, which shows where everybody stands. */
  async endLoad() {
    for (const child of this.readers) await child?.ask('stopOrders');
    for (const { child } of this.nodes) await child.ask('stopPosting');
    for (const { child } of this.nodes) await child.ask('postToAll');
  }

  /** Writes down who is said to be there, and who is; asks for a lease at most, as presence may be late. */
  async writePresence() {
    const deadline = performance.now() + 2 * PRESENCE.leaseMs;
    let answers;
    do {
      answers = await Promise.all(this.nodes.map(({ child }) => child.ask('presence')));
    } while (!this.#isSettled(answers) && performance.now() < deadline && (await wait(200, true)));
    for (const [index, { present }] of answers.entries())
      this.log.write('presence', { p: this.nodes[index].name, present, live: this.#liveOf(answers, index) });
  }

  #isSettled(answers) {
    return answers.every(({ present }, index) => {
      const live = this.#liveOf(answers, index);
      return live.length === present.length && live.every((id) => present.includes(id));
    });
  }

  /** Applications of other prefixes know nothing of each other. */
  #liveOf(answers, index) {
    return this.scenario.setup.apps ? answers[index].live : answers.flatMap(({ live }) => live);
  }

  /** Lets the clients go, and then the servers. */
  async closeClients() {
    await Promise.all(this.readers.map((child) => child?.ask('close')));
  }

  async stop() {
    clearInterval(this.#watching);
    await Promise.all(
      [...this.readers, ...this.nodes.map(({ child }) => child)].map((child) => child?.stop()),
    );
    await Promise.all(this.nodes.flatMap(({ link, front }) => [link?.stop(), front?.stop()]));
    for (const group of [this.sentinels, this.cluster, this.redis]) await group?.stop();
    this.clock?.remove();
  }

  /** @param {import('./scenarios.mjs').Setup} setup */
  async #startRedis({ redis = 'single', args = [], replicas, hasOwnClock, user }) {
    if (hasOwnClock) this.clock = new RedisClock();
    if (redis === 'sentinel') this.sentinels = await startSentinels({ args });
    else if (redis === 'cluster') this.cluster = await startCluster({ args, replicas });
    else this.redis = await startRedis({ args, env: this.clock?.env });
    if (user)
      await required(this.redis, 'single Redis').call(
        'ACL',
        'SETUSER',
        user.name,
        'on',
        `>${user.password}`,
        '~*',
        '&*',
        '+@all',
      );
  }

  #connectionOf({ link }) {
    if (this.cluster) return { nodes: this.cluster.nodes };
    if (this.sentinels) return { sentinels: this.sentinels.sentinels, name: this.sentinels.name };
    const { user } = this.scenario.setup;
    const url = new URL(link.url);
    if (user) Object.assign(url, { username: user.name, password: user.password });
    return url.href;
  }
}
