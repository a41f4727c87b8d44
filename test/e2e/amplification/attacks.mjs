// The frames of hostile clients: one attack for each kind of frame, each error code and each shape of message.
import { randomBytes } from 'node:crypto';
import { generatedAttacks } from './shapes.mjs';

const JSON_PROTOCOL = 'nestwire.v1.json';
const PACKED_PROTOCOL = 'nestwire.v1.msgpack';
const DESK = { t: 'open', id: 1, endpoint: 'desk' };
const ROOM_TICKETS = 128;

/** The items that one upload sends before the next one begins. */
const UPLOADED = 1_000;

let lastId = 1;
const nextId = () => ++lastId;
const message = (type, data, stream = 'desk') => ({ t: 'message', id: nextId(), stream, type, data });
/** Begins a call whenever so many items were sent, else sends an item of the latest one. */
const upload = (n, size) =>
  n % (size + 1)
    ? { t: 'item', call: lastId, type: 'amp.note', data: { text: 'x' } }
    : {
        ...{ t: 'call', id: nextId(), stream: 'desk', method: 'take', type: 'amp.task' },
        ...{ data: { verb: 'x' }, window: 1, items: true },
      };
const nest = (depth) => (depth ? [nest(depth - 1)] : []);
const many = (length, value) => Array.from({ length }, () => value);
const client = () => randomBytes(16).toString('base64url');

/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {(n: number) => object | string} frame the n-th frame; a text is sent as it is
 * @property {readonly object[]} [first] frames after hello
 * @property {object} [hello] more fields of hello
 * @property {'json' | 'packed' | 'deflate'} [form]
 * @property {number} [framesPerSecond] the default is as many as a connection may send
 * @property {boolean} [isControl] sends WebSocket pings instead of frames
 * @property {number} [oneAnswerBytes] what all answers to one frame of it may take
 * @property {boolean} [ignoresBytes] sends more bytes than a connection may
 * @property {boolean} [isQuick] belongs to the short form
 */

/** @type {readonly Attack[]} */
export const ATTACKS = [
  { name: 'honest: notes', frame: () => message('amp.note', { text: 'x'.repeat(100) }), isQuick: true },
  { name: 'honest: long notes', frame: () => message('amp.note', { text: 'x'.repeat(60_000) }) },
  { name: 'ping', frame: () => ({ t: 'ping' }) },
  { name: 'control ping', frame: () => '', isControl: true },
  { name: 'pong', frame: () => ({ t: 'pong' }) },
  { name: 'hello again', frame: () => ({ t: 'hello', v: 1 }) },
  {
    name: 'open and close',
    frame: (n) => ({ t: n % 2 ? 'close' : 'open', id: nextId(), endpoint: 'once', stream: 'once' }),
    isQuick: true,
  },
  {
    name: 'open and close with refused tickets',
    hello: { resume: many(ROOM_TICKETS, 0).map((_, n) => ['once', `amp-room:${n}`, 'forged', 'e', n, 'i']) },
    frame: (n) => ({ t: n % 2 ? 'close' : 'open', id: nextId(), endpoint: 'once', stream: 'once' }),
    isQuick: true,
  },
  {
    name: 'open and close with a channel',
    frame: (n) => ({ t: n % 2 ? 'close' : 'open', id: nextId(), endpoint: 'room', stream: 'room' }),
  },
  {
    name: 'open and close with 100 channels',
    oneAnswerBytes: 40_000,
    frame: (n) => ({ t: n % 2 ? 'close' : 'open', id: nextId(), endpoint: 'hall', stream: 'hall' }),
    isQuick: true,
  },
  {
    name: 'subscribe by message',
    first: [{ ...DESK, endpoint: 'hall' }],
    // Messages are refused when the debt is as large as the allowance.
    oneAnswerBytes: 60_000,
    frame: () => message('amp.task', { verb: 'turn' }, 'hall'),
  },
  { name: 'open that fails', frame: () => ({ t: 'open', id: nextId(), endpoint: 'shut' }) },
  { name: 'open without a sign-in', frame: () => ({ t: 'open', id: nextId(), endpoint: 'members' }) },
  { name: 'open of an unknown endpoint', frame: () => ({ t: 'open', id: nextId(), endpoint: 'nowhere' }) },
  { name: 'close of a closed stream', frame: () => ({ t: 'close', id: nextId(), stream: 'once' }) },
  { name: 'message to a closed stream', frame: () => message('amp.note', { text: 'x' }, 'once') },
  { name: 'unknown message', frame: () => message('amp.nothing', {}) },
  { name: 'the same id', first: [DESK], frame: () => ({ ...message('amp.task', { verb: 'wait' }), id: 7 }) },
  { name: 'busy stream', frame: () => message('amp.task', { verb: 'wait' }) },
  { name: 'throwing handler', frame: () => message('amp.task', { verb: 'throw' }), isQuick: true },
  { name: 'error of the application', frame: () => message('amp.task', { verb: 'refuse' }) },
  { name: 'sign-out', hello: { token: 'ada' }, frame: () => ({ t: 'auth', id: nextId(), token: null }) },
  { name: 'sign-in', frame: () => ({ t: 'auth', id: nextId(), token: 'ada' }) },
  { name: 'refused credential', frame: () => ({ t: 'auth', id: nextId(), token: 'x' }), isQuick: true },
  { name: 'no JSON', frame: () => '{"t":"message","id":1,' },
  { name: 'no frame', frame: () => '[]' },
  { name: 'unknown frame', frame: () => ({ t: 'x', id: nextId() }) },
  { name: 'too deep', frame: () => message('amp.note', { text: nest(40) }) },
  { name: 'too many nodes', frame: () => message('amp.order', { items: many(15_000, {}) }) },
  { name: 'too large', frame: () => message('amp.note', { text: 'x'.repeat(70_000) }), framesPerSecond: 5 },
  {
    name: 'number out of range',
    frame: () => '{"t":"message","id":9,"stream":"desk","type":"amp.once","data":{"count":9007199254740993}}',
  },
  { name: 'invalid: one field', frame: () => message('amp.note', { text: 1 }) },
  { name: 'invalid: 30 fields', frame: () => message('amp.form', {}), isQuick: true },
  {
    name: 'invalid: unknown properties',
    frame: (n) => message('amp.note', Object.fromEntries(many(200, 0).map((_, k) => [`p${n}x${k}`, 1]))),
  },
  {
    name: 'invalid: nested list',
    frame: () => message('amp.order', { items: many(1_980, {}) }),
    isQuick: true,
  },
  {
    name: 'invalid: nested list, packed',
    form: 'packed',
    frame: () => message('amp.order', { items: many(1_980, {}) }),
  },
  { name: 'invalid: list of texts', frame: () => message('amp.numbers', { numbers: many(16_000, '') }) },
  {
    name: 'invalid: list of texts, packed',
    form: 'packed',
    frame: () => message('amp.numbers', { numbers: many(32_000, '') }),
  },
  {
    name: 'invalid: list, deflated',
    form: 'deflate',
    frame: () => message('amp.numbers', { numbers: many(20_000, '') }),
    isQuick: true,
  },
  {
    name: 'invalid: long e-mail',
    frame: () => message('amp.contact', { email: `${'a.'.repeat(30_000)}@x` }),
  },
  { name: 'invalid: slow check', frame: () => message('amp.slow', { text: 'x' }), isQuick: true },
  {
    name: 'once, invalid',
    first: [{ ...DESK, endpoint: 'once' }],
    hello: { client: 'random' },
    frame: () => message('amp.once', { count: 'x' }, 'once'),
    isQuick: true,
  },
  {
    name: 'once, without a client',
    first: [{ ...DESK, endpoint: 'once' }],
    frame: () => message('amp.once', { count: 1 }, 'once'),
  },
  // As many as credits grant: three quarters of `itemsPerSecond`.
  { name: 'items within their credits', framesPerSecond: 1_400, frame: (n) => upload(n, UPLOADED) },
  {
    name: 'items beyond their credits',
    framesPerSecond: 4_000,
    frame: (n) => upload(n, UPLOADED),
    isQuick: true,
  },
  { name: 'items of many calls', framesPerSecond: 4_000, frame: (n) => upload(n, 60) },
  { name: 'above the rate', framesPerSecond: 2_000, frame: () => message('amp.note', { text: 'x' }) },
  {
    name: 'above the bytes',
    framesPerSecond: 200,
    frame: () => message('amp.note', { text: 'x'.repeat(60_000) }),
    ignoresBytes: true,
  },
];

