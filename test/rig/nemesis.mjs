import { Redis } from 'ioredis';

/** @typedef {import('./redis-server.mjs').RedisAddress} RedisAddress */

/**
 * Sends one command to a Redis or a Sentinel and returns its reply, parsed.
 *
 * @param {RedisAddress} address
 * @param {string} command
 * @param {...(string | number)} args
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

export async function killClients(server, type) {
  return Number(await ask(server, 'CLIENT', 'KILL', 'TYPE', type));
}

export async function configure(server, setting, value) {
  await ask(server, 'CONFIG', 'SET', setting, value);
}

export async function sleepServer(server, ms) {
  await ask(server, 'DEBUG', 'SLEEP', ms / 1_000);
}

export async function flush(server) {
  await ask(server, 'FLUSHALL');
}

export async function failOver({ name, sentinels }) {
  await ask(sentinels[0], 'SENTINEL', 'FAILOVER', name);
}

export async function masterOf({ name, sentinels }) {
  const [host, port] = await ask(sentinels[0], 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
  return { host, port: Number(port) };
}

export async function slotOf({ servers }, key) {
  return Number(await ask(servers[0], 'CLUSTER', 'KEYSLOT', key));
}

export async function ownerOf(cluster, slot) {
  const ranges = await ask(cluster.servers[0], 'CLUSTER', 'SLOTS');
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  return cluster.servers.find(({ port }) => port === range[2][1]);
}

export async function connectTo({ host, port }) {
  const redis = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.connect();
  return redis;
}

export async function mastersOf({ servers }) {
  const roles = await Promise.all(servers.map((server) => ask(server, 'ROLE').catch(() => [])));
  return servers.filter((_, index) => roles[index][0] === 'master');
}

export async function beginMove({ slot, from, to }) {
  const [fromId, toId] = await Promise.all([from, to].map((server) => ask(server, 'CLUSTER', 'MYID')));
  await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  return toId;
}

/**
 * Ends a move whose source has died: the slot stays with the one that has taken over from the source.
 *
 * @param {{ servers: readonly RedisAddress[] }} cluster
 * @param {{ slot: number, to: RedisAddress }} move
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

export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
