// Reads the histories of the rooms from Redis itself, without the code under test.
import { ask } from '../rig/nemesis.mjs';

/**
 * Reads the histories below a prefix.
 *
 * Which channel a stream belongs to is told by the ids of its messages: the log says where each was posted.
 *
 * @param {readonly import('../rig/redis-server.mjs').RedisAddress[]} servers the masters
 * @param {ReadonlyMap<string, string>} channelOf by the id of a post
 */
export async function readFinals(servers, channelOf) {
  const finals = [];
  for (const server of servers) {
    const keys = await keysOf(server);
    for (const key of keys.stream) {
      const final = await readFinal(server, { key, metas: keys.hash, channelOf });
      if (final) finals.push(final);
    }
  }
  return finals;
}

async function readFinal(server, { key, metas, channelOf }) {
  const entries = (await ask(server, 'XRANGE', key, '-', '+')).map(entryOf);
  const ch = entries.map(({ id }) => channelOf.get(id)).find(Boolean);
  const meta = metas.find((name) => isHead(name) && tagOf(name) === tagOf(key));
  if (!ch || !meta) return undefined;
  const { e, s, p } = fieldsOf(await ask(server, 'HGETALL', meta));
  return { ch, e, s: Number(s), p: messageIdOf(p), entries };
}

/** The id of an entry is its offset; its fields are the place of the message, that of the one before it, and the data. */
function entryOf([entryId, fields]) {
  const { i, p } = fieldsOf(fields);
  return { o: Number(entryId.split('-')[0]), id: messageIdOf(i), prev: messageIdOf(p) };
}

/** A place is called after its message, and after the attempt that stored it. */
function messageIdOf(place) {
  return place.split('~')[0];
}

function fieldsOf(flat) {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : [])));
}

/** Durable consumers have hashes of the same tag. */
function isHead(key) {
  return key.includes(':m:{');
}

/** The keys of a channel share the part in braces. */
function tagOf(key) {
  return /\{([^}]*)\}/.exec(key)?.[1];
}

async function keysOf(server) {
  const found = { stream: [], hash: [] };
  for (const type of Object.keys(found)) {
    let cursor = '0';
    do {
      const [next, keys] = await ask(server, 'SCAN', cursor, 'COUNT', 1_000, 'TYPE', type);
      found[type].push(...keys);
      cursor = next;
    } while (cursor !== '0');
  }
  return found;
}
