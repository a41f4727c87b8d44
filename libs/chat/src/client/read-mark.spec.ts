import { CodedError } from '@nestwire/protocol';
import { ChatPages, replaceCalls } from '../../../../test/rig/chat-pages.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';

/** More than a page of threads has. */
const MANY_THREADS = 60;

describe('The read pointer of a page', () => {
  let pages: ChatPages;
  let channelId: string;

  beforeAll(async () => {
    pages = await ChatPages.start([{}]);
  });
  beforeEach(async () => {
    const members = ['bob', 'cat'];
    channelId = (await pages.service.channels.create(chatUser('ann'), { type: 'private', members })).id;
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  const say = (text: string, threadSeq?: number, userId = 'ann') =>
    pages.service.messages.post(chatUser(userId), { channelId, text, ...(threadSeq && { threadSeq }) });

  it('in a thread is known after a load that has failed', async () => {
    await say('root', undefined, 'bob');
    for (const text of ['one', 'two']) await say(text, 1);
    await pages.service.pointers.markThread(chatUser('bob'), { channelId, threadSeq: 1, seq: 2 });
    let failures = 0;
    const failingOnce = replaceCalls((calls) => ({
      loadThreads: (request: never) =>
        failures++ ? calls.loadThreads(request) : Promise.reject(new CodedError('BUSY', 'not now')),
    }));
    const { chat } = await pages.open('bob', { sabotage: failingOnce });
    const thread = chat.channel(channelId).thread(1);
    thread.subscribe(() => undefined);
    await until(() => thread.get().firstUnreadSeq === 3);
    expect(thread.get()).toMatchObject({ lastReadSeq: 2, unreadCount: 1 });
  });

  it('in a thread is known when many others were active later', async () => {
    for (let at = 1; at <= MANY_THREADS; at++) await say(`root ${at}`, undefined, 'bob');
    for (const text of ['one', 'two']) await say(text, 1);
    const seq = MANY_THREADS + 1;
    await pages.service.pointers.markThread(chatUser('bob'), { channelId, threadSeq: 1, seq });
    for (let at = 2; at <= MANY_THREADS; at++) await say(`reply to ${at}`, at);
    const { chat } = await pages.open('bob');
    const thread = chat.channel(channelId).thread(1);
    thread.subscribe(() => undefined);
    await until(() => thread.get().firstUnreadSeq === seq + 1);
    expect(thread.get().lastReadSeq).toBe(seq);
  });

  it('begins what is new with a message that the room shows', async () => {
    for (let at = 1; at <= 10; at++) await say(`${at}`);
    await pages.service.pointers.mark(chatUser('bob'), channelId, 10);
    await say('a reply', 1);
    await say('own', undefined, 'bob');
    for (let at = 0; at < 60; at++) await say(`new ${at}`);
    await pages.service.pointers.mark(chatUser('bob'), channelId, 10);
    const { readSeq } = (await pages.service.channels.get(chatUser('bob'), channelId)).membership!;
    const room = (await pages.open('bob')).chat.channel(channelId);
    room.subscribe(() => undefined);
    await until(() => room.get().firstUnreadSeq !== null);
    const { firstUnreadSeq } = room.get();
    expect(await room.jumpTo(firstUnreadSeq!)).toBe(true);
    const first = room.get().items.find(({ message }) => message.seq === firstUnreadSeq)!.message;
    expect({ readSeq, text: first.text }).toEqual({ readSeq, text: 'new 0' });
  });

  it('of a former user does not keep the next one from marking', async () => {
    for (const text of ['one', 'two']) await say(text);
    let user = 'bob';
    const answers: (() => void)[] = [];
    const holding = replaceCalls((calls) => ({
      markRead: async (...request: Parameters<typeof calls.markRead>) => {
        const answer = await calls.markRead(...request);
        if (user === 'bob') await new Promise<void>((resolve) => answers.push(resolve));
        return answer;
      },
    }));
    const page = await pages.open('bob', {
      token: () => user,
      user: () => ({ id: user, name: user }),
      sabotage: holding,
    });
    const room = page.chat.channel(channelId);
    room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    room.markRead(2);
    await until(() => answers.length === 1);

    user = 'cat';
    await page.client.authenticate();
    await until(() => room.get().status === 'live' && room.get().lastReadSeq === 0);
    for (const answer of answers) answer();
    await new Promise((resolve) => setImmediate(resolve));
    room.markRead(2);
    await until(async () => (await readOf('cat')) === 2);
  });

  async function readOf(userId: string): Promise<number | undefined> {
    return (await pages.service.channels.get(chatUser(userId), channelId)).membership?.readSeq;
  }
});
