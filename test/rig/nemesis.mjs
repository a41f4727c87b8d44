import { Redis } from 'ioredis';

/**
 * @typedef {import('./redis-server.mjs').RedisAddress} RedisAddress
 * @typedef {import('./redis-server.mjs').RedisServer} RedisServer
 * @typedef {import('./redis-server.mjs').SentinelGroup} SentinelGroup
 * @typedef {import('./redis-server.mjs').RedisClusterGroup} RedisClusterGroup
 */

/**
 * Sends one command to a Redis or a Sentinel and returns its reply, parsed.
 *
 * @param {RedisAddress} address
 * @param {string} command
 * @param {...(string | number)} args
 * @returns {Promise<any>}
 */
export async function ask({ host, port }, command, ...args) {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    commandTimeout: 5_000,
  });
  redis.on('error', () => undefined);
  try {
    return await redis.call(command, ...args.map(String));
  } finally {
    redis.disconnect();
  }
}

/**
 * Ends the connections of a kind.
 *
 * @param {RedisAddress} server
 * @param {'pubsub' | 'normal'} type
 * @returns {Promise<number>} the number of ended connections
 */
export async function killClients(server, type) {
  return Number(await ask(server, 'CLIENT', 'KILL', 'TYPE', type));
}

/**
 * @param {RedisAddress} server
 * @param {string} setting
 * @param {string | number} value
 */
export async function configure(server, setting, value) {
  await ask(server, 'CONFIG', 'SET', setting, value);
}

/**
 * @param {RedisAddress} server started with `--enable-debug-command local`
 * @param {number} ms
 */
export async function sleepServer(server, ms) {
  await ask(server, 'DEBUG', 'SLEEP', ms / 1_000);
}

/** @param {RedisAddress} server */
export async function flush(server) {
  await ask(server, 'FLUSHALL');
}

/** @param {SentinelGroup} group */
export async function failOver({ name, sentinels }) {
  await ask(sentinels[0], 'SENTINEL', 'FAILOVER', name);
}

/**
 * @param {SentinelGroup} group
 * @returns {Promise<RedisAddress>}
 */
export async function masterOf({ name, sentinels }) {
  const [host, port] = await ask(sentinels[0], 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
  return { host, port: Number(port) };
}

/**
 * @param {RedisClusterGroup} cluster
 * @param {string} key
 */
export async function slotOf({ servers }, key) {
  return Number(await ask(servers[0], 'CLUSTER', 'KEYSLOT', key));
}

/**
 * @param {RedisClusterGroup} cluster
 * @param {number} slot
 * @returns {Promise<RedisServer>}
 */
export async function ownerOf(cluster, slot) {
  const ranges = await ask(cluster.servers[0], 'CLUSTER', 'SLOTS');
  const range = ranges.find((/** @type {[number, number]} */ [first, last]) => first <= slot && slot <= last);
  const owner = cluster.servers.find(({ port }) => port === range[2][1]);
  if (!owner) throw new Error(`No server of the cluster has the slot ${slot}`);
  return owner;
}

/** @param {RedisAddress} address */
export async function connectTo({ host, port }) {
  const redis = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.connect();
  return redis;
}

/**
 * @param {RedisClusterGroup} cluster
 * @returns {Promise<RedisServer[]>}
 */
export async function mastersOf({ servers }) {
  const roles = await Promise.all(servers.map((server) => ask(server, 'ROLE').catch(() => [])));
  return servers.filter((_, index) => roles[index][0] === 'master');
}

/**
 * @param {{ slot: number, from: RedisServer, to: RedisServer }} move
 * @returns {Promise<string>}
 */
export async function beginMove({ slot, from, to }) {
  const [fromId, toId] = await Promise.all([from, to].map((server) => ask(server, 'CLUSTER', 'MYID')));
  await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  return toId;
}

/**
 * Ends a move whose source has died: the slot stays with the one that has taken over from the source.
 *
 * @param {RedisClusterGroup} cluster
 * @param {{ slot: number, to: RedisServer }} move
 */
export async function closeMove(cluster, { slot, to }) {
  await ask(to, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
  const left = await ask(to, 'CLUSTER', 'COUNTKEYSINSLOT', slot);
  if (left > 0) throw new Error(`${left} keys of the slot ${slot} have moved already`);
  const masters = await mastersOf(cluster);
  for (const master of masters)
    if ((await ask(master, 'CLUSTER', 'NODES')).includes(`[${slot}-`))
      await ask(master, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
}

/**
 * @param {RedisClusterGroup} cluster
 * @param {number} slot
 * @param {RedisServer} to
 */
export async function moveSlot(cluster, slot, to) {
  const from = await ownerOf(cluster, slot);
  const toId = await beginMove({ slot, from, to });
  for (;;) {
    const keys = await ask(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 100);
    if (keys.length === 0) break;
    await ask(from, 'MIGRATE', to.host, to.port, '', 0, 5_000, 'KEYS', ...keys);
  }
  // The new owner first: otherwise the slot is nobody's for a moment.
  for (const server of [to, from, ...cluster.servers])
    await ask(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', toId);
}

/**
 * @param {number} pid
 * @param {'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'} name
 * @returns {boolean}
 */
export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
    throw error;
  }
}
