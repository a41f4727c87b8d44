import { decode, encode } from '@msgpack/msgpack';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { inflateRawSync, deflateRawSync } from 'node:zlib';
import { resetSocket } from '../rig/reset-socket.mjs';

/**
 * @typedef {object} FuzzCodec
 * @property {string} subprotocol
 * @property {number} opcode
 * @property {(frame: unknown) => Buffer} encode
 * @property {(payload: Buffer) => unknown} decode
 */

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const RSV1 = 0x40;
const MEDIUM = 126;
const LONG = 127;
/** Longer than the servers of the fuzzer wait for the other half of a frame and then for the end. */
const HALF_FRAME_MS = 3_000;
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/**
 * The two ways to write frames, and their subprotocols.
 *
 * @type {Readonly<Record<'json' | 'msgpack', FuzzCodec>>}
 */
export const CODECS = {
  json: {
    subprotocol: 'nestwire.v1.json',
    opcode: OPCODES.text,
    encode: (frame) => Buffer.from(typeof frame === 'string' ? frame : (JSON.stringify(frame) ?? '')),
    decode: (payload) => JSON.parse(payload.toString()),
  },
  msgpack: {
    subprotocol: 'nestwire.v1.msgpack',
    opcode: OPCODES.binary,
    encode: (frame) => Buffer.from(encode(frame, { ignoreUndefined: true })),
    decode: (payload) => decode(payload),
  },
};

/** A WebSocket of a hostile client: writes any bytes, and hands each frame that comes to its owner. */
export class FuzzConnection {
  status = 0;
  /** @type {number | undefined} */
  closeCode;
  isEnded = false;
  bytesSent = 0;
  #hasHalfFrame = false;
  /** @type {Buffer} */
  #buffer = Buffer.alloc(0);
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * Called with each decoded frame of the server; throws what breaks the protocol.
   *
   * @type {(frame: any) => void}
   */
  onFrame = (_frame) => undefined;
  /**
   * Called with what is wrong in what the server wrote.
   *
   * @type {(text: string) => void}
   */
  onFault = (_text) => undefined;

  /**
   * @param {import('node:net').Socket} socket
   * @param {FuzzCodec} codec
   * @param {boolean} isCompressed
   */
  constructor(socket, codec, isCompressed) {
    this.socket = socket;
    this.codec = codec;
    this.isCompressed = isCompressed;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#ended());
  }

