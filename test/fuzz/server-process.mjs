// A server of the fuzzed cluster. Its parent starts it and asks for its counters; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import { StreamsModule, StreamsService } from '@nestwire/streams';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { CHANNELS, defineEndpoints, Post, Users } from './fuzz.app.mjs';

const UNLIMITED = 1e9;

let app;

/**
 * Starts the application on a free port.
 *
 * @param {{ redis: string, flaw?: string }} options `flaw` removes one protection, for the negative controls
 */
async function start({ redis, flaw }) {
  class FuzzModule {}
  decorate(FuzzModule, {
    decorators: [
      Module({
        imports: [
          StreamsModule.forRoot({
            redis,
            authenticator: Users,
            codecs: [messagePack],
            compression: 'both',
            // Each conversation has an address of its own, in X-Forwarded-For.
            trustProxy: 1,
            limits: {
              connectsPerSecond: UNLIMITED,
              closeTimeoutMs: 300,
              unfinishedMessageMs: 1_000,
              // So few that conversations of some frames exceed them.
              maxStreams: 4,
              maxSubscriptions: 16,
              callWindow: 8,
            },
          }),
        ],
        providers: [...defineEndpoints(flaw), Users],
      }),
    ],
  });
  app = await NestFactory.create(FuzzModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { port: app.getHttpServer().address().port };
}

/** Posts to a channel of the example; the message names whom the channel belongs to. */
async function post({ kind, owner, number }) {
  const channel = kind === 'inbox' ? CHANNELS.inbox(owner) : CHANNELS[kind]('all');
  await app
    .get(MessagesService)
    .postMessage(channel, create(Post, { kind, owner, number, padding: 'x'.repeat(number % 97) }));
}

answerParent({
  start,
  post,
  counters: () => ({ ...app.get(StreamsService).counters() }),
  heap: () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
  close: () => app.close(),
});
