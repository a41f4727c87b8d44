// The grammar of what a client says: valid frames, frames that are wrong in one place, values that are odd.
import { USERS } from './fuzz.app.mjs';
import { callFrame, frameOfCall, responseFrame } from './call-grammar.mjs';

const ENDPOINTS = ['talk', 'members'];
const GOOD_TOKENS = [...USERS, null];
const BAD_TOKENS = ['mallory', 'broken', 'forbidden', '', 'x'.repeat(3_000)];
const HOWS = [
  '',
  '',
  'late',
  'throw',
  'refuse',
  'leave',
  'kick',
  'board',
  'present',
  'ask',
  'ask',
  'join',
  'many',
];
/** More rooms than the servers permit streams. */
const ROOMS = ['a', 'b', 'c', 'd', 'e', 'f'];
const VERSIONS = [undefined, 1, 2, 3];
const BAD_VERSIONS = [4, 0, -1, 1.5, 2 ** 53, '2', null, true, {}, []];
const RESERVED_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '$type',
  '$date',
];

/** Returns a token: of a user, none, or one that is refused. */
export function tokenOf(random) {
  return random.pick(random.once(8) ? BAD_TOKENS : GOOD_TOKENS);
}

/** Returns a message frame for an endpoint; most are valid. */
export function messageFrame(random, id) {
  const data = { how: random.pick(HOWS), text: `say ${id}` };
  if (random.once(4)) data.email = random.pick(['ada@example.org', 'no address', `${'a'.repeat(2_000)}@`]);
  if (random.once(3))
    data.items = Array.from({ length: random.below(24) }, () => ({ sku: 'nail', count: random.below(9) }));
  return { t: 'message', id, stream: random.pick(ENDPOINTS), type: 'fuzz.say', data };
}

/** Returns a message of one of its versions, or of one that no server knows. */
export function memoOf(random, text) {
  const version = random.pick(random.once(4) ? BAD_VERSIONS : VERSIONS);
  const isNewest = version === 3;
  return { ...(version !== undefined && { $version: version }), [isNewest ? 'text' : 'line']: text };
}

/** Opens a stream of its own for one set of parameters. */
function roomFrame(random, id) {
  const room = random.pick(ROOMS);
  return { t: 'open', id, endpoint: 'room', stream: `#${room}`, params: { room } };
}

/**
 * Returns a frame that is valid at this point of a conversation.
 *
 * @param {import('./random.mjs').Random} random
 * @param {number} id
 * @param {import('./call-grammar.mjs').Known} known
 */
export function validFrame(random, id, known) {
  const kind = random.weighted({
    ...{ message: 10, memo: 3, open: 4, room: 3, close: 2, auth: 3, ping: 1, pong: 1, call: 6 },
    ofCall: known.calls.size ? 12 : 0,
    response: known.requests.size ? 8 : 0,
  });
  if (kind === 'message') return messageFrame(random, id);
  if (kind === 'memo')
    return { t: 'message', id, stream: 'talk', type: 'fuzz.memo', data: memoOf(random, `memo ${id}`) };
  if (kind === 'room') return roomFrame(random, id);
  if (kind === 'call') return callFrame(random, id, known);
  if (kind === 'ofCall') return frameOfCall(random, known, memoOf(random, 'item'));
  if (kind === 'response') return responseFrame(random, known);
  if (kind === 'auth') return { t: 'auth', id, token: tokenOf(random) };
  if (kind === 'ping' || kind === 'pong') return { t: kind };
  return { t: kind, id, [kind === 'open' ? 'endpoint' : 'stream']: random.pick(ENDPOINTS) };
}

/**
 * Returns the first frame of a connection.
 *
 * @param {import('./random.mjs').Random} random
 * @param {{ client: string, held: readonly unknown[][] }} known what the client kept of earlier connections
 */