  /**
   * Connects and sends the upgrade request of one address.
   *
   * @param {number} port
   * @param {{ codec: FuzzCodec, address: string, isCompressed: boolean }} options
   */
  static async open(port, { codec, address, isCompressed }) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const connection = new FuzzConnection(socket, codec, isCompressed);
    const extensions = isCompressed
      ? 'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n'
      : '';
    socket.write(
      `GET /streams HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Protocol: ${codec.subprotocol}\r\n${extensions}X-Forwarded-For: ${address}\r\n\r\n`,
    );
    await connection.until(() => connection.status !== 0 || connection.isEnded);
    return connection;
  }

  /**
   * Sends one frame of the protocol, in as many fragments as asked for.
   *
   * @param {unknown} frame
   * @param {{ fragments?: number }} [options]
   */
  send(frame, { fragments = 1 } = {}) {
    this.sendPayload(this.codec.encode(frame), { fragments });
  }

  /**
   * Sends bytes as the payload of one message.
   *
   * @param {Buffer} payload
   * @param {{ fragments?: number }} [options]
   */
  sendPayload(payload, { fragments = 1 } = {}) {
    const isDeflated = this.isCompressed && payload.length > 64;
    const bytes = isDeflated ? deflated(payload) : payload;
    const size = Math.max(1, Math.ceil(bytes.length / fragments));
    for (let at = 0; at === 0 || at < bytes.length; at += size) {
      const isLast = at + size >= bytes.length;
      const opcode = at === 0 ? this.codec.opcode : OPCODES.continuation;
      const rsv = at === 0 && isDeflated ? RSV1 : 0;
      this.write(webSocketFrame((isLast ? 0x80 : 0) | rsv | opcode, bytes.subarray(at, at + size)));
    }
  }

  /**
   * Sends a WebSocket frame whose first byte is given, valid or not.
   *
   * @param {number} first
   * @param {Buffer} payload
   */
  sendRaw(first, payload) {
    this.write(webSocketFrame(first, payload));
  }

  /**
   * Sends the head of a frame and that many of the bytes that belong to it: the mask comes first.
   *
   * @param {number} length
   * @param {number} sent
   */
  sendHalf(length, sent) {
    this.#hasHalfFrame = true;
    this.write(Buffer.from([0x80 | this.codec.opcode, 0xfe, length >> 8, length & 0xff]));
    if (sent) this.write(Buffer.alloc(sent));
  }

  /** Says goodbye with a close frame, and ends the connection where the server cannot have read it as one. */
  async sayGoodbye() {
    this.sendRaw(0x80 | OPCODES.close, Buffer.from([0x03, 0xe8]));
    // Behind half a frame, the close frame may have become the other half of it.
    if (this.#hasHalfFrame && !(await this.until(() => this.isEnded, HALF_FRAME_MS))) this.end();
  }

  /** @param {Buffer} bytes */
  write(bytes) {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.bytesSent += bytes.length;
    this.socket.write(bytes);
  }

  end() {
    this.socket.end();
  }

  reset() {
    resetSocket(this.socket);
  }

  /**
   * Resolves when the condition holds or the connection has ended; false after the deadline.
   *
   * @param {() => boolean} condition
   * @param {number} [deadlineMs]
   */
  async until(condition, deadlineMs = 10_000) {
    const end = performance.now() + deadlineMs;
    while (!condition()) {
      const leftMs = end - performance.now();
      if (leftMs <= 0) return false;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => (clearTimeout(timer), resolve(undefined)));
      });
    }
    return true;
  }

  #ended() {
    this.isEnded = true;
    this.#wake();
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @param {Buffer} chunk */
  #receive(chunk) {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk;
    if (!this.status) this.#readHead();
    if (this.status === 101) while (this.#readFrame());
    this.#wake();
  }

  #readHead() {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#buffer.toString('latin1', 0, end);
    this.status = Number(head.split(' ')[1]);
    this.isCompressed &&= /permessage-deflate/i.test(head);
    this.#buffer = this.#buffer.subarray(end + 4);
  }

  #readFrame() {
    const bytes = this.#buffer;
    if (bytes.length < 2) return false;
    const short = bytes[1] & 0x7f;
    const start = short < MEDIUM ? 2 : short === MEDIUM ? 4 : 10;
    if (bytes.length < start) return false;
    const length =
      short < MEDIUM ? short : short === MEDIUM ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return false;
    this.#buffer = bytes.subarray(start + length);
    this.#take(bytes[0], bytes.subarray(start, start + length));
    return true;
  }

  /**
   * @param {number} first
   * @param {Buffer} payload
   */
  #take(first, payload) {
    const opcode = first & 0x0f;
    if (opcode === OPCODES.close) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    if (opcode === OPCODES.ping) return this.sendRaw(0x80 | OPCODES.pong, payload);
    if (opcode !== OPCODES.text && opcode !== OPCODES.binary) return;
    if (opcode !== this.codec.opcode)
      return this.onFault(`a frame of opcode ${opcode} on ${this.codec.subprotocol}`);
    let frame;
    try {
      frame = this.codec.decode(first & RSV1 ? inflateRawSync(Buffer.concat([payload, TAIL])) : payload);
    } catch (error) {
      return this.onFault(
        `a frame that cannot be read (${/** @type {Error} */ (error).message}): ${payload.toString('latin1', 0, 200)}`,
      );
    }
    this.onFrame(frame);
  }
}

/** @param {Buffer} payload */
function deflated(payload) {
  const bytes = deflateRawSync(payload, { finishFlush: 2 });
  return bytes.subarray(0, bytes.length - TAIL.length);
}

/**
 * @param {number} first
 * @param {Buffer} payload
 */
function webSocketFrame(first, payload) {
  const { length } = payload;
  const header = Buffer.alloc(length < MEDIUM ? 2 : length <= 0xffff ? 4 : 10);
  header[0] = first;
  header[1] = 0x80 | (length < MEDIUM ? length : length <= 0xffff ? MEDIUM : LONG);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < length; at++) masked[at] ^= mask[at & 3];
  return Buffer.concat([header, mask, masked]);
}
