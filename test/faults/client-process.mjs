// Clients of a cluster under faults, many in one process: they write down what they get. Told by the parent
// what to do; it uses the built packages.
import 'reflect-metadata';
import { createStreamClient } from '@nestwire/client';
import { create, StreamGap } from '@nestwire/protocol';
import { answerParent } from '../rig/child.mjs';
import { issueToken } from './authenticator.mjs';
import { EventLog } from './event-log.mjs';
import { Note, Order, Storm } from './rooms.mjs';
import { reasonOf, textOf } from '../rig/error-text.mjs';

const FOREVER_MS = 3_600_000;

/** One client: it opens its stream, and reads it until it is closed. */
class Reader {
  #client;
  #opened;
  #isOpenedBefore = false;
  #isLeaving = false;
  #orders = 0;
  #timer;

  /**
   * @param {{ name: string, url: string, rooms: readonly string[], scope: string, log: EventLog, options: object,
   *   tokenMs?: number, orderMs?: number }} parts
   */
  constructor(parts) {
    this.parts = parts;
    const { url, options, tokenMs } = parts;
    this.#client = createStreamClient()({
      url,
      messages: [Note, Order, Storm, StreamGap],
      // A message that this process drops would look like one that the cluster lost.
      maxUnreadMessages: 1_000_000,
      overflow: 'fail',
      maxRetryMs: 2_000,
      ...(tokenMs && { auth: this.#signIn(tokenMs) }),
      ...options,
    });
  }

  get status() {
    return this.#client.connectionStatus;
  }

  async start() {
    const { name, log } = this.parts;
    this.#client.addConnectionStatusListener((status) => log.write('status', { c: name, status }));
    this.#opened = new Promise((resolve) =>
      this.#client.chat.addStreamOpenedListener(() => resolve(this.#noteOpened())),
    );
    void this.#read();
    this.#client.connectWebSocket().catch((error) => log.write('refused', { c: name, why: error.code }));
    await this.#opened;
    const { orderMs } = this.parts;
    if (orderMs) this.#timer = setInterval(() => void this.#order(), orderMs);
  }

  /** Subscribes and unsubscribes in a storm; from its end on everything of the rooms has to come. */
  async storm(plan) {
    const { rooms, log } = this.parts;
    const c = `${this.parts.name}+storm`;
    const reading = { isCalm: false };
    void this.#readStorm(c, reading);
    await this.#client.storm.sendStreamMessage(create(Storm, plan), { timeoutMs: 120_000 });
    for (const ch of rooms) log.write('sub_ok', { c, ch, recovered: false });
    reading.isCalm = true;
  }

  stopOrders() {
    clearInterval(this.#timer);
  }

  async close() {
    this.stopOrders();
    await this.#client.close();
  }

  /** Closes before the end of the run: nothing more has to come. */
  async leave() {
    this.#isLeaving = true;
    for (const ch of this.parts.rooms) this.parts.log.write('leave', { c: this.parts.name, ch });
    await this.close();
  }

  /** Gives the same token until it is refused. */
  #signIn(tokenMs) {
    const { name } = this.parts;
    let token = issueToken(name, tokenMs);
    return ({ reason }) => {
      this.parts.log.write('auth', { c: this.parts.name, reason });
      if (reason === 'renew') token = issueToken(name, FOREVER_MS);
      return token;
    };
  }

  async #order() {
    const { name: sid, log } = this.parts;
    const seq = ++this.#orders;
    log.write('order', { sid, seq });
    try {
      await this.#client.desk.sendStreamMessage(create(Order, { sid, seq }));
      log.write('order_ok', { sid, seq });
    } catch (error) {
      log.write('order_fail', { sid, seq, why: reasonOf(error) });
    }
  }

  async #readStorm(c, reading) {
    const { scope, log } = this.parts;
    for await (const message of this.#client.storm.stream) {
      const kind = reading.isCalm ? 'recv' : 'storm_recv';
      if (message instanceof StreamGap)
        log.write('gap', { c, ch: `${scope}${message.channel}`, reason: message.reason });
      else log.write(kind, { c, ...roomAndId(scope, message) });
    }
  }

  #noteOpened() {
    const { rooms, name: c, log } = this.parts;
    if (this.#isLeaving) return;
    for (const ch of rooms) log.write('sub_ok', { c, ch, recovered: this.#isOpenedBefore });
    this.#isOpenedBefore = true;
  }

  async #read() {
    const { name: c, scope, log } = this.parts;
    try {
      for await (const message of this.#client.chat.stream) {
        if (message instanceof StreamGap)
          log.write('gap', { c, ch: `${scope}${message.channel}`, reason: message.reason });
        else log.write('recv', { c, ...roomAndId(scope, message) });
      }
    } catch (error) {
      log.write('unhandled', { c, error: textOf(error) });
    }
  }
}

let readers = [];
let parts;
let churned = 0;

function readerNamed(name, orderMs) {
  return new Reader({ ...parts, name, orderMs });
}

answerParent({
  async start({ name, directory, url, count, rooms, scope = '', options = {}, tokenMs, orderMs }) {
    const log = new EventLog(directory, name);
    process.on('unhandledRejection', (/** @type {any} */ error) =>
      log.write('unhandled', { p: name, error: String(error?.stack ?? error) }),
    );
    const channels = Array.from({ length: rooms }, (_, number) => `${scope}room:${number}`);
    parts = { url, rooms: channels, scope, log, options, tokenMs };
    readers = Array.from({ length: count }, (_, at) => readerNamed(`${name}.${at}`, orderMs));
    await Promise.all(readers.map((reader) => reader.start()));
  },
  storm: (plan) =>
    Promise.all(readers.map((reader, at) => reader.storm({ ...plan, seed: plan.seed + at }))).then(
      () => undefined,
    ),
  stopOrders: () => readers.forEach((reader) => reader.stopOrders()),
  statuses: () => readers.map(({ status }) => status),
  /** Clients come and go, one after the other; impatient ones do not wait until they are answered. */
  async churn({ count, isImpatient }) {
    for (let left = count; left > 0; left--) {
      const reader = readerNamed(`churn.${process.pid}.${++churned}`);
      const started = reader.start();
      if (isImpatient) await new Promise((resolve) => setTimeout(resolve, churned % 20));
      else await started;
      await reader.leave();
    }
  },
  close: () => Promise.all(readers.map((reader) => reader.close())),
});

/**
 * Returns a note's channel and id as the log names them.
 *
 * @param {string} scope
 * @param {unknown} message
 */
function roomAndId(scope, message) {
  const { room, id } = /** @type {{ room: string, id: string }} */ (message);
  return { ch: `${scope}room:${room}`, id };
}