/**
 * Returns an attack: one of the list, or one that a seed makes.
 *
 * @param {string} name
 * @param {number} seed
 * @param {number} count how many the seed makes
 */
export function attackNamed(name, seed, count) {
  return [...ATTACKS, ...attacksOf(seed, count)].find((attack) => attack.name === name);
}

/** Makes attacks of generated shapes, whose frames take their ids from the same row as those of the list. */
export function attacksOf(seed, count) {
  return generatedAttacks(seed, count).map((attack) => ({ ...attack, frame: () => attack.frame(nextId()) }));
}

/** Attacks that leave something in memory: each is made by many connections at once, and then measured. */
export const RETAINED = [
  {
    name: 'messages that wait',
    first: [DESK],
    count: 32,
    frame: (n) =>
      n ? message('amp.order', { items: many(1_500, {}) }) : message('amp.task', { verb: 'wait' }),
  },
  {
    name: 'messages that wait, packed',
    form: 'packed',
    first: [DESK],
    count: 32,
    frame: (n) =>
      n ? message('amp.numbers', { numbers: many(4_000, 0) }) : message('amp.task', { verb: 'wait' }),
  },
  {
    name: 'remembered answers',
    hello: { client: 'random' },
    first: [DESK],
    count: 100,
    frame: () => message('amp.form', {}),
  },
  { name: 'an unfinished frame of one-byte chunks', first: [DESK], count: 0, chunks: 250 },
];

/** Every code of an error that a server can answer a client's frame with, without a fault of its own. */
export const SERVER_CODES = [
  ...['BAD_JSON', 'BAD_FRAME', 'UNKNOWN_FRAME', 'TOO_COMPLEX', 'DUPLICATE_ID', 'UNKNOWN_ENDPOINT'],
  ...[
    'UNKNOWN_MESSAGE',
    'INVALID_MESSAGE',
    'STREAM_NOT_OPEN',
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'RATE_LIMITED',
  ],
  ...['BUSY', 'CALL_WINDOW_EXCEEDED', 'CLIENT_ID_REQUIRED', 'INTERNAL'],
];

/**
 * Returns the frames that an attack begins with.
 *
 * @param {{ hello?: any, first?: readonly object[] }} attack
 */
export function beginningOf({ hello = {}, first = [DESK] }) {
  const named = hello.client ? { ...hello, client: client() } : hello;
  return [{ t: 'hello', v: 1, ...named }, ...first];
}

/** Returns the subprotocol of an attack. */
export function protocolOf({ form }) {
  return form === 'packed' ? PACKED_PROTOCOL : JSON_PROTOCOL;
}
