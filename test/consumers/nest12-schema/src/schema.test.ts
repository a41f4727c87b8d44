// An application whose messages come from schemas: neither class-validator nor class-transformer is installed.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import {
  create,
  defineMessage,
  StreamGap,
  StreamMessage,
  type CodedError,
  type MessageOf,
} from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  StreamsConfigurationError,
  StreamsModule,
  type StreamsOf,
} from '@nestwire/streams';
import { z } from 'zod';

const Say = defineMessage(
  'schema.say',
  z.object({ text: z.string().max(20), at: z.date().optional(), tags: z.array(z.string()).default([]) }),
);
type Say = MessageOf<typeof Say>;

const room = defineChannel('schema-room', { messages: [Say], history: { messages: 10, ageMs: 60_000 } });

@StreamMessage('schema.ping')
class Ping {
  declare readonly $type: 'schema.ping';
}

@StreamEndpoint('room')
class RoomEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Say | StreamGap>): Promise<void> {
    await session.subscribe(room);
  }

  @OnStreamMessage(Say)
  async say(_session: StreamSession<Say | StreamGap>, message: Say): Promise<void> {
    await this.messages.postMessage(room, message);
  }

  @OnStreamMessage(Ping)
  ping(_session: StreamSession<Say | StreamGap>, _message: Ping): void {}
}

type Streams = StreamsOf<{ room: RoomEndpoint }>;

@StreamMessage('schema.decorated')
class Decorated {
  declare readonly $type: 'schema.decorated';
  text = '';
}

@StreamEndpoint('decorated')
class DecoratedEndpoint {
  @OnStreamMessage(Decorated)
  take(_session: StreamSession, _message: Decorated): void {}
}

async function start(endpoint: Type) {
  @Module({
    imports: [StreamsModule.forRoot({ trustProxy: false, redis: process.env.REDIS_URL })],
    providers: [endpoint],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

test('neither package is installed', () => {
  const { resolve } = createRequire(import.meta.url);
  for (const name of ['class-validator', 'class-transformer'])
    assert.throws(() => resolve(name), { code: 'MODULE_NOT_FOUND' });
});

test('messages of schemas work from end to end', async () => {
  const app = await start(RoomEndpoint);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const client = createStreamClient<Streams>()({
    url: `ws://127.0.0.1:${port}/streams`,
    messages: [Say, StreamGap, Ping],
  });
  const stream = client.room.stream[Symbol.asyncIterator]();
  await client.connectWebSocket();
  await client.room.sendStreamMessage(create(Ping));
  const said = create(Say, { text: 'hello', at: new Date(0) });
  await client.room.sendStreamMessage(said);
  const { value } = await stream.next();
  assert.ok(value instanceof Say);
  assert.deepEqual({ ...value }, { text: 'hello', at: new Date(0), tags: [] });
  const invalid = Object.assign(create(Say, { text: '' }), { text: 'longer than twenty characters' });
  await assert.rejects(client.room.sendStreamMessage(invalid), ({ code, details }: CodedError) => {
    assert.deepEqual([code, details?.[0]?.path], ['INVALID_MESSAGE', 'text']);
    return true;
  });
  await client.close();
  await app.close();
});

test('a class with fields stops the start, and the error names the packages', async () => {
  await assert.rejects(start(DecoratedEndpoint), (error) => {
    assert.ok(error instanceof StreamsConfigurationError);
    assert.match(
      error.message,
      /Decorated: a class with fields needs class-validator and class-transformer, which are not installed/,
    );
    assert.match(error.message, /npm install class-validator class-transformer\)/);
    return true;
  });
});
