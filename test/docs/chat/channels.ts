import { chatUser, type ChatService } from '@nestwire/chat';

// #region channels
export async function planTeam(chat: ChatService): Promise<string> {
  const [ann, bob] = [chatUser('ann'), chatUser('bob')];
  const { id } = await chat.channels.create(ann, { type: 'private', name: 'Plans', members: ['cat'] });
  await chat.channels.invite(ann, id, ['bob']);
  await chat.channels.join(bob, id);
  await chat.channels.setRole(ann, id, { userId: 'bob', role: 'moderator' });
  await chat.channels.settle(bob, id, { mutedUntil: Date.now() + 3_600_000 });
  await chat.channels.remove(bob, id, 'cat');
  return id;
}
// #endregion channels
