import { tokenAt } from '../peers/tokens.mjs';
import { joinAll } from './connections.mjs';

const CHECKED_ITEMS = 100;
const WARM_UP_ITEMS = 2_000;
const STALL_MS = 30_000;

/** Reads one stream of items on each connection, to its end. */
class ItemsDriver {
  #connections;
  #dialect;
  #lastId = 1_000;

  constructor(connections, dialect) {
    this.#connections = connections;
    this.#dialect = dialect;
  }

  /** Resolves with the figures of a round when all streams have ended. */
  async run(request) {
    const startedAt = performance.now();
    await inTime(this.#connections.map((connection) => this.#read(connection, request)));
    const seconds = (performance.now() - startedAt) / 1_000;
    return { messages: this.#connections.length * request.count, seconds };
  }

  /** Reads a short stream on one connection, and proves that it has each item once and in order. */
  async check() {
    const { tokenOf, isItem } = this.#dialect;
    const [connection] = this.#connections;
    const tokens = [];
    const request = { count: CHECKED_ITEMS, perSecond: 0 };
    await inTime([
      this.#read(connection, request, (bytes, start, end) => {
        if (isItem(bytes, start, end)) tokens.push(tokenOf(bytes.toString('utf8', start, end)));
      }),
    ]);
    const wrong = tokens.findIndex((token, index) => token !== tokenAt(index));
    if (tokens.length !== CHECKED_ITEMS || wrong >= 0)
      throw new Error(`Not the items that were asked for, from number ${wrong} on: ${tokens.join('')}`);
  }

  /** Asks for items, grants credit as the peer's client does, and resolves at the end. */
  #read(connection, request, look = /** @type {any} */ (undefined)) {
    const { isItem, isEnd, creditAfter, credit } = this.#dialect;
    const id = this.#lastId++;
    let received = 0;
    let credited = 0;
    return new Promise((resolve, reject) => {
      connection.onEnd = reject;
      connection.onFrame = (bytes, start, end) => {
        look?.(bytes, start, end);
        if (isItem(bytes, start, end)) received++;
        else if (isEnd(bytes, start, end)) resolve(received);
      };
      connection.onRead = () => {
        if (!creditAfter || received - credited < creditAfter) return;
        credited = received;
        connection.send(credit(id, received));
      };
      connection.send(this.#dialect.request(id, request));
    }).then((count) => {
      if (count !== request.count) throw new Error(`${count} of ${request.count} items came.`);
    });
  }
}

/** @param {readonly Promise<unknown>[]} streams */
async function inTime(streams) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, STALL_MS, new Error(`A stream has not ended within ${STALL_MS} ms.`));
  });
  await Promise.race([Promise.all(streams), late]).finally(() => clearTimeout(timer));
}

/**
 * Reads a stream on each connection in a round; its messages are items.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveItems(load) {
  const { dialect, workload } = load;
  const { items: count = 0, itemsPerSecond: perSecond = 0 } = workload;
  const driver = new ItemsDriver(await joinAll(load), dialect);
  await driver.check();
  // Compiles what is hot, without the pace of a round.
  await driver.run({ count: Math.min(count, WARM_UP_ITEMS), perSecond: 0 });
  return () => driver.run({ count, perSecond });
}
