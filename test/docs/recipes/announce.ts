// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Body, Controller, Module, Post } from '@nestjs/common';
import { defineChannel, MessagesModule, MessagesService, type PostResult } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamOpened, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsString, MaxLength } from 'class-validator';

// #region server
@StreamMessage('news.announcement')
export class Announcement {
  declare readonly $type: 'news.announcement';
  @IsString() @MaxLength(500) text!: string;
}

export const announcements = defineChannel('announcements', { messages: [Announcement] });

@StreamEndpoint('news')
export class NewsEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Announcement>): Promise<void> {
    await session.subscribe(announcements);
  }
}

@Controller('announcements')
export class AnnouncementsController {
  constructor(private readonly messages: MessagesService) {}

  @Post() // put your guard here
  announce(@Body('text') text: string): Promise<PostResult> {
    return this.messages.postMessage(announcements, create(Announcement, { text }));
  }
}
// #endregion server

// #region worker
@Module({ imports: [MessagesModule.forRoot({ redis: process.env.REDIS_URL })] })
export class WorkerModule {} // inject MessagesService and post as above
// #endregion worker

export type NewsStreams = StreamsOf<{ news: NewsEndpoint }>;
