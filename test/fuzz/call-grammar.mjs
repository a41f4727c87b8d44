// The grammar of calls, and of the responses to requests of the server.

/**
 * @typedef {object} KnownCall a call without an end
 * @property {boolean} takesItems
 * @property {number} sent the items that the client has sent
 * @property {number} credited those that the server has consumed
 * @property {number} heard the items of the server
 */

/**
 * @typedef {object} Known the calls and requests of a conversation that are not over
 * @property {Map<number, KnownCall>} calls
 * @property {Set<number>} requests
 * @property {string[]} callIds the resumable calls of the client, on all of its connections
 */

const METHODS = ['add', 'count', 'tell', 'gather', 'echo'];
const HOWS = ['', '', '', 'leave'];
/** As the servers of the fuzzer have it. */
const CALL_WINDOW = 8;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

/** Returns a new call, or continues one that is stored. */
export function callFrame(random, id, known) {
  if (known.callIds.length && random.once(4)) return storedFrame(random, id, known.callIds);
  const method = random.pick(METHODS);
  /** @type {Record<string, unknown>} */
  const frame = { t: 'call', id, stream: 'talk', method, type: 'fuzz.say' };
  frame.data = { how: random.pick(HOWS), text: `call ${id}` };
  frame.window = 1 + random.below(30);
  if ((method === 'gather' || method === 'echo') && !random.once(6)) frame.items = true;
  if (random.once(6)) frame.timeoutMs = 1 + random.below(200);
  if (method === 'tell') frame.callId = callIdOf(random, known.callIds);
  return frame;
}

function storedFrame(random, id, callIds) {
  const frame = { id, stream: 'talk', method: random.pick(['tell', 'tell', 'tell', 'add']) };
  const callId = random.once(6) ? randomId(random) : random.pick(callIds);
  if (random.once(3)) return { t: 'cancel', ...frame, callId };
  return { t: 'attach', ...frame, callId, received: random.below(3), window: 1 + random.below(30) };
}

function callIdOf(random, callIds) {
  if (callIds.length && random.once(6)) return random.pick(callIds);
  const callId = randomId(random);
  callIds.push(callId);
  return callId;
}

function randomId(random) {
  return Array.from({ length: 22 }, () => ALPHABET[random.below(ALPHABET.length)]).join('');
}

/** Returns a frame of a call that has no end yet, within its window. */
export function frameOfCall(random, { calls }, data) {
  const call = random.pick([...calls.keys()]);
  const { takesItems, sent, credited, heard } = calls.get(call);
  const kind = random.weighted({
    item: takesItems && sent - credited < CALL_WINDOW ? 12 : 0,
    end: takesItems ? 2 : 0,
    ...{ credit: 6, cancel: 1, detach: 1 },
  });
  if (kind === 'item') return { t: 'item', call, type: 'fuzz.memo', data };
  if (kind === 'credit') return { t: 'credit', call, consumed: heard };
  if (kind === 'end' && random.once(3))
    return { t: 'end', call, error: { code: 'FAILED', message: 'as said' } };
  return { t: kind, call };
}

/** Returns the response to a request of the server. */
export function responseFrame(random, { requests }) {
  const request = random.pick([...requests]);
  if (random.once(4)) return { t: 'response', request, error: { code: 'REFUSED', message: 'as said' } };
  return { t: 'response', request, type: 'fuzz.heard', data: { owner: 'x', text: `to ${request}` } };
}

/** Returns the frames of a client that breaks the rules of calls and responses. */
export function rudeFrames(random, id, known) {
  const call = known.calls.size && !random.once(3) ? random.pick([...known.calls.keys()]) : oddId(random);
  const request = known.requests.size && !random.once(3) ? random.pick([...known.requests]) : oddId(random);
  const item = { t: 'item', call, type: 'fuzz.memo', data: { line: 'x' } };
  const heard = { type: 'fuzz.heard', data: { owner: 'x', text: 'x' } };
  const kind = random.pick(['flood', 'credit', 'end', 'doubled', 'answer', 'response', 'version', 'begin']);
  switch (kind) {
    case 'flood':
      return Array.from({ length: 1 + random.below(40) }, () => item);
    case 'credit':
      return [{ t: 'credit', call, consumed: random.pick([1, 100, -1, 2 ** 40, 0.5, 'x']) }];
    case 'end':
      return [{ t: 'end', call }, item, { t: 'end', call, error: random.pick([null, 7, {}, { code: '' }]) }];
    case 'doubled':
      return [
        { t: 'response', request, ...heard },
        { t: 'response', request, ...heard },
      ];
    case 'answer':
      return [{ t: 'response', request, type: random.pick(['fuzz.say', 'fuzz.post', 'Object']), data: {} }];
    case 'response':
      return [{ t: 'response', request, ...heard, error: random.pick([null, 7, { code: 'X', message: 7 }]) }];
    case 'version':
      return [{ ...item, data: { $version: random.pick([9, '1', null, 2 ** 53]), text: 'x' } }];
    default:
      return beginnings(random, id);
  }
}

/** Returns more calls than a stream may have, each with a frame that comes too early or too late. */
function beginnings(random, id) {
  const call = { t: 'call', stream: 'talk', type: 'fuzz.say', data: { how: '', text: 'x' } };
  return Array.from({ length: 1 + random.below(40) }, (_, at) => ({
    ...{ ...call, id: id + 10_000 + at, method: random.pick([...METHODS, 'say', 'constructor', '']) },
    ...{ window: random.pick([1, 5, 2 ** 31 - 1, 0, -1]), items: random.pick([true, false, 1]) },
    ...(random.once(3) && { callId: random.pick(['', 'x'.repeat(22), 'é'.repeat(22)]) }),
  }));
}

function oddId(random) {
  return random.pick([0, 1, 5, 77, 2 ** 31, 2 ** 53, -1, 'x', null]);
}
