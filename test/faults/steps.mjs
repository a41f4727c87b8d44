// The steps of scenarios, by name. Each step gets the rig and its argument.
import { setTimeout as wait } from 'node:timers/promises';
import { readLog } from '../rig/checker/read-log.mjs';
import { readFinals } from './finals.mjs';
import { raceOrders } from './race.mjs';
import {
  ask,
  beginMove,
  closeMove,
  configure,
  connectTo,
  failOver,
  flush,
  killClients,
  mastersOf,
  moveSlot,
  ownerOf,
  signal,
  sleepServer,
  slotOf,
} from '../rig/nemesis.mjs';

const STEPS = {
  wait: (_rig, ms) => wait(ms),
  /** Says in the log what comes. */
  note: () => undefined,
  /** Each room has a message from now on. */
  postToAll: ({ nodes }) => nodes[0].child.ask('postToAll'),
  /** Does a step again and again. */
  async every(rig, { ms, forMs, step }) {
    for (let left = forMs; left > 0; left -= ms) {
      await takeStep(rig, step);
      await wait(ms);
    }
  },

  killRedis: ({ redis }) => redis.kill(),
  restartRedis: ({ redis }) => redis.restart(),
  pauseRedis: ({ redis }) => redis.pause(),
  resumeRedis: ({ redis }) => redis.resume(),
  saveRedis: ({ redis }) => ask(redis, 'SAVE'),
  sleepRedis: ({ redis }, ms) => sleepServer(redis, ms),
  flushRedis: ({ redis }) => flush(redis),
  flushScripts: ({ redis }) => ask(redis, 'SCRIPT', 'FLUSH'),
  configureRedis: ({ redis }, settings) =>
    Promise.all(Object.entries(settings).map(([setting, value]) => configure(redis, setting, value))),
  fillRedis: ({ redis }, bytes) => ask(redis, 'SET', 'filler', 'x'.repeat(bytes)),
  emptyRedis: ({ redis }) => ask(redis, 'DEL', 'filler'),
  killClients: async ({ redis }) => {
    for (const type of /** @type {const} */ (['normal', 'pubsub'])) await killClients(redis, type);
  },
  /** Ends the connections of subscribers alone, so that posts are stored while nobody receives them. */
  killSubscribers: ({ redis }) => killClients(redis, 'pubsub'),
  /** As a replica of a master that is not there it refuses writes and keeps its data. */
  makeReadOnly: ({ redis }) => ask(redis, 'REPLICAOF', '127.0.0.1', 1),
  makeWritable: ({ redis }) => ask(redis, 'REPLICAOF', 'NO', 'ONE'),
  disableUser: async ({ redis, scenario }) => {
    await ask(redis, 'ACL', 'SETUSER', scenario.setup.user.name, 'off');
    await STEPS.killClients({ redis });
  },
  enableUser: ({ redis, scenario }) => ask(redis, 'ACL', 'SETUSER', scenario.setup.user.name, 'on'),

  /** Moves the clock that Redis reads so many seconds from ours. */
  async moveClock({ clock, redis }, seconds) {
    clock.move(seconds);
    const [redisSeconds] = await ask(redis, 'TIME');
    const movedBy = Number(redisSeconds) - Date.now() / 1_000;
    if (Math.abs(movedBy - seconds) > 60) throw new Error(`the clock of Redis has moved by ${movedBy} s`);
  },
  /** Deletes a head or a stream, as an eviction does; which one depends on the seed alone. */
  async evictKey(rig) {
    const [, keys] = await ask(rig.redis, 'SCAN', 0, 'COUNT', 10_000, 'MATCH', 'nestwire:[ms]:*');
    const rooms = keys.toSorted();
    if (rooms.length) await ask(rig.redis, 'DEL', rooms[Math.floor(rig.random() * rooms.length)]);
  },
  beginEndlessScript: ({ redis }) => void ask(redis, 'EVAL', 'while true do end', 0).catch(() => undefined),
  // Without a handshake, which Redis refuses while it is busy.
  killScript: ({ redis }) => redis.call('SCRIPT', 'KILL'),
  /** Publishes into all rooms what only a later version can read. */
  async publishUnknownVersion({ redis }) {
    for (const channel of await ask(redis, 'PUBSUB', 'CHANNELS', '*:l:{*'))
      await ask(redis, 'PUBLISH', channel, '{"v":99,"what":"is this"}\n');
  },
  /** Keeps a connection of its own: no other gets through until `takeConnections`. */
  async refuseConnections(rig) {
    rig.admin = await connectTo(rig.redis);
    await rig.admin.call('CONFIG', 'SET', 'maxclients', '1');
    for (const type of /** @type {const} */ (['normal', 'pubsub']))
      await rig.admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
  },
  async takeConnections({ admin }) {
    await admin.call('CONFIG', 'SET', 'maxclients', '10000');
    admin.disconnect();
  },

  killMaster: ({ sentinels }) => sentinels.master.kill(),
  pauseMaster: ({ sentinels }) => sentinels.master.pause(),
  resumeMaster: ({ sentinels }) => sentinels.master.resume(),
  failOver: ({ sentinels }) => failOver(sentinels),
  /** Moves the slot of the channel with the most messages to another master. */
  async moveHotSlot({ cluster }) {
    const slot = await hotSlot(cluster);
    const from = await ownerOf(cluster, slot);
    await moveSlot(
      cluster,
      slot,
      cluster.servers.find((server) => server !== from),
    );
  },

  /** Begins to move that slot, and goes no further. */
  async beginHotMove(rig) {
    const { cluster } = rig;
    const slot = await hotSlot(cluster);
    const from = await ownerOf(cluster, slot);
    const to = cluster.masters.find((server) => server !== from);
    await beginMove({ slot, from, to });
    rig.move = { slot, from, to };
  },
  killMovingMaster: ({ move }) => move.from.kill(),
  /** As an operator does: the slot stays with the replica that has taken over. */
  repairMove: ({ cluster, move }) => closeMove(cluster, move),

  /** Notes which channels live there: the others have to go on. */
  async killClusterMaster({ cluster, directory, log }) {
    const [master] = cluster.masters;
    const posts = readLog(directory).filter(({ k }) => k === 'pub_invoke');
    const finals = await readFinals([master], new Map(posts.map(({ id, ch }) => [id, ch])));
    await master.kill();
    log.write('shard_lost', { channels: finals.map(({ ch }) => ch) });
  },

  spoilRedisLink: ({ nodes }, { node, mode, direction }) => nodes[node].link.set(mode, direction),
  starve: ({ nodes }, node) => nodes[node].link.starve(),
  spoilClientLink: ({ nodes }, { node, mode, direction }) => nodes[node].front.set(mode, direction),
  cutClients: ({ nodes }, node) => nodes[node].front.reset(),
  refuseClients: ({ nodes }, node) => nodes[node].front.refuse(),
  heal: ({ nodes }) => Promise.all(nodes.flatMap(({ link, front }) => [link?.pass(), front.pass()])),

  /** From now on the clients of a server come to another. */
  redirect: ({ nodes }, { from, to }) => void (nodes[from].front.targetPort = nodes[to].port),
  terminateNode: async (rig, index) => {
    const { child } = rig.nodes[index];
    const startedAt = performance.now();
    signal(child.pid, 'SIGTERM');
    rig.log.write('exit', {
      p: rig.nodes[index].name,
      code: await child.ended,
      ms: performance.now() - startedAt,
    });
  },
  killNode: async ({ nodes }, index) => {
    signal(nodes[index].child.pid, 'SIGKILL');
    await nodes[index].child.ended;
  },
  /** Ends a server as a rolling upgrade does, and starts one of the next version in its place. */
  async upgradeNode(rig, index) {
    await STEPS.terminateNode(rig, index);
    rig.nodes[index].isNext = true;
    await STEPS.startNode(rig, index);
  },
  pauseNode: ({ nodes }, index) => void signal(nodes[index].child.pid, 'SIGSTOP'),
  resumeNode: ({ nodes }, index) => void signal(nodes[index].child.pid, 'SIGCONT'),
  stallNode: ({ nodes }, { node, ms }) => nodes[node].child.ask('stall', { ms }),
  startNode: async (rig, index) => {
    await rig.startNode(index);
    await rig.post([rig.nodes[index]]);
  },

  pauseClients: ({ readers }, index) => void signal(readers[index].pid, 'SIGSTOP'),
  resumeClients: ({ readers }, index) => void signal(readers[index].pid, 'SIGCONT'),
  startClients: (rig, { node, count }) => rig.startClients(node, count),
  /** The clients cannot get through yet. */
  startClientsUnwatched: (rig, { node, count }) => void rig.startClients(node, count).catch(() => undefined),
  /** Within one session each client subscribes and unsubscribes. */
  storm: ({ readers }, { node, ...storm }) => readers[node].ask('storm', storm),
  race: (rig, races) => raceOrders(rig, races),
  /** Clients come and go, each at once after it has opened its stream, or before. */
  churn: ({ readers }, { node, ...storm }) => readers[node].ask('churn', storm),
};

/**
 * Takes a step of a scenario, and writes it down.
 *
 * @param {import('./rig.mjs').Rig} rig
 * @param {readonly [name: string, argument?: unknown]} step
 */
export async function takeStep(rig, [name, argument]) {
  if (name !== 'wait') rig.log.write('nemesis', { what: name, argument });
  await STEPS[name](rig, argument);
}

/** The names of all steps. */
export const STEP_NAMES = Object.keys(STEPS);

async function hotSlot(cluster) {
  let hottest = { length: -1, key: '' };
  // A replica has the keys, too, and lets nobody read them.
  for (const server of await mastersOf(cluster)) {
    const [, keys] = await ask(server, 'SCAN', 0, 'COUNT', 10_000, 'TYPE', 'stream');
    for (const key of keys) {
      const length = await ask(server, 'XLEN', key);
      if (length > hottest.length) hottest = { length, key };
    }
  }
  return slotOf(cluster, hottest.key);
}
