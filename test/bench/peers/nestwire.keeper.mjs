import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineChannel, MessagesModule, MessagesService } from '@nestwire/messages';
import { Broker } from '@nestwire/messages/backend';
import { StreamMessage } from '@nestwire/protocol';
import { FakeClock } from '@nestwire/testing';
import { Redis } from 'ioredis';
import { decorate } from '../../rig/decorate.mjs';
import { Author, Note } from './note.class.mjs';
import { required } from '../../rig/required.mjs';

const TWO_MINUTES_MS = 121_000;
const PAGE_BYTES = 1e9;
const PREFIX = 'bench';

decorate(Note, { decorators: [StreamMessage('bench.note')] });

/** Keeps messages as channels with history do. @param {import('./index.mjs').KeeperSetup} setup */
export async function openKeeper({ redisUrl, messages }) {
  const clock = redisUrl ? undefined : new FakeClock();
  class BenchModule {}
  decorate(BenchModule, {
    decorators: [
      Module({
        imports: [
          MessagesModule.forRoot({
            redis: { connection: redisUrl, prefix: PREFIX },
            ...(clock && { clock }),
          }),
        ],
      }),
    ],
  });
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  const service = app.get(MessagesService);
  const history = required(app.get(Broker).history, 'history');
  const length = { messages, ageMs: 600_000 };
  const room = defineChannel('room', { messages: [Note], history: length });
  return {
    keep: (name, notes) =>
      Promise.all(notes.map((note) => service.postMessage(room(name), instanceOf(note)))),
    async read(name) {
      const limits = { messages, bytes: PAGE_BYTES };
      const { durability } = room;
      const page = await history.read(
        { name: room(name).name, history: length, durability },
        { last: messages },
        limits,
      );
      return page.messages.map(({ data }) => data);
    },
    forget: () => (redisUrl ? expireIds(redisUrl) : clock?.advance(TWO_MINUTES_MS)),
  };
}

function instanceOf({ author, sentAt, ...fields }) {
  const parts = { author: Object.assign(new Author(), author), sentAt: new Date(sentAt) };
  return Object.assign(new Note(), { ...fields, ...parts });
}

/** Expires the remembered ids, as Redis does by itself after two minutes. */
async function expireIds(url) {
  const redis = new Redis(url);
  const script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";
  await redis.eval(script, 0, `${PREFIX}:k:*`);
  redis.disconnect();
}
