import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';
import { AnnouncementsController } from './announcements/announcements.controller.js';
import { DemoAuthenticator } from './auth/demo-authenticator.js';
import { ChatEndpoint } from './chat/chat-endpoint.js';
import { Visitor } from './chat/visitor.js';
import { ChatDirectory } from './directory/chat-directory.js';

/** The chat; with `REDIS_URL`, all its servers form one chat. */
@Module({
  imports: [
    StreamsModule.forRoot({ authenticator: DemoAuthenticator, redis: process.env.REDIS_URL, trustProxy: 0 }),
  ],
  controllers: [AnnouncementsController],
  providers: [ChatEndpoint, Visitor, ChatDirectory],
})
export class AppModule {}
