// The honest client beside the attacker: it sends a note now and then and measures when it is answered.
import { WebSocket } from 'ws';

const ADDRESS = '198.51.100.1';
const EVERY_MS = 10;

/** An honest client that measures how long its messages take. */
export class Witness {
  /** @type {WebSocket} */
  ws;
  #samples = [];
  #sentAt = new Map();
  #id = 1;

  /** @param {number} port */
  static async connect(port) {
    const witness = new Witness();
    const ws = new WebSocket(`ws://127.0.0.1:${port}/streams`, 'nestwire.v1.json', {
      headers: { 'x-forwarded-for': ADDRESS },
    });
    witness.ws = ws;
    await new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.on('open', () => {
        ws.send(JSON.stringify({ t: 'hello', v: 1 }));
        ws.send(JSON.stringify({ t: 'open', id: 1, endpoint: 'desk' }));
      });
      ws.on('message', (data) => {
        const frame = JSON.parse(data.toString());
        if (frame.t === 'opened') resolve(undefined);
        if (frame.t === 'ack' || frame.t === 'error') witness.#answered(frame);
      });
    });
    return witness;
  }

  /** Sends for a time; returns when each message was sent, and the milliseconds that its answer took. */
  async watch(forMs) {
    this.#samples = [];
    const endsAt = performance.now() + forMs;
    while (performance.now() < endsAt) {
      const id = ++this.#id;
      this.#sentAt.set(id, performance.now());
      this.ws.send(
        JSON.stringify({ t: 'message', id, stream: 'desk', type: 'amp.note', data: { text: 'honest' } }),
      );
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    const deadline = performance.now() + 60_000;
    while (this.#sentAt.size && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.#sentAt.size) throw new Error(`${this.#sentAt.size} messages of the witness have no answer.`);
    return this.#samples;
  }

  close() {
    this.ws.terminate();
  }

  /** Answers are cumulative. */
  #answered({ t, id, error }) {
    if (t === 'error') throw new Error(`The witness was refused: ${JSON.stringify(error)}`);
    for (const [sent, at] of this.#sentAt) {
      if (sent > id) return;
      this.#samples.push({ sentAt: at, ms: performance.now() - at });
      this.#sentAt.delete(sent);
    }
  }
}

/** Returns the value below which a share of the samples lies. */
export function percentile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
