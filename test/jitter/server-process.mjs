// A server of one peer, in a process of its own. It posts as its parent asks, and keeps when.
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../faults/event-log.mjs';
import { answerParent } from '../rig/child.mjs';

let server;
/** When each message was posted, by its room; NaN for what was refused. */
const postedAt = [];
/** The numbers that were not stored, by room; no client has to receive them. */
const refused = {};
const failures = [];
const pending = new Set();
let isStopped = false;

/** Posts to the rooms in turn, at a rate, so many or until it is stopped; resolves when all posts have settled. */
async function post({ rooms, rate, count = Infinity }) {
  isStopped = false;
  const startedAt = now();
  for (let done = 0; done < count && !isStopped; done++) {
    begin(rooms[done % rooms.length]);
    const waitMs = startedAt + ((done + 1) * 1_000) / rate - now();
    if (waitMs > 0) await sleep(waitMs);
  }
  await Promise.all(pending);
}

function begin(room) {
  const times = (postedAt[room] ??= []);
  const number = times.push(now());
  const settled = Promise.resolve(server.post(room, number)).catch((error) => failed(room, number, error));
  pending.add(settled);
  void settled.finally(() => pending.delete(settled));
}

function failed(room, number, error) {
  if (error.code !== 'UNAVAILABLE') return void failures.push(String(error?.stack ?? error));
  (refused[room] ??= []).push(number);
  postedAt[room][number - 1] = NaN;
}

answerParent({
  async start({ file, ...setup }) {
    const { serve } = await import(`./peers/${file}`);
    server = await serve(setup);
    return { port: server.port };
  },
  post,
  stopPosting: () => void (isStopped = true),
  posted: () => ({ postedAt, refused, failures }),
  counters: () => server.counters(),
});
