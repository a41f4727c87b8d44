import { ChatPages } from '../../../../test/rig/chat-pages.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatTimeline } from './chat-face.js';

/** A port at which nobody listens. */
const NOBODY = 1;

describe('A thread on two devices of a user', () => {
  let pages: ChatPages;
  let channelId: string;

  beforeAll(async () => {
    pages = await ChatPages.start([{}]);
  });
  beforeEach(async () => {
    const members = ['bob', 'cat'];
    const { id } = await pages.service.channels.create(chatUser('ann'), { type: 'private', members });
    channelId = id;
    await pages.service.messages.post(chatUser('bob'), { channelId, text: 'root' });
    for (const text of ['one', 'two'])
      await pages.service.messages.post(chatUser('ann'), { channelId, text, threadSeq: 1 });
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  /** Opens the thread on a device. */
  async function device(userId: string) {
    const page = await pages.open(userId);
    const thread: ChatTimeline = page.chat.channel(channelId).thread(1);
    thread.subscribe(() => undefined);
    await until(() => thread.get().status === 'live' && thread.get().unreadCount === 2);
    return { page, thread };
  }

  it('is read on both when it is read on one, and not for others', async () => {
    const [phone, laptop, ofCat] = await Promise.all([device('bob'), device('bob'), device('cat')]);
    phone.thread.markRead(2);
    await until(() => laptop.thread.get().unreadCount === 1);
    phone.thread.markRead(3);
    await until(() => laptop.thread.get().unreadCount === 0);
    expect(laptop.thread.get().lastReadSeq).toBe(3);

    await pages.service.messages.post(chatUser('ann'), { channelId, text: 'three', threadSeq: 1 });
    await until(() => ofCat.thread.get().unreadCount === 3);
    await until(() => laptop.thread.get().unreadCount === 1);
  });

  it('is read up to the first own reply on both, as the server counts', async () => {
    const [phone, laptop] = await Promise.all([device('cat'), device('cat')]);
    await pages.service.messages.post(chatUser('cat'), { channelId, text: 'mine', threadSeq: 1 });
    await until(() => [phone, laptop].every(({ thread }) => thread.get().unreadCount === 0));
    expect([phone.thread.get().lastReadSeq, laptop.thread.get().lastReadSeq]).toEqual([4, 4]);

    const { entries } = await pages.service.history.threads(chatUser('cat'), { channelId });
    expect(entries.map(({ readSeq, unreadCount }) => [readSeq, unreadCount])).toEqual([[4, 0]]);
  });

  it('is read on a device that was away meanwhile', async () => {
    const [phone, laptop] = await Promise.all([device('bob'), device('bob')]);
    const { link, client } = laptop.page;
    const server = link.target;
    link.target = NOBODY;
    link.cut();
    await until(() => laptop.thread.get().status === 'reconnecting');
    phone.thread.markRead(3);
    await until(async () => (await stored()) === 3);
    expect(laptop.thread.get().unreadCount).toBe(2);
    link.target = server;
    void client.connectWebSocket();
    await until(() => laptop.thread.get().status === 'live' && laptop.thread.get().unreadCount === 0);
  });

  it('does not become unread again by a device with an older pointer', async () => {
    const [phone, laptop] = await Promise.all([device('bob'), device('bob')]);
    phone.thread.markRead(3);
    await until(() => laptop.thread.get().unreadCount === 0);
    await pages.service.pointers.markThread(chatUser('bob'), { channelId, threadSeq: 1, seq: 2 });
    await pages.service.messages.post(chatUser('ann'), { channelId, text: 'three', threadSeq: 1 });
    await until(() => laptop.thread.get().unreadCount === 1);
    expect([phone.thread.get().lastReadSeq, laptop.thread.get().lastReadSeq]).toEqual([3, 3]);
  });

  it('tells its first unread reply, although the page reads it at once', async () => {
    const former = await device('bob');
    former.thread.markRead(2);
    await until(async () => (await stored()) === 2);
    await former.page.close();

    const { chat } = await pages.open('bob');
    const thread = chat.channel(channelId).thread(1);
    thread.subscribe(() => thread.markRead(thread.get().items.at(-1)?.message.seq ?? 0));
    await until(() => thread.get().firstUnreadSeq === 3 && thread.get().unreadCount === 0);
    await until(async () => (await stored()) === 3);
  });

  it('is read when it closes at once', async () => {
    const { chat } = await pages.open('bob');
    const thread = chat.channel(channelId).thread(1);
    const stop = thread.subscribe(() => undefined);
    await until(() => thread.get().items.length === 2);
    thread.markRead(3);
    stop();
    await until(async () => (await stored()) === 3);
  });

  async function stored(): Promise<number | undefined> {
    const { entries } = await pages.service.history.threads(chatUser('bob'), { channelId });
    return entries.find(({ root }) => root.seq === 1)?.readSeq;
  }
});
