// A server of one peer, in a process of its own. It posts as its parent asks, and keeps when.
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../faults/event-log.mjs';
import { answerParent } from '../rig/child.mjs';

let server;
let postedAt = [];
let failures = [];
let isStopped = false;
const pending = new Set();

/** Posts to the rooms in turn, at a rate, so many or until it is stopped; resolves when all posts have settled. */
async function post({ rooms, rate, count = Infinity }) {
  isStopped = false;
  const startedAt = now();
  for (let done = 0; done < count && !isStopped; done++) {
    const room = rooms[done % rooms.length];
    begin(room);
    const waitMs = startedAt + ((done + 1) * 1_000) / rate - now();
    if (waitMs > 0) await sleep(waitMs);
  }
  await Promise.all(pending);
}

function begin(room) {
  const times = (postedAt[room] ??= []);
  times.push(now());
  const settled = Promise.resolve(server.post(room, times.length)).catch((error) =>
    failures.push(String(error?.stack ?? error)),
  );
  pending.add(settled);
  void settled.finally(() => pending.delete(settled));
}

answerParent({
  async start({ file, ...setup }) {
    const { serve } = await import(`./peers/${file}`);
    server = await serve(setup);
    return { port: server.port };
  },
  post,
  stopPosting: () => void (isStopped = true),
  posted: () => ({ postedAt, failures }),
  counters: () => server.counters(),
});
