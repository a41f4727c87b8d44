import { create } from '@nestwire/protocol';
import { setTimeout as wait } from 'node:timers/promises';
import { Note } from './rooms.mjs';
import { randomFrom, zipf } from './random.mjs';
import { reasonOf } from '../rig/error-text.mjs';

const TICK_MS = 5;
/** The wait before a post of unknown outcome is repeated with its id, as an application does. */
const RETRY_MS = 500;
const MOST_ATTEMPTS = 20;
/** A process that stood still does not make up for all that it has not posted. */
const MOST_PER_TICK = 20;
const LEAST_TEXT = 10;
/** Texts are up to 2 ** 11.6 times longer than the shortest, most of them short. */
const TEXT_DOUBLINGS = 11.6;

/** Posts at a rate, and writes down what it was told of each post. */
export class Publisher {
  #last = 0;
  #pending = new Set();
  #timer;
  #textBytes;
  #isEnding = false;

  /** @param {{ name: string, scope: string, rooms: number, room: Function,
   *   messages: import('@nestwire/messages').MessagesService, log: import('./event-log.mjs').EventLog }} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** Texts are of many lengths, unless they are given one. */
  start({ rate, seed, textBytes }) {
    const random = randomFrom(seed);
    this.#textBytes = textBytes;
    let owed = 0;
    this.#timer = setInterval(() => {
      owed = Math.min(owed + (rate * TICK_MS) / 1_000, MOST_PER_TICK);
      for (; owed >= 1; owed--) this.#begin(zipf(this.parts.rooms, random), random);
    }, TICK_MS);
  }

  /** Resolves when all posts have settled. */
  async stop() {
    clearInterval(this.#timer);
    this.#isEnding = true;
    await Promise.all(this.#pending);
  }

  /** Posts once to each room, which shows everybody where it stands; resolves when all have settled. */
  async close() {
    for (let room = 0; room < this.parts.rooms; room++) this.#begin(room, () => 0);
    await Promise.all(this.#pending);
  }

  #begin(room, random) {
    const post = this.#post(room, random).finally(() => this.#pending.delete(post));
    this.#pending.add(post);
  }

  async #post(number, random) {
    const { name, scope, room, messages, log } = this.parts;
    const id = `${name}.${process.pid}-${++this.#last}`;
    const channel = room(number);
    const text = 'x'.repeat(this.#textBytes ?? LEAST_TEXT * 2 ** (random() ** 3 * TEXT_DOUBLINGS));
    let isUncertain = false;
    const note = create(Note, { id, room: number, text });
    log.write('pub_invoke', { id, ch: `${scope}${channel.name}`, p: `${name}.${process.pid}` });
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      try {
        const { position, isDuplicate: dup } = /** @type {any} */ (
          await messages.postMessage(channel, note, { id })
        );
        return log.write('pub_ok', { id, e: position.epoch, o: position.offset, dup });
      } catch (error) {
        const why = reasonOf(error);
        // After an unknown outcome, a refusal does not prove that nothing is stored.
        isUncertain ||= why === 'UNCERTAIN';
        log.write(isUncertain ? 'pub_info' : 'pub_fail', { id, why });
        if (!isUncertain || this.#isEnding) return undefined;
      }
      await wait(RETRY_MS);
    }
    return undefined;
  }
}
