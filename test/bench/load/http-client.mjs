import { connect } from 'node:net';
import { resetSocket } from '../../rig/reset-socket.mjs';

const HEAD_END = Buffer.from('\r\n\r\n');
const EVENT_END = Buffer.from('\n\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** One HTTP connection of a load generator, which is kept alive. It has the face of `RawClient`. */
class HttpConnection {
  /** Called with each frame: where it stands. */
  onFrame = (_bytes, _start, _end) => undefined;
  /** Called after the frames of a read. */
  onRead = () => undefined;
  /** @type {(why: Error) => void} */
  onEnd = () => undefined;
  #socket;
  #rest = Buffer.alloc(0);
  #requestOf;

  /** @param {(text: string) => Buffer} requestOf writes a request */
  constructor(requestOf) {
    this.#requestOf = requestOf;
  }

  /** @param {Buffer} requests */
  write(requests) {
    this.#socket.write(requests);
  }

  /** @param {string} text */
  send(text) {
    this.write(this.#requestOf(text));
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

  /** Ends the connection as a crash does, with a TCP reset. */
  reset() {
    this.onEnd = () => undefined;
    resetSocket(this.#socket);
  }

  /** @param {number} port */
  connect(port) {
    return new Promise((resolve, reject) => {
      this.onEnd = reject;
      this.#socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(this));
      this.#socket.on('data', (chunk) => this.#read(chunk));
      this.#socket.on('error', (error) => this.onEnd(error));
      this.#socket.on('close', () => this.onEnd(new Error('The server ended the connection.')));
    });
  }

  /**
   * Reads the frames of what arrived; returns the end of the last one.
   *
   * @param {Buffer} _bytes
   */
  readFrames(_bytes) {
    return 0;
  }

  #read(chunk) {
    const bytes = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = bytes.subarray(this.readFrames(bytes));
    this.onRead();
  }
}

/** A connection that posts JSON; its frames are responses, from the status line to the end of the body. */
export class HttpClient extends HttpConnection {
  /**
   * @param {number} port
   * @param {string} path of all requests
   */
  static open(port, path) {
    return new HttpClient(postRequest(path)).connect(port);
  }

  /** @param {Buffer} bytes */
  readFrames(bytes) {
    let at = 0;
    for (let end = responseEnd(bytes, at); end; end = responseEnd(bytes, at)) {
      this.onFrame(bytes, at, end);
      at = end;
    }
    return at;
  }
}

/** A connection that gets server-sent events; its frames are events, and an empty one is their end. */
export class SseClient extends HttpConnection {
  /**
   * @param {number} port
   * @param {string} path of all requests
   */
  static open(port, path) {
    return new SseClient(eventsRequest(path)).connect(port);
  }

  /** @param {Buffer} bytes */
  readFrames(bytes) {
    let at = 0;
    for (let end = bytes.indexOf(EVENT_END); end >= 0; end = bytes.indexOf(EVENT_END, at)) {
      this.onFrame(bytes, at, end);
      at = end + EVENT_END.length;
    }
    if (!bytes.subarray(at, at + LAST_CHUNK.length).equals(LAST_CHUNK)) return at;
    at += LAST_CHUNK.length;
    this.onFrame(bytes, at, at);
    return at;
  }
}

/** Returns the function that writes a request with a body in JSON. @param {string} path */
export function postRequest(path) {
  return (body) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
}

/** Returns the function that writes a request for events with a query. @param {string} path */
function eventsRequest(path) {
  return (query) =>
    Buffer.from(`GET ${path}?${query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
}

/** Returns the end of the response that begins at `start`; 0 while it is not complete. */
function responseEnd(bytes, start) {
  const headEnd = bytes.indexOf(HEAD_END, start);
  if (headEnd < 0) return 0;
  const [, length = '0'] = LENGTH.exec(bytes.toString('latin1', start, headEnd)) ?? [];
  const end = headEnd + HEAD_END.length + Number(length);
  return end <= bytes.length ? end : 0;
}
