import { WebSocket } from 'ws';

const RECONNECTION_DELAY_MS = 1_000;
const RECONNECTION_DELAY_MAX_MS = 5_000;
const RANDOMIZATION = 0.5;
const [OPEN, PING, PONG] = ['0', '2', '3'];
const [CONNECT, EVENT] = ['40', '42'];

/**
 * A client that does over a WebSocket what socket.io-client does by default: it waits 1 to 5 seconds before it
 * tries again, more or less by half, gives up a server that does not ping, and gives back its `pid` and the
 * offset of the last event, which is the event's last argument.
 */
export class SocketIoClient {
  errors = [];
  kinds = [];
  #socket;
  #attempts = 0;
  #isClosed = false;
  #pid;
  #offset;
  #isStarted;
  #timer;
  #patienceMs = 0;
  #silence;

  /** @param {{ port: number, receive(note: { room: number, number: number }): void }} parts */
  constructor(parts) {
    this.parts = parts;
  }

  start() {
    return new Promise((resolve) => {
      this.#isStarted = resolve;
      this.#open();
    });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket.terminate();
  }

  #open() {
    const url = `ws://127.0.0.1:${this.parts.port}/socket.io/?EIO=4&transport=websocket`;
    const socket = (this.#socket = new WebSocket(url, { perMessageDeflate: false }));
    socket.on('error', () => undefined);
    socket.on('message', (data) => this.#take(String(data)));
    socket.on('close', () => this.#lost());
  }

  #take(text) {
    if (text.startsWith(EVENT)) return this.#event(JSON.parse(text.slice(EVENT.length)));
    if (text.startsWith(CONNECT)) return this.#connected(JSON.parse(text.slice(CONNECT.length)));
    if (text.startsWith(OPEN)) this.#greet(JSON.parse(text.slice(1)));
    else if (text === PING) this.#socket.send(PONG);
    this.#hear();
  }

  #greet({ pingInterval, pingTimeout }) {
    this.#patienceMs = pingInterval + pingTimeout;
    const held = this.#pid && JSON.stringify({ pid: this.#pid, offset: this.#offset });
    this.#socket.send(`${CONNECT}${held ?? ''}`);
  }

  #connected({ pid }) {
    this.#pid = pid;
    this.#attempts = 0;
    this.#isStarted();
  }

  #event([, note, offset]) {
    if (this.#pid && typeof offset === 'string') this.#offset = offset;
    this.parts.receive(note);
  }

  #hear() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), this.#patienceMs);
  }

  #lost() {
    clearTimeout(this.#silence);
    if (this.#isClosed) return;
    const bound = Math.min(RECONNECTION_DELAY_MAX_MS, RECONNECTION_DELAY_MS * 2 ** this.#attempts++);
    this.#timer = setTimeout(() => this.#open(), bound * (1 + RANDOMIZATION * (2 * Math.random() - 1)));
  }
}
