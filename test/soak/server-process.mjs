// The server under soak, in a process of its own: its heap holds nothing of the clients.
import { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { StreamsService } from '@nestwire/streams';
import { answerParent } from '../rig/child.mjs';
import { Lives } from './lives.mjs';
import { Begin, ROOM, startSoakApp } from './soak.app.mjs';
import { runGc } from '../rig/run-gc.mjs';

const SETTLE_MS = 5_000;
const COLLECTIONS = 4;
let app;

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Collects until nothing more goes: finalizers run in turns of their own. */
async function collect() {
  for (let left = COLLECTIONS; left > 0; left--) {
    runGc();
    await nextTurn();
  }
}

/** Waits until the sockets' ends have been noticed; what is left after that has leaked. */
async function settle() {
  const streams = app.get(StreamsService);
  const deadline = performance.now() + SETTLE_MS;
  while (streams.counters().connections > 0 && performance.now() < deadline) await nextTurn();
}

function aliveOf(lives) {
  return Object.values(lives).reduce((sum, { alive }) => sum + alive, 0);
}

/** Collects for as long as that brings anything. */
async function collectAll(lives) {
  let left = Infinity;
  for (let alive = aliveOf(lives.counts()); alive > 0 && alive < left; alive = aliveOf(lives.counts())) {
    left = alive;
    await collect();
  }
  await collect();
}

/** Posts once to a channel and returns how many listeners heard it. */
async function listenersOf(lives) {
  const before = lives.heard;
  await app.get(MessagesService).postMessage(ROOM, create(Begin, { n: 0 }), { scope: 'local' });
  return lives.heard - before;
}

answerParent({
  async start(options) {
    app = await startSoakApp(options);
    return { port: app.getHttpServer().address().port };
  },
  /** Returns the present counts without a wait. */
  async glance() {
    const lives = app.get(Lives);
    return { ...app.get(StreamsService).counters(), listeners: await listenersOf(lives) };
  },
  /** Returns the counts after all clients have left. */
  async census() {
    const lives = app.get(Lives);
    await settle();
    const listeners = await listenersOf(lives);
    await collectAll(lives);
    const { opened, closed } = lives;
    const { heapUsed } = process.memoryUsage();
    return {
      ...app.get(StreamsService).counters(),
      listeners,
      opened,
      closed,
      lives: lives.counts(),
      heapUsed,
    };
  },
});
