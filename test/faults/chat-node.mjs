// A server of the chat under faults. Told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChatHooks, ChatModule, ChatService, ChatUsers, chatUser } from '@nestwire/chat';
import { StreamsModule } from '@nestwire/streams';
import { ChatDatabase } from '../../libs/chat/dist/database/chat-database.js';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { ExpiringAuthenticator } from './authenticator.mjs';

const UNLIMITED = 1e9;
const LIMITS = {
  connectsPerSecond: UNLIMITED,
  connectsPerSecondPerAddress: UNLIMITED,
  maxConnectionsPerAddress: 10_000,
  maxConnectionsPerUser: 1_000,
  maxHandshakesPerAddress: 1_000,
};

let app;
/** True when the next post that is stored here ends the process before its publication. */
let isDoomed = false;

class Users extends ChatUsers {
  /** @param {readonly string[]} ids */
  findMany(ids) {
    return ids.map((id) => ({ id, name: `The ${id}` }));
  }
}

class Death extends ChatHooks {
  /** @override */
  didSend() {
    // The relay has only asked for its lease: the answer needs a later turn of the event loop.
    if (isDoomed) process.kill(process.pid, 'SIGKILL');
  }
}

async function start({ redis, database }) {
  class ChatFaultsModule {}
  decorate(ChatFaultsModule, {
    decorators: [
      Module({
        imports: [
          StreamsModule.forRoot({
            redis: { connection: redis, probeIntervalMs: 1_000, probeTimeoutMs: 2_000 },
            trustProxy: false,
            authenticator: ExpiringAuthenticator,
            limits: LIMITS,
            heartbeat: { pingMs: 2_000, pongMs: 2_000 },
          }),
          ChatModule.forRoot({
            users: Users,
            hooks: Death,
            database,
            limits: { changesPerWindow: UNLIMITED },
            relay: { pollMs: 300, takeoverMs: 1_500 },
          }),
        ],
      }),
    ],
  });
  // Errors of the database and of Redis are what happens here; the judge tells what matters.
  app = await NestFactory.create(ChatFaultsModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}

async function createChannel({ id, users: [owner, ...members] }) {
  await app.get(ChatService).channels.create(chatUser(owner), { id, type: 'private', members });
}

/** Reads the tables of channels themselves. */
function stored({ channels }) {
  return app.get(ChatDatabase).read(async (queries) => {
    const of = (/** @type {string} */ table) =>
      queries.selectFrom(table).selectAll().where('channel_id', 'in', channels);
    return {
      messages: await of('messages').orderBy('seq').execute(),
      versions: await of('versions').execute(),
      reactions: await of('reactions').execute(),
      members: await of('members').execute(),
      outbox: (await queries.selectFrom('outbox').selectAll().execute()).length,
    };
  });
}

answerParent({
  ...{ start, createChannel, stored },
  doom: () => void (isDoomed = true),
  close: () => app.close(),
});
