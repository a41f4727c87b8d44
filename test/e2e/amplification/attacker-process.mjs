// The hostile client, in a process of its own, so that it does not slow down the witness.
import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';
import { answerParent } from '../../rig/child.mjs';
import { attackNamed, beginningOf, protocolOf, RETAINED } from './attacks.mjs';
import { required } from '../../rig/required.mjs';

const ADDRESS = '203.0.113.1';
const TICK_MS = 20;
const FRAMES_PER_SECOND = 190;
const BYTES_PER_SECOND = 1_000_000;
const RECONNECT_MS = 200;
/** More levels than any shape has. */
const MAX_DEPTH = 1_000;
/** The size of the header of a short frame. */
const HEADER_BYTES = 2;

/** One connection of the attacker. */
class Hostile {
  /** @type {Promise<unknown> | undefined} */
  ready;
  errorBytes = 0;
  connections = 0;
  /** The written and read bytes at each tick. */
  samples = [];
  #lost = { written: 0, read: 0 };

  constructor(attack, port) {
    this.attack = attack;
    this.port = port;
    this.codes = {};
    this.closeCodes = {};
    this.connect();
  }

  connect() {
    const { attack } = this;
    this.connections++;
    /** @type {any} */
    const ws = new WebSocket(`ws://127.0.0.1:${this.port}/streams`, protocolOf(attack), {
      headers: { 'x-forwarded-for': ADDRESS },
      perMessageDeflate: attack.form === 'deflate' && { threshold: 0 },
    });
    this.ws = ws;
    this.ready ??= new Promise((resolve) => (this.isReady = resolve));
    ws.on('error', () => undefined);
    ws.on('open', () => {
      for (const frame of beginningOf(attack)) this.send(frame);
    });
    ws.on('message', (data, isBinary) =>
      this.receive(isBinary ? decode(data) : JSON.parse(data.toString()), data.length),
    );
    ws.on('close', (code) => {
      this.closeCodes[code] = (this.closeCodes[code] ?? 0) + 1;
      this.#lost.written += ws._socket?.bytesWritten ?? 0;
      this.#lost.read += ws._socket?.bytesRead ?? 0;
      this.ws = undefined;
      if (!this.isOver) setTimeout(() => this.isOver || this.connect(), RECONNECT_MS);
    });
  }

  receive(frame, bytes) {
    if (frame.t === 'welcome') this.isReady?.(undefined);
    if (frame.t !== 'error') return;
    this.codes[frame.error.code] = (this.codes[frame.error.code] ?? 0) + 1;
    this.errorBytes += bytes + HEADER_BYTES;
  }

  /** Notes what was written and read up to now. */
  sample() {
    const { bytes, errorBytes, connections } = this;
    const at = performance.timeOrigin + performance.now();
    this.samples.push({ at, ...bytes, errors: errorBytes, connections });
  }

  /** Sends a frame; returns its bytes. */
  send(frame) {
    const payload =
      typeof frame === 'string'
        ? frame
        : this.attack.form === 'packed'
          ? encode(frame, { maxDepth: MAX_DEPTH })
          : JSON.stringify(frame);
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(payload);
    return payload.length;
  }

  ping() {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.ping();
  }

  get bytes() {
    const { _socket: socket } = this.ws ?? {};
    const { written, read } = this.#lost;
    return { written: written + (socket?.bytesWritten ?? 0), read: read + (socket?.bytesRead ?? 0) };
  }

  end() {
    this.isOver = true;
    this.ws?.terminate();
  }
}

async function flood({ name, port, forMs, seed, generated }) {
  const attack = required(attackNamed(name, seed, generated), `attack ${name}`);
  const hostile = new Hostile(attack, port);
  await hostile.ready;
  const perTick = ((attack.framesPerSecond ?? FRAMES_PER_SECOND) * TICK_MS) / 1_000;
  let due = 0;
  let sent = 0;
  let sentBytes = 0;
  const startedAt = performance.now();
  while (performance.now() - startedAt < forMs) {
    const allowed = ((performance.now() - startedAt) / 1_000) * BYTES_PER_SECOND;
    for (due += perTick; due >= 1; due--) {
      if (!attack.ignoresBytes && sentBytes > allowed + BYTES_PER_SECOND) continue;
      if (attack.isControl) hostile.ping();
      else sentBytes += hostile.send(attack.frame(sent++));
    }
    hostile.sample();
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  hostile.sample();
  const { codes, closeCodes, bytes, samples } = hostile;
  hostile.end();
  return { codes, closeCodes, ...bytes, sent, samples };
}

let held = [];

function retainedNamed(name) {
  return required(
    RETAINED.find((candidate) => candidate.name === name),
    `attack ${name}`,
  );
}

async function hold(name, port, connections) {
  const attack = retainedNamed(name);
  held = Array.from({ length: connections }, () => new Hostile(attack, port));
  for (const hostile of held) await hostile.ready;
  await new Promise((resolve) => setTimeout(resolve, 100));
}

async function load(name) {
  const attack = retainedNamed(name);
  for (let n = 0; n < attack.count; n++) for (const hostile of held) hostile.send(attack.frame?.(n));
  for (let chunk = 0; chunk < (attack.chunks ?? 0); chunk++) {
    for (const { ws } of held)
      ws?._socket.write(chunk ? 'x' : Buffer.from([0x81, 0xfe, 0xff, 0xff, 1, 2, 3, 4]));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const written = held.reduce((sum, { bytes }) => sum + bytes.written, 0);
  const alive = held.filter(({ ws }) => ws).length;
  return { written, alive };
}

answerParent({
  flood,
  hold: ({ name, port, connections }) => hold(name, port, connections),
  load: ({ name }) => load(name),
  async release() {
    for (const hostile of held) hostile.end();
    held = [];
  },
});
