import { CodedError, type ServerFrame } from '@nestwire/protocol';
import { clientError } from '../client-error.js';

/** What the answer to a frame settles. */
export interface Asked {
  /** The endpoint whose `ack` is an answer too. */
  readonly endpoint?: string;
  settle(error?: CodedError): void;
}

const MAX_ID = 2_147_483_647;

/** The frames without an answer, in the order of sending. */
export class Answers {
  readonly #asked = new Map<unknown, Asked>();
  #lastId = 0;

  /** Notes what the answer to a frame settles; returns the id for the frame. */
  expect(asked: Asked): number {
    this.#lastId = (this.#lastId % MAX_ID) + 1;
    this.#asked.set(this.#lastId, asked);
    return this.#lastId;
  }

  /** Counts the messages of an endpoint that have no answer. */
  count(endpoint: string): number {
    let count = 0;
    for (const asked of this.#asked.values()) if (asked.endpoint === endpoint) count++;
    return count;
  }

  /** Settles what a frame of the server answers; an id that is not known is ignored. */
  received(frame: ServerFrame): void {
    if (frame.t === 'ack') this.#settleUpTo(frame.endpoint, frame.id);
    else if (frame.t === 'error') this.#settle(frame.id, CodedError.fromWire(frame.error));
    else this.#settle((frame as { id?: unknown }).id);
  }

  /** Fails what cannot be answered any more: of one endpoint, or all. */
  forsake(reason: string, endpoint?: string): void {
    this.#asked.forEach((asked, id) => {
      if (!endpoint || asked.endpoint === endpoint) this.#settle(id, clientError('UNCERTAIN', reason));
    });
  }

  #settle(id: unknown, error?: CodedError): void {
    this.#asked.get(id)?.settle(error);
    this.#asked.delete(id);
  }

  #settleUpTo(endpoint: string, id: unknown): void {
    if (!this.#asked.has(id)) return;
    for (const [other, asked] of this.#asked) {
      if (asked.endpoint === endpoint) this.#settle(other);
      if (other === id) return;
    }
  }
}
