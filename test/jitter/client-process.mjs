// Clients of one peer, many in one process: they keep what they got and when. Told by the parent what to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../faults/event-log.mjs';
import { randomFrom } from '../faults/random.mjs';
import { answerParent } from '../rig/child.mjs';

const STARTING_AT_ONCE = 20;

let clients = [];
let receipts = [];
let highest = [];
const unhandled = [];
let asking;
let isAsking = false;
/** @type {{ count: number, failures: string[] }} */
const asked = { count: 0, failures: [] };

process.on('unhandledRejection', (/** @type {any} */ error) => unhandled.push(String(error?.stack ?? error)));

/** Starts clients; `plans` has the port and the rooms of each. */
async function start({ file, exported, plans, options }) {
  const { [exported]: Client } = await import(`./peers/${file}`);
  receipts = plans.map(() => []);
  highest = plans.map(() => new Map());
  clients = plans.map(
    ({ port, rooms }, index) => new Client({ port, rooms, options, receive: (note) => keep(index, note) }),
  );
  const waiting = [...clients];
  const startSome = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) await next.start();
  };
  await Promise.all(Array.from({ length: STARTING_AT_ONCE }, startSome));
}

function keep(index, { room, number }) {
  receipts[index].push([room, number, Math.round(now() * 10) / 10]);
  const known = highest[index].get(room) ?? 0;
  highest[index].set(room, Math.max(known, number));
}

/** Lets clients ask at a rate, one after another, until it is stopped. */
function startAsking({ rate, mostWorkMs, seed }) {
  isAsking = true;
  const random = randomFrom(seed);
  const pending = [];
  const run = async () => {
    for (; isAsking; asked.count++) {
      const client = clients[Math.floor(random() * clients.length)];
      const answered = client.ask(`${process.pid}-${asked.count}`, Math.floor(random() * mostWorkMs));
      pending.push(answered.catch((error) => asked.failures.push(String(error?.code ?? error))));
      await sleep(1_000 / rate);
    }
    await Promise.all(pending);
  };
  asking = run();
}

answerParent({
  start,
  startAsking,
  async stopAsking() {
    isAsking = false;
    await asking;
    return asked;
  },
  /** How many clients have got all of their rooms up to the given messages, or newer ones. */
  countReached: ({ lasts }) =>
    highest.filter((rooms) => rooms.size > 0 && [...rooms].every(([room, number]) => number >= lasts[room]))
      .length,
  report: () => ({
    receipts,
    kinds: clients.map(({ kinds }) => kinds),
    errors: [...clients.flatMap(({ errors }) => errors), ...unhandled],
  }),
  close: () => Promise.all(clients.map((client) => client.close())),
});
