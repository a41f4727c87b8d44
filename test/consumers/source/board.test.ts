import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NestFactory } from '@nestjs/core';
import { createStreamClient } from '@nestwire/client';
import { create } from '@nestwire/protocol';
import { TestServer } from '@nestwire/testing';
import { BoardModule, type BoardStreams } from './board.module.js';
import { Note, Posted } from './messages.js';

test('two people exchange a typed message', { timeout: 20_000 }, async () => {
  const app = await NestFactory.create(BoardModule, { logger: ['error', 'warn'] });
  await app.listen(0);
  const { port } = app.getHttpServer().address() as { port: number };
  const connect = async (name: string) => {
    const client = createStreamClient<BoardStreams>()({
      url: `ws://localhost:${port}/streams`,
      messages: [Note, Posted],
      auth: () => name,
    });
    await client.connectWebSocket();
    return client;
  };
  const ann = await connect('ann');
  const bob = await connect('bob');
  const opened = new Promise<void>((resolve) => bob.board.addStreamOpenedListener(() => resolve()));
  const reader = bob.board.stream[Symbol.asyncIterator]();
  await opened;

  await ann.board.sendStreamMessage(create(Note, { text: 'hello', writtenAt: new Date(0) }));
  const { value: posted } = await reader.next();
  await assert.rejects(ann.board.sendStreamMessage(create(Note, { text: 'x'.repeat(101) })), {
    code: 'INVALID_MESSAGE',
  });

  assert.ok(posted instanceof Posted);
  assert.deepEqual({ ...posted }, { author: 'ann', text: 'hello', writtenAt: new Date(0) });
  await Promise.all([ann.close(), bob.close()]);
  await app.close();
});

test('a test server gives typed clients', { timeout: 20_000 }, async () => {
  const server = await TestServer.start(BoardModule);
  const connect = server.clientsOf<BoardStreams>()({ messages: [Note, Posted] });
  const ann = await connect({ as: { id: 'ann' } });
  const bob = await connect({ as: { id: 'bob' } });
  await bob.board.open();

  await ann.board.sendStreamMessage(create(Note, { text: 'hello' }));
  const posted = await bob.board.next(Posted);

  assert.equal(posted.author, 'ann');
  await server.close();
});
