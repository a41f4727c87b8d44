import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { CODECS, FuzzConnection } from './fuzz-connection.mjs';
import { rudeFrames } from './call-grammar.mjs';
import { helloFrame, mutatedFrame, validFrame } from './grammar.mjs';
import { Judge } from './judge.mjs';
import { Random } from './random.mjs';

const MAX_CONNECTIONS = 3;
const MAX_FRAMES = 24;
/** Enough for a busy machine: it tells only that nothing answers any more. */
const ANSWERED_MS = 60_000;
const CLOSE = 0x88;
const FIRST_BYTES = [0x80, 0x81, 0x82, 0x01, 0x02, 0x00, 0x88, 0x89, 0x8a, 0x83, 0x8f, 0xc1, 0xb1, 0x09];

/**
 * @typedef {object} Total
 * @property {string[]} faults
 * @property {number} frames
 * @property {number} bytes
 * @property {Record<string, number>} heard how often each kind of frame came
 * @property {Set<string>} contracts the contracts of the servers
 */

/**
 * Plays one conversation: some connections of one client, one after the other, to either server.
 *
 * A polite conversation holds only valid frames, and each of them must be answered. A rude one holds frames
 * that are changed in their fields, their bytes or their WebSocket framing.
 *
 * @param {{ ports: number[], seed: number, codec: 'json' | 'msgpack', post: (post: object) => Promise<void> }} options
 * @returns {Promise<Total>}
 */
export async function converse({ ports, seed, codec, post }) {
  const random = new Random(seed);
  const isPolite = random.once(4);
  const address = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
  const client = randomName(random);
  /** @type {Total} */
  const total = { faults: [], frames: 0, bytes: 0, heard: {}, contracts: new Set() };
  let held = [];
  /** @type {string[]} */
  const callIds = [];
  for (let count = 1 + random.below(MAX_CONNECTIONS); count > 0; count--) {
    const port = random.pick(ports);
    const options = { codec: CODECS[codec], address, isCompressed: random.once(3) };
    const connection = await FuzzConnection.open(port, options);
    const talk = new Talk({ connection, random, isPolite, post, total, callIds });
    await talk.play(helloFrame(random, { client, held }));
    held = [...held.filter(() => random.once(2)), ...talk.judge.held.values()];
    total.faults.push(...talk.judge.faults);
    total.bytes += connection.bytesSent;
    if (talk.judge.contract !== undefined) total.contracts.add(talk.judge.contract);
  }
  return total;
}

/** One connection of a conversation. */
class Talk {
  #nextId = 1;

  constructor({ connection, random, isPolite, post, total, callIds }) {
    this.judge = new Judge({ isPolite, callIds });
    this.connection = connection;
    this.random = random;
    this.isPolite = isPolite;
    this.post = post;
    this.total = total;
    connection.onFault = (text) => this.judge.faults.push(text);
    connection.onFrame = (frame) => {
      const kind = frame?.t === 'error' ? `error ${frame.error?.code}` : String(frame?.t);
      total.heard[kind] = (total.heard[kind] ?? 0) + 1;
      this.judge.heard(frame);
    };
  }

  async play(hello) {
    const { connection, random } = this;
    if (connection.status !== 101) {
      this.judge.faults.push(...(connection.status === 429 ? [] : [`the upgrade got ${connection.status}`]));
      return connection.reset();
    }
    if (this.isPolite || !random.once(20)) this.#say(hello);
    for (const endpoint of ['talk', 'members'])
      if (!random.once(3)) this.#say({ t: 'open', id: this.#nextId++, endpoint });
    for (let left = random.below(MAX_FRAMES); left > 0 && !connection.isEnded; left--) {
      await this.#step();
      if (random.once(3)) await nextTurn();
      if (random.once(12)) await wait(random.below(8));
    }
    await this.#leave();
    const heard = `close ${connection.closeCode ?? 'none'}`;
    this.total.heard[heard] = (this.total.heard[heard] ?? 0) + 1;
    this.judge.ended(connection.closeCode);
  }

