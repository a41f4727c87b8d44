import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesService } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
} from '@nestwire/streams';
import { decorate } from '../../rig/decorate.mjs';
import { Note } from './note.class.mjs';

decorate(Note, { decorators: [StreamMessage('bench.note')] });

class EchoEndpoint {
  note(_session, note) {
    return note;
  }
}

decorate(EchoEndpoint, {
  decorators: [StreamEndpoint('echo')],
  methods: { note: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] } },
});

class FanOutEndpoint {
  constructor(messages) {
    this.messages = messages;
  }

  async opened(session) {
    await session.subscribe('bench');
  }

  async note(_session, note) {
    await this.messages.postMessage('bench', note);
  }
}

decorate(FanOutEndpoint, {
  decorators: [StreamEndpoint('fan-out')],
  inject: [MessagesService],
  methods: {
    opened: { decorators: [OnStreamOpened()], takes: [StreamSession] },
    note: { decorators: [OnStreamMessage(Note)], takes: [StreamSession, Note] },
  },
});

class BenchModule {}

// The rates of what comes in are raised out of the way; everything else is as a user gets it.
const UNLIMITED = 1e12;
const limits = {
  framesPerSecond: UNLIMITED,
  bytesPerSecond: UNLIMITED,
  connectsPerSecond: UNLIMITED,
  maxGreetings: 10_000,
};

// The other peers have no heartbeat, and receivers of a fan-out that says nothing for long are pinged.
const heartbeat = { pingMs: 3_600_000, pongMs: 3_600_000 };

decorate(BenchModule, {
  decorators: [
    Module({
      imports: [StreamsModule.forRoot({ trustProxy: false, limits, heartbeat })],
      providers: [EchoEndpoint, FanOutEndpoint],
    }),
  ],
});

/** Serves both workloads; resolves to the port. */
export async function serve() {
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}
