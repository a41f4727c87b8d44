import { chatUser } from '@nestwire/chat';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeChats, startChat } from '../../rig/chat-app.js';
import { importChannel, type OldChannel } from './moving.js';

const DAY_MS = 86_400_000;
const [ann, bob] = [chatUser('ann'), chatUser('bob')];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
});
afterEach(closeChats);
afterAll(() => rm(folder, { recursive: true, force: true }));

const createdAt = (day: number) => new Date(Date.UTC(2020, 0, 1) + day * DAY_MS);

const team: OldChannel = {
  id: 'team',
  name: 'Team',
  memberIds: ['ann', 'bob'],
  messages: [
    {
      id: 'm1',
      userId: 'ann',
      text: 'First',
      createdAt: createdAt(1),
      reactions: [{ emoji: '👍', userId: 'bob' }],
    },
    { id: 'm2', userId: 'bob', text: 'Second', createdAt: createdAt(2), reactions: [] },
    {
      id: 'm3',
      userId: 'bob',
      text: 'In the thread',
      createdAt: createdAt(3),
      parentId: 'm1',
      reactions: [],
    },
  ],
};

it('imports a channel with its times, threads and reactions, once for any number of runs', async () => {
  const { chat } = await startChat({ database: { file: join(folder, 'moving.sqlite') } });
  await importChannel(chat, team);
  await importChannel(chat, team);

  const { messages } = await chat.history.page(ann, { channelId: 'team' });
  expect(messages.map(({ author, text, createdAt: at }) => [author?.id, text, at])).toEqual([
    ['ann', 'First', createdAt(1).getTime()],
    ['bob', 'Second', createdAt(2).getTime()],
  ]);
  expect(messages[0]).toMatchObject({ replyCount: 1, reactions: [{ emoji: '👍', userIds: ['bob'] }] });
  const thread = await chat.history.page(bob, { channelId: 'team', threadSeq: messages[0]!.seq });
  expect(thread.messages.map(({ text }) => text)).toEqual(['In the thread']);
  const { entries } = await chat.lists.mine(bob);
  expect(entries).toMatchObject([{ unreadCount: 0, mentionCount: 0 }]);
});