  async #step() {
    const { random } = this;
    if (random.once(5)) void this.post(this.#somePost()).catch(() => undefined);
    const frame = validFrame(random, this.#nextId++, this.judge.known);
    if (this.isPolite) return this.#say(frame);
    const kind = random.weighted({
      valid: 10,
      fields: 6,
      calls: 4,
      bytes: 3,
      repeated: 2,
      socket: 1,
      cut: 1,
    });
    if (kind === 'valid') this.#say(frame);
    else if (kind === 'fields') this.#sayBlurred(mutatedFrame(random, frame));
    else if (kind === 'calls')
      for (const rude of rudeFrames(random, this.#nextId, this.judge.known)) this.#sayBlurred(rude);
    else if (kind === 'bytes') this.#sayBytes(frame);
    else if (kind === 'repeated')
      for (let times = random.below(6); times >= 0; times--) this.#sayBlurred(frame);
    else if (kind === 'socket') this.#saySocketFrame();
    else this.#sayHalf(frame);
  }

  #somePost() {
    const { random } = this;
    const kind = random.pick(['inbox', 'inbox', 'room', 'pulse', 'board', 'noise']);
    return { kind, owner: kind === 'inbox' ? random.pick(['ada', 'bob', 'cyn']) : '' };
  }

  #say(frame) {
    this.total.frames++;
    this.judge.sent(frame);
    this.connection.send(frame, { fragments: this.random.once(6) ? 1 + this.random.below(5) : 1 });
  }

  #sayBlurred(frame) {
    this.total.frames++;
    this.judge.sentBytes();
    try {
      this.connection.send(frame);
    } catch {
      // The codec of the fuzzer cannot write every odd value.
    }
  }

  #sayBytes(frame) {
    this.total.frames++;
    this.judge.sentBytes();
    const { random } = this;
    const payload = Buffer.from(this.connection.codec.encode(frame));
    for (let changes = 1 + random.below(3); changes > 0; changes--)
      payload[random.below(payload.length)] = random.below(256);
    const isCut = random.once(4);
    this.connection.sendPayload(isCut ? payload.subarray(0, random.below(payload.length)) : payload);
  }

  #saySocketFrame() {
    this.total.frames++;
    this.judge.sentBytes();
    const payload = Buffer.alloc(this.random.pick([0, 1, 2, 125, 126, 4_000]), this.random.below(256));
    const first = this.random.pick(FIRST_BYTES);
    if (first === CLOSE && payload.length >= 2) this.judge.sentClose(payload.readUInt16BE());
    this.connection.sendRaw(first, payload);
  }

  /** Sends the beginning of a WebSocket frame, and the end of it later or never. */
  #sayHalf(frame) {
    this.total.frames++;
    this.judge.sentBytes();
    const length = this.connection.codec.encode(frame).length;
    this.connection.sendHalf(length, this.random.once(2) ? 4 + this.random.below(length) : 0);
  }

  async #leave() {
    const { connection, judge, random } = this;
    if (this.isPolite) {
      // A call may wait for items or credit.
      for (const call of judge.known.calls.keys()) this.#say({ t: 'cancel', call });
      const isAnswered = await connection.until(
        () => connection.isEnded || !judge.unanswered().length,
        ANSWERED_MS,
      );
      if (!isAnswered) judge.faults.push(`the frames ${judge.unanswered()} were never answered`);
    } else {
      await wait(random.below(20));
    }
    if (random.once(3)) connection.reset();
    else if (random.once(2)) await connection.sayGoodbye();
    else connection.end();
    if (!(await connection.until(() => connection.isEnded))) judge.faults.push('the connection never ended');
  }
}

function randomName(random) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  return Array.from({ length: 22 }, () => alphabet[random.below(alphabet.length)]).join('');
}
