import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import { Board, Heard, Post, Say } from './fuzz.app.mjs';

const PAUSE_MS = 20;
const SETTLE_MS = 15_000;

/**
 * An honest client beside the hostile ones: everything that it was promised has to come true.
 *
 * It sends messages one after the other, each must be answered and echoed in order, and it must receive what
 * is posted to its inbox and to the room, each once and in order.
 */
export class Witness {
  faults = [];
  #client;
  #numbers = { inbox: [], room: [] };
  #isLeaving = false;
  #sent = 0;
  #echoes = 0;
  #ended;

  /**
   * @param {{ port: number, name: string, codec: 'json' | 'msgpack' }} options
   */
  constructor({ port, name, codec }) {
    this.name = name;
    this.#client = createStreamClient()({
      url: `ws://127.0.0.1:${port}/streams`,
      messages: [Say, Heard, Post, Board, StreamGap],
      auth: () => name,
      ...(codec === 'msgpack' && { codec: messagePack }),
      onWarning: (text) => this.faults.push(`warning: ${text}`),
    });
  }

  async start() {
    await this.#client.connectWebSocket();
    const reading = this.#read();
    const talking = this.#talk();
    this.#ended = Promise.all([reading, talking]);
  }

  /**
   * Stops talking and judges what came.
   *
   * @param {{ inbox: number[], room: number[] }} posted the numbers that were posted, in order
   */
  async stop(posted) {
    this.#isLeaving = true;
    const end = performance.now() + SETTLE_MS;
    const isComplete = () =>
      this.#echoes === this.#sent &&
      ['inbox', 'room'].every((kind) => this.#numbers[kind].at(-1) === posted[kind].at(-1));
    while (!isComplete() && performance.now() < end) await new Promise((next) => setTimeout(next, 10));
    for (const kind of ['inbox', 'room']) this.#judge(kind, posted[kind]);
    if (this.#echoes !== this.#sent) this.faults.push(`${this.#sent} sent, ${this.#echoes} echoes`);
    await this.#client.close();
    await this.#ended;
    return this.faults.map((fault) => `The witness ${this.name}: ${fault}`);
  }

  get figures() {
    return { sent: this.#sent, inbox: this.#numbers.inbox.length, room: this.#numbers.room.length };
  }

  #judge(kind, posted) {
    const got = this.#numbers[kind];
    const expected = posted.slice(posted.length - got.length);
    if (got.length === 0 && posted.length > 0) this.faults.push(`nothing of ${kind} came`);
    const at = got.findIndex((number, index) => number !== expected[index]);
    if (at >= 0) this.faults.push(`${kind} brought ${got[at]} where ${expected[at]} was due`);
  }

  async #read() {
    for await (const received of this.#client.members.stream) {
      const message = /** @type {any} */ (received);
      if (message instanceof Heard) this.#hear(message);
      else if (message instanceof StreamGap) this.faults.push(`a gap: ${message.reason}`);
      else if (message instanceof Post && this.#numbers[message.kind])
        this.#numbers[message.kind].push(message.number);
    }
  }

  #hear({ text }) {
    this.#echoes++;
    if (text !== String(this.#echoes)) this.faults.push(`echo ${text} where ${this.#echoes} was due`);
  }

  async #talk() {
    while (!this.#isLeaving) {
      const text = String(this.#sent + 1);
      this.#sent++;
      await this.#client.members
        .sendStreamMessage(create(Say, { how: '', text }))
        .catch((error) => this.faults.push(`message ${text} was refused: ${error.code} ${error.message}`));
      await new Promise((next) => setTimeout(next, PAUSE_MS));
    }
  }
}
