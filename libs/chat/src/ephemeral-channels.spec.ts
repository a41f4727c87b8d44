import { jest } from '@jest/globals';
import { PresenceService } from '@nestwire/messages';
import { ChatPages, replaceCalls, type Sabotage } from '../../../test/rig/chat-pages.js';
import { describeWithRedis } from '../../../test/rig/redis.js';
import { until } from '../../../test/rig/until.js';
import { ChatService } from './chat.service.js';
import type { ChatRoom, ChatRoomView } from './client.js';
import { chatUser } from './policy/chat-actor.js';
import { chatRoom, ROOM_AGE_MS } from './wire/chat-topics.js';

const ann = chatUser('ann');
const textsOf = ({ items }: ChatRoomView) => items.map(({ message }) => message.text);

/** Lets a client believe that the server has all changes that it missed. */
const unaware = replaceCalls((calls) => ({
  loadChanges: (request: never) => calls.loadChanges(request).then((page) => ({ ...page, isCut: false })),
}));

describeWithRedis('A room whose messages are not stored, on two servers', (redis) => {
  let pages: ChatPages;
  let channelId: string;
  beforeAll(async () => {
    const broker = { redis: redis().url };
    pages = await ChatPages.start([broker, broker], { types: { stage: { ephemeral: true } } });
  });
  beforeEach(async () => {
    const channel = await pages.service.channels.create(ann, { type: 'stage', members: ['bob'] });
    channelId = channel.id;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await pages.closePages();
  });
  afterAll(() => pages.stop());

  async function open(userId: string, server: number, sabotage?: Sabotage) {
    const page = await pages.open(userId, { server, keepMs: 10, ...(sabotage && { sabotage }) });
    const room = page.chat.channel(channelId);
    const leave = room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    return { page, room, leave };
  }

  const shows = (room: ChatRoom, texts: readonly string[]) =>
    until(() => JSON.stringify(textsOf(room.get())) === JSON.stringify(texts)).catch(() =>
      expect(textsOf(room.get())).toEqual(texts),
    );
  const say = (text: string) => pages.service.messages.post(ann, { channelId, text });

  /** Breaks the connection, lets something happen, and connects again. */
  async function away({ page, room }: Awaited<ReturnType<typeof open>>, happen: () => Promise<unknown>) {
    page.link.cut();
    page.link.freeze();
    await until(() => room.get().status === 'reconnecting');
    await happen();
    page.link.resume();
    await until(() => room.get().status === 'live');
  }

  it('shows the posts of both to both, in one order, and to a page that comes later', async () => {
    const [forAnn, forBob] = [await open('ann', 0), await open('bob', 1)];
    for (let at = 0; at < 5; at++) {
      forAnn.room.post({ text: `ann ${at}` });
      forBob.room.post({ text: `bob ${at}` });
    }
    const isDone = ({ room }: typeof forAnn) =>
      room.get().items.length === 10 && room.get().items.every(({ state }) => state === 'stored');
    await until(() => [forAnn, forBob].every(isDone));
    const late = await open('bob', 0);

    expect(textsOf(forBob.room.get())).toEqual(textsOf(forAnn.room.get()));
    expect(textsOf(late.room.get())).toEqual(textsOf(forAnn.room.get()));
    expect(late.room.get()).toMatchObject({ unreadCount: 0, firstUnreadSeq: null, hasOlder: false });
    forAnn.room.typing();
    await until(() => forBob.room.get().typing.some(({ id }) => id === 'ann'));
  });

  it('delivers a post once that is repeated on the other server, and at once on both', async () => {
    const services = pages.servers.map(({ app }) => app.get(ChatService));
    const post = (server: number, clientId: string) =>
      services[server]!.messages.post(ann, { channelId, text: clientId, clientId });
    const [first, second] = [await post(0, 'one'), await post(1, 'one')];
    const both = await Promise.all([post(0, 'two'), post(1, 'two')]);

    expect(second).toEqual(first);
    expect(both[0]).toEqual(both[1]);
    const { messages } = await pages.service.history.page(ann, { channelId });
    expect(messages.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('shows what was posted while a page was away, and moves no pointer', async () => {
    const bob = await open('bob', 1);
    await say('before');
    await shows(bob.room, ['before']);
    bob.room.markRead(1);
    await away(bob, async () => {
      for (const text of ['1', '2', '3']) await say(text);
    });

    await shows(bob.room, ['before', '1', '2', '3']);
    expect(bob.room.get()).toMatchObject({ unreadCount: 0, error: null });
    expect((await pages.service.channels.get(chatUser('bob'), channelId)).membership!.readSeq).toBe(0);
  });

  describe('after Redis has lost its data while a room was closed', () => {
    /** Closes the room of a page, loses a message, and opens the room again. */
    async function reopen({ room, leave }: Awaited<ReturnType<typeof open>>): Promise<void> {
      const presence = pages.servers[1]!.app.get(PresenceService);
      const isPresent = async () => (await presence.list(chatRoom('default', channelId))).length > 0;
      await until(isPresent);
      leave();
      await until(() => room.get().status !== 'live');
      // The server has the stream until it has read that the page closes it.
      await until(async () => !(await isPresent()));
      await say('lost');
      await redis().call('FLUSHALL');
      await say('kept');
      room.subscribe(() => undefined);
      await until(() => room.get().status === 'live');
    }

    it('shows what is kept, without a hidden gap', async () => {
      const bob = await open('bob', 1);
      await say('before');
      await shows(bob.room, ['before']);
      await reopen(bob);

      await shows(bob.room, ['kept']);
    });

    it('would have a hidden gap if the server did not report it', async () => {
      const bob = await open('bob', 1, unaware);
      await say('before');
      await shows(bob.room, ['before']);
      await reopen(bob);

      await shows(bob.room, ['before', 'kept']);
    });
  });

  it('keeps no message for more than ten minutes', async () => {
    await say('old');
    const later = Date.now() + ROOM_AGE_MS + 1;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    const { messages } = await pages.service.history.page(chatUser('bob'), { channelId });

    expect(messages).toEqual([]);
  });

  it('lists the channel without counts, also while messages come', async () => {
    const bob = await pages.open('bob', { server: 1 });
    const { list } = bob.chat;
    list.subscribe(() => undefined);
    const entry = () => list.get().entries.find(({ channel }) => channel.id === channelId);
    await until(() => entry() !== undefined);
    await say('x');
    await until(() => entry()!.channel.lastSeq === 1);

    expect(entry()).toMatchObject({ unreadCount: 0, lastMessage: null, channel: { isEphemeral: true } });
  });
});
