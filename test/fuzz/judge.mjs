// Judges everything that a server writes, after any frames of a client.

const STRING = (value) => typeof value === 'string';
const COUNT = (value) => Number.isSafeInteger(value) && value >= 0;
const OBJECT = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const POSITION = (value) => Array.isArray(value) && STRING(value[0]) && COUNT(value[1]) && STRING(value[2]);
const USER = (value) => value === null || STRING(value);
const ERROR = (value) => OBJECT(value) && /^[A-Z][A-Z0-9_]*$/.test(value.code) && STRING(value.message);
const REASON = (value) => OBJECT(value) && /^[a-z][a-z-]*$/.test(value.code) && STRING(value.message);
const CONTRACT = (value) => STRING(value) && /^[\w-]{22}$/.test(value);
const optional = (check) => (value) => value === undefined || check(value);

/** The fields of each frame of a server, as `docs/protocol.md` §3.2 has them. */
const SHAPES = {
  welcome: {
    ...{ v: COUNT, connection: STRING, user: USER, pingMs: COUNT, pongMs: COUNT, maxPayloadBytes: COUNT },
    ...{ maxPendingMessages: COUNT, resendMs: COUNT, callWindow: COUNT, callWindowBytes: COUNT },
    ...{ maxCalls: COUNT, maxStreams: COUNT, contract: CONTRACT },
  },
  opened: { stream: STRING, session: STRING, id: optional(COUNT) },
  closed: { stream: STRING, reason: REASON, id: optional(COUNT) },
  message: { stream: STRING, type: STRING, data: OBJECT },
  ack: { stream: STRING, id: COUNT },
  error: { error: ERROR, id: optional(COUNT), stream: optional(STRING) },
  subscribed: {
    stream: STRING,
    channel: STRING,
    position: optional(POSITION),
    resumeToken: optional(STRING),
  },
  position: { stream: STRING, channel: STRING, position: optional(POSITION), resumeToken: STRING },
  unsubscribed: { stream: STRING, channel: STRING },
  publication: { channel: STRING, type: STRING, data: OBJECT, offset: optional(COUNT), id: optional(STRING) },
  authenticated: { id: COUNT, user: USER },
  goaway: { spreadMs: COUNT },
  reply: { call: COUNT, type: optional(STRING), data: optional(OBJECT) },
  item: { call: COUNT, n: COUNT, type: STRING, data: OBJECT },
  end: { call: COUNT },
  credit: { call: COUNT, consumed: COUNT },
  request: { id: COUNT, stream: STRING, type: STRING, data: OBJECT, timeoutMs: COUNT },
  withdrawn: { request: COUNT },
  ping: {},
  pong: {},
};

/** The codes that a server may close with, as `docs/protocol.md` §8 has them. */
const CLOSE_CODES = new Set([
  1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1011, 1012, 1013, 4001, 4002, 4003, 4004, 4005, 4006, 4500,
  4501, 4502, 4503, 4504, 4505,
]);

const INTERNALS = /\b(at .+:\d+:\d+|node_modules|ReplyError|WRONGTYPE|ECONNREFUSED|\/dist\/)/;

/** Judges what one connection hears; collects what is wrong. */
export class Judge {
  /** @type {string[]} */
  faults = [];
  /** The entries of `held` that the client could give back: the newest resume token and position of each channel. */
  held = new Map();
  user = null;
  #isWelcome = false;
  /** How often each id was sent in an unchanged frame and how often it was answered. */
  #sent = new Map();
  /** The stream of each message that was sent. */
  #streams = new Map();
  #answered = new Map();
  #answers = 0;
  #framesSent = 0;
  #sentCloseCodes = new Set();
  /** Notes the contract of a server, which is the same on all servers. */
  contract;
  /** @type {import('./call-grammar.mjs').Known} */
  known;
  #isPolite;
  /** The calls that the client has left; a resumable one has no answer, and its items may be on the way. */
  #left = new Set();
  /** After a frame of changed bytes nobody knows which id the server read. */
  #isBlurred = false;

  /**
   * @param {{ isPolite: boolean, callIds: string[] }} options `callIds` are those of the client so far; its calls are
   *   judged when it sends valid frames alone
   */
  constructor({ isPolite, callIds }) {
    this.#isPolite = isPolite;
    this.known = { calls: new Map(), requests: new Set(), callIds };
  }

  /** Notes a close code that the client sends: the server may answer with the same, as RFC 6455 has it. */
  sentClose(code) {
    this.#sentCloseCodes.add(code);
  }

  /** Notes a frame that is sent as it is. */
  sent(frame) {
    const { t, id, stream } = frame;
    this.#framesSent++;
    this.#noteOfCall(frame);
    if (!COUNT(id)) return;
    this.#sent.set(id, (this.#sent.get(id) ?? 0) + 1);
    if (t === 'message') this.#streams.set(id, stream);
  }

