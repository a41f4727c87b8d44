import { chatServer, chatUser, type ChatService } from '@nestwire/chat';

// #region changes
export async function changeAll(chat: ChatService, channelId: string): Promise<void> {
  const ann = chatUser('ann');
  const { seq } = await chat.messages.post(ann, { channelId, text: 'Lunch at 12?' });
  const place = { channelId, seq };
  await chat.messages.edit(ann, place, { text: 'Lunch at 1?' });
  await chat.messages.react(chatUser('bob'), place, '👍');
  await chat.messages.pin(chatServer(), place);
  await chat.messages.delete(ann, place); // Moderators can still read it.
  await chat.messages.purge(chatServer(), place); // Nobody can.
}
// #endregion changes
