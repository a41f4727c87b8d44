// A process of a cluster, told by messages of its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesModule, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { decorate } from '../rig/decorate.mjs';
import { tellParent } from '../rig/tell-parent.mjs';

const [name, url] = process.argv.slice(2);

const Tick = decorate(
  class Tick {
    from = '';
    number = 0;
  },
  { decorators: [StreamMessage('two-processes.tick')] },
);

class AppModule {}
Module({
  imports: [
    MessagesModule.forRoot({
      redis: {
        connection: url,
        commandTimeoutMs: 500,
        connectTimeoutMs: 500,
        maxReconnectDelayMs: 200,
        probeIntervalMs: 250,
        probeTimeoutMs: 1_000,
      },
    }),
  ],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const messages = app.get(MessagesService);
const heard = [];
const reached = { local: 0, global: 0, degraded: 0 };
let number = 0;
let timer;
let unhandled = 0;

process.on('unhandledRejection', () => unhandled++);
await messages.addListener('ticks', (/** @type {any} */ { from, number: heardNumber }) =>
  heard.push([from, heardNumber]),
);

const post = () =>
  messages
    .postMessage('ticks', create(Tick, { from: name, number: ++number }))
    .then(({ delivered }) => reached[delivered]++);

const orders = {
  start: () => void (timer = setInterval(() => void post(), 5)),
  stop: () => clearInterval(timer),
  post: async (count) => {
    for (let i = 0; i < count; i++) await post();
  },
  report: () => ({
    status: messages.status,
    counters: messages.counters(),
    heard,
    reached,
    number,
    unhandled,
  }),
  close: async () => {
    await app.close();
    process.disconnect();
  },
};
process.on('message', ({ id, order, argument }) => {
  void Promise.resolve(orders[order](argument)).then((answer) => {
    if (process.connected) tellParent({ id, answer });
  });
});
tellParent({ id: 0 });
