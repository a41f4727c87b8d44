// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Injectable } from '@nestjs/common';
import type { StreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  StreamsService,
  type StreamsOf,
} from '@nestwire/streams';
import { IsString } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region server
@StreamMessage('inbox.notice')
export class Notice {
  declare readonly $type: 'inbox.notice';
  @IsString() text!: string;
}

export const inbox = defineChannel('inbox', {
  messages: [Notice],
  history: { messages: 100, ageMs: 86_400_000 },
});

@StreamEndpoint('inbox', { requireLogin: true })
export class InboxEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Notice | StreamGap, AppUser>): Promise<void> {
    await session.subscribe(inbox(session.user.id));
  }
}

@Injectable()
export class Notifier {
  constructor(private readonly messages: MessagesService) {}

  async notify(userId: string, text: string): Promise<void> {
    await this.messages.postMessage(inbox(userId), create(Notice, { text }));
  }
}
// #endregion server

// #region now
@Injectable()
export class Ringer {
  constructor(private readonly streams: StreamsService) {}

  async ring(userId: string): Promise<void> {
    await this.streams.sendToUser('inbox', userId, create(Notice, { text: 'Somebody rings.' }));
  }
}
// #endregion now

export type InboxStreams = StreamsOf<{ inbox: InboxEndpoint }>;
type Client = StreamClient<InboxStreams>;

// #region page
export async function showNotices(client: Client, show: (text: string) => void): Promise<void> {
  for await (const message of client.inbox.stream)
    show(message instanceof StreamGap ? 'Some notices are missing: reload the list.' : message.text);
}
// #endregion page