  #noteOfCall({ t, id, call, items, received = 0, request }) {
    const { calls, requests } = this.known;
    if (t === 'call' || t === 'attach')
      calls.set(id, { takesItems: items === true, sent: 0, credited: 0, heard: received });
    const known = calls.get(call);
    if (known && t === 'item') known.sent++;
    if (known && t === 'end') known.takesItems = false;
    if (t === 'detach') {
      calls.delete(call);
      this.#left.add(call);
    }
    if (t === 'response') requests.delete(request);
  }

  /** Notes bytes of which it is not certain what frame they are. */
  sentBytes() {
    this.#framesSent++;
    this.#isBlurred = true;
  }

  /** Judges a frame of the server. */
  heard(frame) {
    if (!OBJECT(frame) || !STRING(frame.t)) return this.#fault('is no frame', frame);
    const shape = SHAPES[frame.t];
    if (!shape) return this.#fault('is of a type that no server sends', frame);
    for (const [field, check] of Object.entries(shape))
      if (!check(frame[field])) this.#fault(`has a wrong "${field}"`, frame);
    if (!this.#isWelcome && !['welcome', 'error', 'pong'].includes(frame.t))
      this.#fault('came before welcome', frame);
    this[`on_${frame.t}`]?.(frame);
  }

  /** Judges the end of the connection. */
  ended(closeCode) {
    const isKnown = CLOSE_CODES.has(closeCode) || this.#sentCloseCodes.has(closeCode);
    if (closeCode !== undefined && !isKnown) this.faults.push(`close code ${closeCode}`);
  }

  /** Returns the ids of unchanged frames without an answer; an ack answers the messages before it too. */
  unanswered() {
    return [...this.#sent.keys()].filter((id) => !this.#answered.has(id) && !this.#left.has(id));
  }

  on_welcome({ user, contract }) {
    if (this.#isWelcome) this.faults.push('a second welcome');
    this.contract = contract;
    this.#isWelcome = true;
    this.user = user;
  }

  on_authenticated({ id, user }) {
    this.#answer(id);
    this.user = user;
  }

  on_opened({ id }) {
    if (id !== undefined) this.#answer(id);
  }

  on_closed({ id }) {
    if (id !== undefined) this.#answer(id);
  }

  on_error(frame) {
    const { id, error } = frame;
    if (id !== undefined) this.#answer(id);
    this.known.calls.delete(id);
    if (INTERNALS.test(JSON.stringify(error))) this.#fault('tells of the inside of the server', frame);
  }

  on_ack({ stream, id }) {
    for (const [sent, of] of this.#streams) if (sent <= id && of === stream) this.#answered.set(sent, 1);
  }

  on_message(frame) {
    this.#judgeHeard(frame);
    this.#judgeOwner(frame);
  }

  on_reply(frame) {
    this.#judgeHeard(frame);
    this.#endCall(frame);
  }

  on_end(frame) {
    this.#endCall(frame);
  }

  on_item(frame) {
    const { call, n } = frame;
    this.#judgeHeard(frame);
    const known = this.known.calls.get(call);
    if (known && n !== ++known.heard && this.#isPolite)
      this.#fault(`is item ${n}, not ${known.heard}`, frame);
    if (!known && this.#isPolite && !this.#left.has(call)) this.#fault('is of no call', frame);
  }

  on_credit(frame) {
    const { call, consumed } = frame;
    const known = this.known.calls.get(call);
    if (known && this.#isPolite && !(consumed > known.credited && consumed <= known.sent))
      this.#fault(`has credit for ${consumed} of ${known.sent} items after ${known.credited}`, frame);
    if (known) known.credited = consumed;
  }

  on_request({ id }) {
    this.known.requests.add(id);
  }

  on_withdrawn({ request }) {
    this.known.requests.delete(request);
  }

  on_publication(frame) {
    this.#judgeOwner(frame);
  }

  on_subscribed(frame) {
    this.#keep(frame);
  }

  on_position(frame) {
    this.#keep(frame);
  }

  #judgeHeard(frame) {
    if (frame.type === 'fuzz.heard' && frame.data.owner !== (this.user ?? ''))
      this.#fault(`answers as another user than ${this.user}`, frame);
  }

  #endCall({ call }) {
    this.#answer(call);
    this.known.calls.delete(call);
  }

  #judgeOwner(frame) {
    if (frame.type !== 'fuzz.post') return;
    const { owner } = frame.data;
    if (owner !== '' && owner !== this.user) this.#fault(`belongs to another user than ${this.user}`, frame);
  }

  #keep({ stream, channel, resumeToken, position }) {
    const key = `${stream} ${channel}`;
    const place = position ?? this.held.get(key)?.slice(3);
    if (resumeToken && place) this.held.set(key, [stream, channel, resumeToken, ...place]);
  }

  #answer(id) {
    this.#answers++;
    if (this.#answers > this.#framesSent) this.faults.push(`more answers than frames: ${this.#answers}`);
    const count = (this.#answered.get(id) ?? 0) + 1;
    this.#answered.set(id, count);
    if (!this.#isBlurred && count > (this.#sent.get(id) ?? 0))
      this.faults.push(
        `the frame ${id} was answered ${count} times, and sent ${this.#sent.get(id) ?? 0} times`,
      );
  }

  #fault(what, frame) {
    this.faults.push(`A frame ${what}: ${JSON.stringify(frame)?.slice(0, 400)}`);
  }
}
