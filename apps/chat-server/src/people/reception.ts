import { Injectable } from '@nestjs/common';
import { chatServer, ChatService, parseText, type ChatProfile } from '@nestwire/chat';
import { ROOMS } from '../seed/rooms.js';
import { ASSISTANT_ID } from './team.js';

const WELCOME = [
  'Hello! I am Wren, the assistant of this demo. My model is a fake: it runs in the server and knows only nestwire.',
  'Ask me something here, or write @Wren in a room.',
];

/** Brings new visitors into the public rooms. */
@Injectable()
export class Reception {
  private readonly assistant = chatServer({ userId: ASSISTANT_ID });

  constructor(private readonly chat: ChatService) {}

  /** Adds a visitor to all public rooms, and begins a direct channel with the assistant. */
  async welcome({ id, name }: ChatProfile): Promise<void> {
    const { channels, messages } = this.chat;
    for (const room of ROOMS) if (room.type === 'public') await channels.add(chatServer(), room.id, [id]);
    await messages.post(this.assistant, {
      channelId: ROOMS[0]!.id,
      ...parseText(`@${name} is here for the first time. Welcome! 👋`, { mentions: [{ id, name }] }),
    });
    const direct = await channels.create(this.assistant, { type: 'direct', members: [id] });
    for (const [at, text] of WELCOME.entries())
      await messages.post(this.assistant, { channelId: direct.id, clientId: `welcome-${at}`, text });
  }
}
