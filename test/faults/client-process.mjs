// Clients of a cluster under faults, many in one process: they write down what they get. Told by the parent
// what to do; it uses the built packages.
import 'reflect-metadata';
import { createStreamClient } from '@nestwire/client';
import { StreamGap } from '@nestwire/protocol';
import { answerParent } from '../rig/child.mjs';
import { EventLog } from './event-log.mjs';
import { Note } from './rooms.mjs';

/** One client: it opens its stream, and reads it until it is closed. */
class Reader {
  #client;
  #opened;
  #isOpenedBefore = false;

  /** @param {{ name: string, url: string, rooms: readonly string[], scope: string, log: EventLog, options: object }} parts */
  constructor(parts) {
    this.parts = parts;
    const { url, options } = parts;
    this.#client = createStreamClient()({
      url,
      messages: [Note, StreamGap],
      // A message that this process drops would look like one that the cluster lost.
      maxUnreadMessages: 1_000_000,
      overflow: 'fail',
      maxRetryMs: 2_000,
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
  }

  async close() {
    for (const ch of this.parts.rooms) this.parts.log.write('leave', { c: this.parts.name, ch });
    await this.#client.close();
  }

  #noteOpened() {
    const { rooms, name: c, log } = this.parts;
    for (const ch of rooms) log.write('sub_ok', { c, ch, recovered: this.#isOpenedBefore });
    this.#isOpenedBefore = true;
  }

  async #read() {
    const { name: c, scope, log } = this.parts;
    try {
      for await (const message of this.#client.chat.stream) {
        if (message instanceof StreamGap)
          log.write('gap', { c, ch: `${scope}${message.channel}`, reason: message.reason });
        else log.write('recv', { c, ch: `${scope}room:${message.room}`, id: message.id });
      }
    } catch (error) {
      log.write('unhandled', { c, error: String(error?.stack ?? error) });
    }
  }
}

let readers = [];
let parts;
let churned = 0;

function readerNamed(name) {
  return new Reader({ ...parts, name });
}

answerParent({
  async start({ name, directory, url, count, rooms, scope = '', options = {} }) {
    const log = new EventLog(directory, name);
    process.on('unhandledRejection', (error) =>
      log.write('unhandled', { p: name, error: String(error?.stack ?? error) }),
    );
    const channels = Array.from({ length: rooms }, (_, number) => `${scope}room:${number}`);
    parts = { url, rooms: channels, scope, log, options };
    readers = Array.from({ length: count }, (_, at) => readerNamed(`${name}.${at}`));
    await Promise.all(readers.map((reader) => reader.start()));
  },
  statuses: () => readers.map(({ status }) => status),
  /** Clients come and go, one after the other; impatient ones do not wait until they are answered. */
  async churn({ count, isImpatient }) {
    for (let left = count; left > 0; left--) {
      const reader = readerNamed(`churn.${process.pid}.${++churned}`);
      const started = reader.start();
      if (isImpatient) await new Promise((resolve) => setTimeout(resolve, churned % 20));
      else await started;
      await reader.close();
    }
  },
  close: () => Promise.all(readers.map((reader) => reader.close())),
});
