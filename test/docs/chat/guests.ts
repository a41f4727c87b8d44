import { ChatModule, chatServer, ChatService, chatUser } from '@nestwire/chat';
import { AppUsers } from './server.js';

// #region module
export const chatWithGuests = ChatModule.forRoot({ users: AppUsers, guests: true });
// #endregion module

// #region answer
/** Lets the staff answer the questions of visitors. */
export async function takeQuestion(chat: ChatService, channelId: string, staffId: string): Promise<void> {
  await chat.channels.add(chatServer(), channelId, [staffId]);
  await chat.messages.post(chatUser(staffId), { channelId, text: 'How can we help?' });
}
// #endregion answer
