import { connect } from 'node:net';
import { clientFrame, closeFrame } from './client-frame.mjs';
import { resetSocket } from './reset-socket.mjs';

const TEXT = 1;
const LENGTH = 0x7f;
const OPCODE = 0x0f;
const MEDIUM_LENGTH = 126;
const LONG_LENGTH = 127;
const READ_BYTES = 16_384;
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/**
 * One WebSocket of a load generator: a socket, and as little beside it as will do.
 *
 * It reads into one buffer of its own, looks at the headers of frames, and hands on where each text
 * frame stands; it writes bytes that were framed in advance.
 */
export class RawClient {
  /** Called with each text frame: where its payload stands. */
  onFrame = (_bytes, _start, _end) => undefined;
  /** Called after the frames of a read. */
  onRead = () => undefined;
  /**
   * Called when the server ends the connection.
   *
   * @type {(why: Error) => void}
   */
  onEnd = () => undefined;
  #socket;
  #rest = Buffer.alloc(0);
  #isUpgraded = false;
  #upgraded;

  /**
   * Connects and completes the handshake.
   *
   * @param {number} port
   * @param {string} path
   */
  static async open(port, path) {
    const connection = new RawClient();
    await new Promise((resolve, reject) => connection.#connect({ port, path, resolve, reject }));
    return connection;
  }

  /** @param {Buffer} frames */
  write(frames) {
    this.#socket.write(frames);
  }

  /** @param {string} text */
  send(text) {
    this.write(clientFrame(text));
  }

  /**
   * Resolves with the text of the first frame that fits.
   *
   * @param {(text: string) => boolean} fits
   * @returns {Promise<string>}
   */
  next(fits) {
    return new Promise((resolve, reject) => {
      this.onEnd = reject;
      this.onFrame = (bytes, start, end) => {
        const text = bytes.toString('utf8', start, end);
        if (!fits(text)) return;
        this.onFrame = () => undefined;
        resolve(text);
      };
    });
  }

  /** Says goodbye and resolves when the server has ended the connection. */
  close() {
    this.onEnd = () => undefined;
    const ended = new Promise((resolve) => this.#socket.once('close', resolve));
    this.write(closeFrame());
    return ended;
  }

  /** Ends the connection as a crash does, with a TCP reset. */
  reset() {
    this.onEnd = () => undefined;
    resetSocket(this.#socket);
  }

  #connect({ port, path, resolve, reject }) {
    this.#upgraded = resolve;
    this.onEnd = reject;
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const onread = { buffer, callback: (length, chunk) => this.#read(chunk, length) };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.onEnd(error));
    this.#socket.on('close', () => this.onEnd(new Error('The server ended the connection.')));
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
  }

  #read(chunk, length) {
    let bytes = chunk;
    let end = length;
    if (this.#rest.length) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      end = bytes.length;
    }
    let at = this.#isUpgraded ? 0 : this.#readHead(bytes, end);
    if (this.#isUpgraded) at = this.#readFrames(bytes, at, end);
    // Copied: the buffer is written over by the next read.
    this.#rest = at < end ? Buffer.from(bytes.subarray(at, end)) : this.#rest.subarray(0, 0);
    this.onRead();
    return true;
  }

  #readHead(bytes, end) {
    const head = bytes.toString('latin1', 0, end);
    const headEnd = head.indexOf('\r\n\r\n');
    if (headEnd < 0) return 0;
    if (!head.startsWith('HTTP/1.1 101')) this.onEnd(new Error(head));
    this.#isUpgraded = true;
    this.#upgraded();
    return headEnd + 4;
  }

  /** Returns where the first unfinished frame begins. */
  #readFrames(bytes, from, end) {
    let at = from;
    for (;;) {
      if (end - at < 2) return at;
      const short = bytes[at + 1] & LENGTH;
      if (short === LONG_LENGTH) throw new Error('The load generator reads no frames of 64 KiB and more.');
      const start = at + (short === MEDIUM_LENGTH ? 4 : 2);
      if (start > end) return at;
      const stop = start + (short === MEDIUM_LENGTH ? bytes.readUInt16BE(at + 2) : short);
      if (stop > end) return at;
      if ((bytes[at] & OPCODE) === TEXT) this.onFrame(bytes, start, stop);
      at = stop;
    }
  }
}
