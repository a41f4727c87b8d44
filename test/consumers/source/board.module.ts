import { Injectable, Module } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  StreamsModule,
  type StreamsOf,
} from '@nestwire/streams';
import { Note, Posted } from './messages.js';

interface Author {
  readonly id: string;
}

const board = defineChannel('board', { messages: [Posted] });

@Injectable()
class Doorman extends StreamAuthenticator<Author> {
  authenticate({ token }: StreamHandshake): Author | null {
    return token ? { id: token } : null;
  }
}

@StreamEndpoint('board', { requireLogin: true })
export class BoardEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Posted, Author>): Promise<void> {
    await session.subscribe(board);
  }

  @OnStreamMessage(Note)
  async write(session: StreamSession<Posted, Author>, note: Note): Promise<void> {
    const { text, writtenAt } = note;
    await this.messages.postMessage(board, create(Posted, { author: session.user.id, text, writtenAt }));
  }
}

export type BoardStreams = StreamsOf<{ board: BoardEndpoint }>;

@Module({
  imports: [StreamsModule.forRoot({ authenticator: Doorman })],
  providers: [BoardEndpoint],
})
export class BoardModule {}
