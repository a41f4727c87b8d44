// A server that `close-streams.mjs` measures: streams with parameters, which any server of the cluster closes.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString, MaxLength } from 'class-validator';
import {
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  StreamsModule,
  StreamsService,
} from '@nestwire/streams';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';

const UNLIMITED = 1e9;
let app;

class RoomParams {}
decorate(RoomParams, { properties: { roomId: [String, IsString(), MaxLength(64)] } });

class RoomEndpoint {
  opened() {}
}
decorate(RoomEndpoint, {
  decorators: [StreamEndpoint('room', { params: RoomParams })],
  methods: { opened: { decorators: [OnStreamOpened()], takes: [StreamSession] } },
});

class Users extends StreamAuthenticator {
  async authenticate({ token }) {
    return token === null ? null : { id: token };
  }
}

answerParent({
  async start({ redis }) {
    const limits = { framesPerSecond: UNLIMITED, answerBytes: UNLIMITED };
    class AppModule {}
    decorate(AppModule, {
      decorators: [
        Module({
          imports: [StreamsModule.forRoot({ redis, limits, authenticator: Users })],
          providers: [RoomEndpoint],
        }),
      ],
    });
    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port };
  },
  /** Closes the streams of a room; returns the result and its time. */
  async close({ roomId }) {
    const startedAt = performance.now();
    const { delivered } = await app.get(StreamsService).close({ endpoint: 'room', params: { roomId } });
    return { delivered, tookMs: performance.now() - startedAt };
  },
});
