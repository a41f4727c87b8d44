import { closeChats, startChat, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { chatServer, chatUser } from '../policy/chat-actor.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
const HOUR_MS = 3_600_000;

describeOnEachDatabase('The recipients of a message', (fresh) => {
  let chat: ChatApp['chat'];
  beforeAll(async () => {
    ({ chat } = await startChat({ database: fresh() }));
  });
  afterAll(closeChats);

  /** A channel of ann with bob, cat and dan. */
  async function room(): Promise<string> {
    const { id } = await chat.channels.create(ann!, { type: 'private', members: ['bob', 'cat', 'dan'] });
    return id;
  }

  async function recipients(channelId: string, seq: number): Promise<string[]> {
    const { entries } = await chat.history.recipients(chatServer(), { channelId, seq });
    return entries.map(({ userId, isMentioned }) => (isMentioned ? `@${userId}` : userId));
  }

  it('are the other members, with a mark for those whom it mentions', async () => {
    const id = await room();
    await chat.channels.invite(ann!, id, ['eve']);
    const { seq } = await chat.messages.post(ann!, { channelId: id, text: 'x', mentions: ['cat', 'ann'] });

    expect(await recipients(id, seq)).toEqual(['bob', '@cat', 'dan']);
    const system = await chat.messages.post(chatServer(), { channelId: id, text: 'x' });
    expect(await recipients(id, system.seq)).toEqual(['ann', 'bob', 'cat', 'dan']);
  });

  it('are not those who have muted the channel, block the author, or have read it', async () => {
    const id = await room();
    await chat.channels.settle(bob!, id, { mutedUntil: Date.now() + HOUR_MS });
    await chat.privacy.block(cat!, 'ann');
    const byAnn = await chat.messages.post(ann!, { channelId: id, text: 'x' });
    expect(await recipients(id, byAnn.seq)).toEqual(['dan']);
    await chat.pointers.mark(chatUser('dan'), id, byAnn.seq);
    expect(await recipients(id, byAnn.seq)).toEqual([]);

    await chat.channels.settle(bob!, id, { mutedUntil: Date.now() - 1 });
    await chat.privacy.unblock(cat!, 'ann');
    expect(await recipients(id, byAnn.seq)).toEqual(['bob', 'cat']);
  });

  it('of a reply in a thread are those who follow it, and those whom it mentions', async () => {
    const id = await room();
    const root = await chat.messages.post(bob!, { channelId: id, text: 'root' });
    const thread = { channelId: id, threadSeq: root.seq };
    const first = await chat.messages.post(ann!, { ...thread, text: 'x', mentions: ['dan'] });
    expect(await recipients(id, first.seq)).toEqual(['bob', '@dan']);

    const second = await chat.messages.post(cat!, { ...thread, text: 'y' });
    expect(await recipients(id, second.seq)).toEqual(['ann', 'bob']);
    await chat.pointers.markThread(bob!, { ...thread, seq: second.seq });
    expect(await recipients(id, second.seq)).toEqual(['ann']);
  });

  it('of a message that was deleted or removed are nobody', async () => {
    const id = await room();
    const { seq } = await chat.messages.post(ann!, { channelId: id, text: 'x' });
    await chat.messages.delete(ann!, { channelId: id, seq });

    expect(await recipients(id, seq)).toEqual([]);
    expect(await recipients(id, seq + 1)).toEqual([]);
  });

  it('come in pages', async () => {
    const id = await room();
    const { seq } = await chat.messages.post(ann!, { channelId: id, text: 'x' });
    const place = { channelId: id, seq };
    const one = await chat.history.recipients(chatServer(), place, { limit: 2 });
    const two = await chat.history.recipients(chatServer(), place, { limit: 2, cursor: one.next! });

    expect([one.entries, two.entries].map((page) => page.map(({ userId }) => userId))).toEqual([
      ['bob', 'cat'],
      ['dan'],
    ]);
    expect(two.next).toBeNull();
  });

  it('are told to the server alone, and only of messages of its tenant', async () => {
    const id = await room();
    const { seq } = await chat.messages.post(ann!, { channelId: id, text: 'x' });
    const place = { channelId: id, seq };

    await expect(chat.history.recipients(ann!, place)).rejects.toMatchObject({ code: 'CHAT_FORBIDDEN' });
    const foreign = chatServer({ tenant: 'other' });
    await expect(chat.history.recipients(foreign, place)).rejects.toMatchObject({ code: 'CHAT_NOT_FOUND' });
  });
});
