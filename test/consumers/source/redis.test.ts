import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Module } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { StreamsModule } from '@nestwire/streams';
import { TestServer } from '@nestwire/testing';
import { Posted } from './messages.js';

const redis = process.env.REDIS_URL;
const news = defineChannel('news', { messages: [Posted], history: { messages: 10, ageMs: 60_000 } });

@Module({ imports: [StreamsModule.forRoot({ redis })] })
class NewsModule {}

test('two servers share a channel over Redis', { timeout: 20_000, skip: !redis }, async () => {
  const [here, there] = [await TestServer.start(NewsModule), await TestServer.start(NewsModule)];
  let hear: (posted: Posted) => void = () => undefined;
  const heard = new Promise<Posted>((resolve) => (hear = resolve));
  await there.get(MessagesService).addListener(news, (message) => {
    if (message.$type === 'board.posted') hear(message);
  });

  const text = `hello ${Date.now()}`;
  const posted = create(Posted, { author: 'ann', text, writtenAt: new Date(0) });
  await here.get(MessagesService).postMessage(news, posted);

  assert.equal((await heard).text, text);
  await Promise.all([here.close(), there.close()]);
});
