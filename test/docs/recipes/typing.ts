// A recipe of docs/recipes.md; run by recipes.spec.ts.
import type { StreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { IsString } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region server
@StreamMessage('typing.key')
export class KeyPressed {
  declare readonly $type: 'typing.key';
}

@StreamMessage('typing.is-typing')
export class IsTyping {
  declare readonly $type: 'typing.is-typing';
  @IsString() userId!: string;
  @IsString() name!: string;
}

export const typing = defineChannel('typing', { messages: [IsTyping] });

@StreamEndpoint('typing', { requireLogin: true })
export class TypingEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<IsTyping, AppUser>): Promise<void> {
    await session.subscribe(typing);
  }

  @OnStreamMessage(KeyPressed)
  async pressed({ user }: StreamSession<IsTyping, AppUser>, _message: KeyPressed): Promise<void> {
    await this.messages.postMessage(typing, create(IsTyping, { userId: user.id, name: user.name }));
  }
}
// #endregion server

export type TypingStreams = StreamsOf<{ typing: TypingEndpoint }>;
type Client = StreamClient<TypingStreams>;

// #region page
const REPEAT_MS = 2_000;
let sentAt = -Infinity;

/** Call it for each key: it sends one message in two seconds. */
export function keyPressed(client: Client, now = performance.now()): Promise<void> {
  if (now - sentAt < REPEAT_MS) return Promise.resolve();
  sentAt = now;
  return client.typing.sendStreamMessage(create(KeyPressed, {}), { offline: 'drop' });
}
// #endregion page
