import 'reflect-metadata';
import { Controller, Get, Module, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import {
  DEFAULT_LIMITS,
  OnStreamMessage,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
  StreamsService,
} from '@nestwire/streams';
import { setTimeout as sleep } from 'node:timers/promises';
import { decorate } from '../../rig/decorate.mjs';
import { Ask, Join, Note, room, TEXT } from '../notes.mjs';

const RoomsEndpoint = decorate(
  class RoomsEndpoint {
    async join(session, { rooms }) {
      for (const number of rooms) await session.subscribe(room(number));
    }

    async ask(_session, { workMs }) {
      await sleep(workMs);
    }
  },
  {
    decorators: [StreamEndpoint('rooms')],
    methods: {
      join: { decorators: [OnStreamMessage(Join)], takes: [StreamSession, Join] },
      ask: { decorators: [OnStreamMessage(Ask)], takes: [StreamSession, Ask] },
    },
  },
);

/** The readiness check of a load balancer. */
class ReadyController {
  constructor(streams) {
    this.streams = streams;
  }

  ready() {
    if (!this.streams.isReady) throw new ServiceUnavailableException();
  }
}

decorate(ReadyController, {
  decorators: [Controller()],
  inject: [StreamsService],
  methods: { ready: { decorators: [Get('ready')] } },
});

// All clients of the rig have one address; the limits of a process are as a user gets them.
const limits = {
  connectsPerSecondPerAddress: DEFAULT_LIMITS.connectsPerSecond,
  maxConnectionsPerAddress: DEFAULT_LIMITS.maxConnections,
  maxHandshakesPerAddress: DEFAULT_LIMITS.maxHandshakes,
};

/**
 * Starts a server.
 *
 * @param {{ redis?: string, options?: any }} setup without `redis` channels stay in the process
 */
export async function serve({ redis, options = {} }) {
  class JitterModule {}
  const streams = { redis, trustProxy: false, ...options, limits: { ...limits, ...options.limits } };
  decorate(JitterModule, {
    decorators: [
      Module({
        imports: [StreamsModule.forRoot(streams)],
        controllers: [ReadyController],
        providers: [RoomsEndpoint],
      }),
    ],
  });
  const app = await NestFactory.create(JitterModule, { logger: ['error', 'warn'] });
  // The exit code tells whether the shutdown went well.
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  await app.listen(0, '127.0.0.1');
  const messages = app.get(MessagesService);
  return {
    port: app.getHttpServer().address().port,
    post: (roomNumber, number) =>
      messages.postMessage(room(roomNumber), create(Note, { room: roomNumber, number, text: TEXT })),
    counters: () => ({ ...messages.counters(), ...app.get(StreamsService).counters() }),
  };
}
