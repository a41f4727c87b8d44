import { chatServer, chatUser, type ChatService } from '@nestwire/chat';

// #region import
export interface OldChannel {
  id: string;
  name: string;
  memberIds: string[];
  /** From the oldest to the newest. */
  messages: OldMessage[];
}

export interface OldMessage {
  id: string;
  userId: string;
  text: string;
  createdAt: Date;
  /** The id of the message that began the thread. */
  parentId?: string;
  reactions: { emoji: string; userId: string }[];
}

export async function importChannel(chat: ChatService, old: OldChannel): Promise<void> {
  const { id: channelId, name, memberIds: members } = old;
  await chat.channels.create(chatServer(), { type: 'private', id: channelId, name, members });
  const seqs = new Map<string, number>();
  for (const { id, userId, text, createdAt, parentId, reactions } of old.messages) {
    const threadSeq = parentId === undefined ? undefined : seqs.get(parentId);
    const { seq } = await chat.messages.post(chatServer({ userId }), {
      channelId,
      clientId: id,
      text,
      createdAt: createdAt.getTime(),
      ...(threadSeq !== undefined && { threadSeq }),
    });
    seqs.set(id, seq);
    for (const { emoji, userId: by } of reactions)
      await chat.messages.react(chatServer({ userId: by }), { channelId, seq }, emoji);
  }
  const { channel } = await chat.channels.get(chatServer(), channelId);
  for (const userId of members) await chat.pointers.mark(chatUser(userId), channelId, channel.lastSeq);
}
// #endregion import
