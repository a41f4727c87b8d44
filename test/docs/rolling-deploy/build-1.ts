// The former build of docs/changing-messages.md; test/slow/rolling-deploy.spec.ts runs it beside build-2.ts.
import { Module } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamsModule,
  StreamSession,
} from '@nestwire/streams';
import { IsString, MaxLength } from 'class-validator';

// #region messages
@StreamMessage('deploy.opened')
export class Opened {
  declare readonly $type: 'deploy.opened';
  @IsString() @MaxLength(200) title!: string;
}

@StreamMessage('deploy.moved')
export class Moved {
  declare readonly $type: 'deploy.moved';
  @IsString() @MaxLength(64) queue!: string;
}
// #endregion messages

const tickets = defineChannel('deploy-tickets', {
  messages: [Opened, Moved],
  history: { messages: 100, ageMs: 3_600_000 },
});

@StreamEndpoint('tickets')
export class TicketsEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Opened | Moved | StreamGap>): Promise<void> {
    await session.subscribe(tickets);
  }

  @OnStreamMessage(Opened, Moved)
  async post(_session: StreamSession<Opened | Moved | StreamGap>, message: Opened | Moved): Promise<void> {
    await this.messages.postMessage(tickets, message);
  }
}

@Module({
  imports: [
    StreamsModule.forRoot({
      redis: process.env.DEPLOY_REDIS!,
      unknownProperties: 'strip',
      trustProxy: false,
    }),
  ],
  providers: [TicketsEndpoint],
})
export class AppModule {}
