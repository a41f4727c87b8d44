// `node test/bench/channel-scale.mjs [--channels N] [--kinds ephemeral,history,latest]`: one process listens to
// 100,000 channels over Redis. It shows whether the status stays `connected` and posts succeed, the longest turn
// of the event loop, and the processor time and memory a channel. Runs against the built libraries.
import { Child } from '../rig/child.mjs';
import { startRedis } from '../rig/redis-server.mjs';

const STEADY_MS = 30_000;
const SETTLE_LIMIT_MS = 180_000;
const channels = Number(optionOf('--channels') ?? 100_000);
const kinds = (optionOf('--kinds') ?? 'ephemeral,history,latest').split(',');

const redis = await startRedis();
const child = new Child(new URL('channel-process.mjs', import.meta.url), ['--expose-gc']);
try {
  await child.ask('start', { redis: redis.url });
  const empty = await child.ask('memory');
  await child.ask('take');

  await child.ask('subscribe', { channels, kinds });
  show('subscribe', await settled());
  await pause(STEADY_MS);
  show('steady', await child.ask('take'));
  const full = await child.ask('memory');
  show('memory', { heapBytesPerChannel: Math.round((full.heapUsed - empty.heapUsed) / channels) });

  await child.ask('take');
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  show('subscriber lost', await settled());
  await redis.restart();
  show('Redis restarted', await settled());
  await pause(STEADY_MS);
  show('steady', await child.ask('take'));

  await child.ask('unsubscribe');
  await until(async () => (await subscribedIn()) <= 10, 'Redis to let go of the channels');
  show('unsubscribe', await child.ask('take'));
  const left = await child.ask('memory');
  show('left', { heapBytesPerChannel: Math.round((left.heapUsed - empty.heapUsed) / channels) });
} finally {
  await child.stop();
  await redis.stop();
}

/** Waits until the process is connected and everything is subscribed; returns what happened until then. */
async function settled() {
  await until(
    async () => (await subscribedIn()) >= channels && (await child.ask('status')) === 'connected',
    'the process to be connected',
  );
  return child.ask('take');
}

async function subscribedIn() {
  const info = await redis.call('INFO', 'stats').catch(() => '');
  return Number(/^pubsub_?channels:(\d+)/m.exec(info)?.[1] ?? 0);
}

async function until(fact, what) {
  const giveUpAt = performance.now() + SETTLE_LIMIT_MS;
  while (!(await fact())) {
    if (performance.now() > giveUpAt) {
      show('given up', await child.ask('take'));
      throw new Error(`waited ${SETTLE_LIMIT_MS} ms for ${what}`);
    }
    await pause(100);
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function show(phase, figures) {
  console.log(phase.padEnd(16), JSON.stringify(figures));
}

function optionOf(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
