import { create } from '@nestwire/protocol';
import { ChatPages } from '../../../../test/rig/chat-pages.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';
import { ChatMarkRead } from '../wire/chat-requests.js';
import type { ChatClock } from './chat-client.js';
import type { ChatRoom, ChatRoomView } from './chat-face.js';

describe('A chat of a page', () => {
  let pages: ChatPages;

  beforeAll(async () => {
    pages = await ChatPages.start([{}]);
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  const textsOf = ({ items }: ChatRoomView) => items.map(({ message }) => message.text);

  async function channelOf(...members: string[]): Promise<string> {
    const [owner, ...others] = members;
    const { id } = await pages.service.channels.create(chatUser(owner!), {
      type: 'private',
      members: others,
    });
    return id;
  }

  const say = (userId: string, channelId: string, text: string) =>
    pages.service.messages.post(chatUser(userId), { channelId, text });

  async function live(room: ChatRoom): Promise<() => void> {
    const leave = room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    return leave;
  }

  it('shows the messages of a room, and those that follow', async () => {
    const channelId = await channelOf('ann', 'bob');
    await say('ann', channelId, 'before');
    const [ann, bob] = [await pages.open('ann'), await pages.open('bob')];
    const [forAnn, forBob] = [ann.chat.channel(channelId), bob.chat.channel(channelId)];
    await Promise.all([live(forAnn), live(forBob)]);
    expect(textsOf(forBob.get())).toEqual(['before']);

    const key = forAnn.post({ text: 'hello' });
    expect(forAnn.get().items.at(-1)).toMatchObject({
      key,
      state: 'pending',
      message: { text: 'hello', seq: null },
    });
    await until(() => forAnn.get().items.at(-1)!.state === 'stored');
    await until(() => forBob.get().items.length === 2);

    expect(forAnn.get().items.at(-1)).toMatchObject({ key, message: { text: 'hello', seq: 2 } });
    expect(forBob.get()).toMatchObject({ unreadCount: 2, firstUnreadSeq: 1 });
  });

  it('fills what it missed while it was away, also in threads', async () => {
    const channelId = await channelOf('ann', 'bob');
    await say('ann', channelId, 'root');
    const bob = await pages.open('bob');
    const room = bob.chat.channel(channelId);
    const thread = room.thread(1);
    await live(room);
    thread.subscribe(() => undefined);
    await until(() => thread.get().status === 'live');
    bob.link.cut();
    bob.link.freeze();
    await until(() => room.get().status === 'reconnecting');
    for (let at = 0; at < 3; at++) await say('ann', channelId, `missed ${at}`);
    await pages.service.messages.post(chatUser('ann'), { channelId, text: 'reply', threadSeq: 1 });
    bob.link.resume();
    await until(() => room.get().status === 'live' && room.get().items.length === 4);
    await until(() => thread.get().items.length === 1);

    expect(textsOf(room.get())).toEqual(['root', 'missed 0', 'missed 1', 'missed 2']);
    expect(textsOf(thread.get())).toEqual(['reply']);
    expect(room.get().items[0]!.message.replyCount).toBe(1);
  });

  it('pages through a long history, jumps, and keeps a bounded window', async () => {
    const channelId = await channelOf('ann');
    for (let at = 1; at <= 130; at++) await say('ann', channelId, `${at}`);
    const ann = await pages.open('ann', { maxItems: 80 });
    const room = ann.chat.channel(channelId);
    await live(room);
    for (let page = 0; page < 3; page++) await room.loadOlder();
    expect(room.get()).toMatchObject({ hasNewer: true });
    expect(room.get().items).toHaveLength(80);
    await say('ann', channelId, 'new');
    expect(await room.jumpTo(5)).toBe(true);
    await room.jumpToNewest();
    expect(textsOf(room.get()).at(-1)).toBe('new');
    expect(room.get().hasNewer).toBe(false);
  });

  it('lists the channels with what is unread', async () => {
    const channelId = await channelOf('cat', 'dan');
    await say('cat', channelId, 'one');
    const dan = await pages.open('dan');
    const { list } = dan.chat;
    list.subscribe(() => undefined);
    await until(() => list.get().status === 'live');
    expect(list.get()).toMatchObject({
      unreadTotal: 1,
      entries: [{ channel: { id: channelId }, unreadCount: 1 }],
    });
    const room = dan.chat.channel(channelId);
    await live(room);
    room.markRead(1);
    await until(() => list.get().unreadTotal === 0);
  });

  it('shows the rights of the user, also after another role', async () => {
    const channelId = await channelOf('ann', 'bob');
    const bob = await pages.open('bob');
    const room = bob.chat.channel(channelId);
    await live(room);
    expect(room.get().rights).toMatchObject({ isModerator: false });
    expect(room.get().rights!.actions).toContain('message.post');
    expect(room.get().rights!.actions).not.toContain('message.pin');

    await pages.service.channels.setRole(chatUser('ann'), channelId, { userId: 'bob', role: 'moderator' });
    await until(() => room.get().rights?.isModerator === true);
    expect(room.get().rights!.actions).toContain('message.pin');
  });

  it('has no timers after it is closed, although the pointer could not be written', async () => {
    const channelId = await channelOf('ann', 'bob');
    await say('ann', channelId, 'unread');
    const timers = new Set<object>();
    const clock: ChatClock = {
      now: () => Date.now(),
      after(delayMs, run) {
        const end = () => timers.delete(timer);
        const timer = setTimeout(() => (end(), run()), delayMs).unref();
        timers.add(timer);
        return () => (end(), clearTimeout(timer));
      },
    };
    const { chat, client } = await pages.open('bob', { clock });
    const room = chat.channel(channelId);
    await live(room);
    room.markRead(1);
    expect(timers.size).toBeGreaterThan(0);
    // The call of the pointer begins with the end of the room, and the client ends it.
    const calls = client.chatChannel({ channelId });
    chat.close();
    await client.close();
    await expect(calls.markRead(create(ChatMarkRead, { seq: 1 }))).rejects.toMatchObject({
      code: 'CLIENT_CLOSED',
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers.size).toBe(0);
  });
});
