// #region endpoint
import { defineChannel, MessagesService } from '@nestwire/messages';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { ChatMessage } from './chat-message.js';

const everybody = defineChannel('everybody', { messages: [ChatMessage] });

@StreamEndpoint('chat')
export class ChatEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<ChatMessage>) {
    await session.subscribe(everybody);
  }

  @OnStreamMessage(ChatMessage)
  async onChat(session: StreamSession<ChatMessage>, message: ChatMessage) {
    await this.messages.postMessage(everybody, message);
  }
}

export type AppStreams = StreamsOf<{ chat: ChatEndpoint }>;
// #endregion endpoint