export function helloFrame(random, { client, held }) {
  const token = tokenOf(random);
  /** @type {Record<string, unknown>} */
  const frame = { t: 'hello', v: 1, ...(token !== null && { token }) };
  if (!random.once(4)) frame.client = client;
  if (random.once(6)) frame.contract = random.pick(['x'.repeat(22), '', 7, null, { hash: 1 }]);
  if (held.length && !random.once(3)) frame.resume = held.map((entry) => maybeForged(random, entry));
  return frame;
}

/** Changes a resume token, or what it is presented for, now and then. */
function maybeForged(random, entry) {
  if (!random.once(4)) return entry;
  const forged = [...entry];
  const at = random.below(forged.length);
  if (typeof forged[at] === 'number') forged[at] = random.pick([0, 1, forged[at] + 1, 2 ** 40, -1]);
  else if (at === 1) forged[at] = random.pick(USERS.map((user) => `inbox:${user}`));
  else if (at === 0) forged[at] = random.pick(ENDPOINTS);
  else forged[at] = mangledText(random, String(forged[at]));
  return forged;
}

function mangledText(random, text) {
  if (!text || random.once(3)) return random.pick(['', 'x', '\u0000', 'é'.repeat(40), `${text}${text}`]);
  const at = random.below(text.length);
  return text.slice(0, at) + random.pick(['A', 'b', '0', '.', '_']) + text.slice(at + 1);
}

/** Returns a value of any kind and a bounded size. */
export function oddValue(random, depth = 0) {
  const kind = random.weighted({ leaf: 8, list: 2, map: 2, deep: depth ? 0 : 1, wide: depth ? 0 : 1 });
  if (kind === 'deep') return nested(random.below(60));
  if (kind === 'wide') return Array.from({ length: random.below(3_000) }, () => random.pick([{}, [], 0, '']));
  if (depth > 3 || kind === 'leaf') return oddLeaf(random);
  const values = Array.from({ length: random.below(5) }, () => oddValue(random, depth + 1));
  if (kind === 'list') return values;
  return Object.fromEntries(
    values.map((value, at) => [random.once(3) ? random.pick(RESERVED_KEYS) : `k${at}`, value]),
  );
}

function oddLeaf(random) {
  return random.pick([
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    '',
    'talk',
    '\u0000\ud800',
    'x'.repeat(random.below(500)),
    { $date: 'yesterday' },
    { $date: '2026-01-01T00:00:00.000Z' },
    { $bigint: '9'.repeat(random.below(60)) },
    { $bytes: 'AA==' },
    { $map: [[1]] },
    { $set: [1, 1] },
    { $number: 'NaN' },
    { $plain: { $type: 'fuzz.post' } },
    { $type: 'nestwire.revocation', userId: 'ada' },
  ]);
}

function nested(levels) {
  /** @type {unknown} */
  let value = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

/** Returns a copy of a frame that is wrong, odd or surprising in one or two places. */
export function mutatedFrame(random, frame) {
  const copy = structuredClone(frame);
  for (let rounds = 1 + random.below(2); rounds > 0; rounds--) mutate(random, copy);
  return copy;
}

function mutate(random, frame) {
  const isInData = typeof frame.data === 'object' && frame.data !== null && random.once(2);
  const target = isInData ? frame.data : frame;
  const keys = Object.keys(target);
  const key = random.pick(keys.length ? keys : ['data']);
  const kind = random.weighted({ drop: 2, replace: 4, add: 2, type: 1, redelivered: 1 });
  if (kind === 'drop') delete target[key];
  else if (kind === 'replace') target[key] = oddValue(random);
  else if (kind === 'add')
    defineOwn(target, random.pick([...RESERVED_KEYS, 'extra', 'id']), oddValue(random));
  else if (kind === 'type') frame.t = random.pick(['hello', 'welcome', 'ack', 'publication', 'toString', '']);
  else frame.redelivered = random.pick([true, false, 1]);
}

/** Sets a property of the object itself, `__proto__` too. */
function defineOwn(target, key, value) {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
