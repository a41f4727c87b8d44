// The process that `channel-scale.mjs` measures: it listens to many channels over a Redis.
import 'reflect-metadata';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineChannel, MessagesModule, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { runGc } from '../rig/run-gc.mjs';

const POST_EVERY_MS = 200;

const Tick = decorate(
  class Tick {
    n = 0;
  },
  { decorators: [StreamMessage('scale.tick')] },
);

const HISTORY = { messages: 100, ageMs: 600_000 };
const CHANNELS = {
  ephemeral: defineChannel('ephemeral', { messages: [Tick] }),
  history: defineChannel('history', { messages: [Tick], history: HISTORY }),
  latest: defineChannel('latest', { messages: [Tick], latest: true }),
};

const loop = monitorEventLoopDelay({ resolution: 1 });
let app;
let messages;
let subscriptions = [];
/** The events since the last `take`. */
let seen = emptySeen();

function emptySeen() {
  return {
    statuses: /** @type {string[]} */ ([]),
    posts: {},
    worstPostMs: 0,
    heard: 0,
    cpu: process.cpuUsage(),
    at: performance.now(),
  };
}

async function post(channel, options) {
  const startedAt = performance.now();
  const outcome = await messages.postMessage(channel, create(Tick, { n: 1 }), options).then(
    ({ delivered }) => delivered,
    ({ code }) => code,
  );
  seen.posts[outcome] = (seen.posts[outcome] ?? 0) + 1;
  seen.worstPostMs = Math.max(seen.worstPostMs, performance.now() - startedAt);
}

/** Returns what happened since the last time, and begins anew. */
function take() {
  const { user, system } = process.cpuUsage(seen.cpu);
  const taken = {
    status: messages.status,
    statuses: seen.statuses,
    posts: seen.posts,
    worstPostMs: Math.round(seen.worstPostMs),
    heard: seen.heard,
    seconds: (performance.now() - seen.at) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    longestTurnMs: Math.round(loop.max / 1e6),
    counters: messages.counters(),
  };
  seen = emptySeen();
  loop.reset();
  return taken;
}

answerParent({
  start: async ({ redis }) => {
    class AppModule {}
    Module({ imports: [MessagesModule.forRoot({ redis })] })(AppModule);
    app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
    messages = app.get(MessagesService);
    messages.addStatusListener((status) =>
      seen.statuses.push(`${status} at ${((performance.now() - seen.at) / 1_000).toFixed(1)} s`),
    );
    loop.enable();
    setInterval(() => {
      void post('scale-posts', { scope: 'global' });
      void post(CHANNELS.history('posts'));
    }, POST_EVERY_MS);
    seen = emptySeen();
  },
  // All at once, as many clients come back to a process; each kind of channel has a third.
  subscribe: async ({ channels, kinds }) => {
    const joining = [];
    for (let n = 0; n < channels; n++) {
      const channel = CHANNELS[kinds[n % kinds.length]](`c${n}`);
      joining.push(messages.addListener(channel, () => void seen.heard++));
      if (n % 10_000 === 9_999) await new Promise((resolve) => setImmediate(resolve));
    }
    subscriptions = await Promise.all(joining);
  },
  unsubscribe: async () => {
    for (const [n, subscription] of subscriptions.entries()) {
      subscription.remove();
      if (n % 10_000 === 9_999) await new Promise((resolve) => setImmediate(resolve));
    }
    subscriptions = [];
  },
  status: () => messages.status,
  take,
  memory: () => {
    runGc();
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss };
  },
  close: () => app.close(),
});
