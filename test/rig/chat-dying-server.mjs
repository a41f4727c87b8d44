// A server of the chat that is killed after it has stored a message and before it has published it; it uses the built
// packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChatHooks, ChatModule, ChatService, ChatUsers, chatUser } from '@nestwire/chat';
import { MessagesModule } from '@nestwire/messages';

const { database, channelId } = JSON.parse(process.argv[2] ?? '');

class Users extends ChatUsers {
  findMany() {
    return [];
  }
}

class Death extends ChatHooks {
  /** @override */
  didSend() {
    // The relay has only asked for its lease: the answer needs a later turn of the event loop.
    process.kill(process.pid, 'SIGKILL');
  }
}

class AppModule {}
Module({
  imports: [
    MessagesModule.forRoot({}),
    ChatModule.forRoot({ users: Users, hooks: Death, database, relay: { pollMs: 60_000, takeoverMs: 200 } }),
  ],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
await app
  .get(ChatService)
  .messages.post(chatUser('ann'), { channelId, text: 'last words', clientId: 'last' });
