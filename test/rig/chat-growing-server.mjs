// A server of the chat with a growing message, for a test that kills it; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChatModule, ChatService, ChatUsers, chatServer } from '@nestwire/chat';
import { MessagesModule } from '@nestwire/messages';
import { setTimeout as delay } from 'node:timers/promises';

const { database, redis, channelId, pieces } = JSON.parse(process.argv[2] ?? '');

class Users extends ChatUsers {
  findMany() {
    return [];
  }
}

class AppModule {}
Module({ imports: [MessagesModule.forRoot({ redis }), ChatModule.forRoot({ users: Users, database })] })(
  AppModule,
);

/** Gives some pieces, then waits for ever, as a model that thinks. */
async function* answer() {
  for (let at = 1; at <= pieces; at++) {
    yield `${at} `;
    await delay(100);
  }
  await delay(3_600_000);
}

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
await app.get(ChatService).messages.grow(chatServer({ userId: 'bot' }), { channelId }, answer());
