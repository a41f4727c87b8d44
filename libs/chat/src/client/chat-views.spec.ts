import { create } from '@nestwire/protocol';
import { StreamsService } from '@nestwire/streams';
import { ChatPages, replaceCalls, type ChatPage, type Sabotage } from '../../../../test/rig/chat-pages.js';
import { Random } from '../../../../test/rig/compiled/random.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { seedOf } from '../../../../test/rig/seed.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatChanges } from '../wire/chat-replies.js';
import type { ChatRoom, ChatRoomView, ChatTimeline } from './chat-face.js';

const RUNS = Number(process.env.FUZZ_RUNS ?? 1);
const STEPS = 60;
const USERS = ['ann', 'bob'] as const;

/** Lets a client believe that nothing has changed while it was away. */
const withoutChanges = replaceCalls(() => ({
  loadChanges: ({ revision }: { revision: number }) =>
    Promise.resolve(create(ChatChanges, { messages: [], revision, hasMore: false })),
}));

describeWithRedis('The views of two users on two servers', (redis) => {
  let pages: ChatPages;
  beforeAll(async () => {
    const broker = { redis: redis().url };
    pages = await ChatPages.start([broker, broker]);
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  /** A reader of a channel: a page that may leave the channel, lose its connection, or be loaded again. */
  class Reader {
    readonly kept = new Map<string, string>();
    page!: ChatPage;
    isAway = false;
    /** True while the page is loaded again: nobody can use it then. */
    isLoading = false;
    private leave: (() => void)[] = [];

    constructor(
      readonly userId: string,
      readonly channelId: string,
      private readonly options: { readonly server: number; readonly sabotage?: Sabotage },
    ) {}

    get room(): ChatRoom {
      return this.page.chat.channel(this.channelId);
    }

    async load(): Promise<void> {
      const { kept } = this;
      const outbox = {
        get length() {
          return kept.size;
        },
        key: (at: number) => [...kept.keys()][at] ?? null,
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      };
      this.page = await pages.open(this.userId, { ...this.options, outbox, keepMs: 10, maxItems: 40 });
    }

    open(): void {
      if (!this.leave.length)
        this.leave = [this.room, this.room.thread(1), this.page.chat.list].map((store) =>
          store.subscribe(() => undefined),
        );
    }

    /** Leaves the channel while work runs, once at a time. */
    async away(work: () => Promise<unknown>): Promise<void> {
      if (this.isAway) return;
      this.isAway = true;
      this.close();
      await work();
      this.isAway = false;
      this.open();
    }

    async reload(): Promise<void> {
      this.isLoading = true;
      await Promise.all([this.page.close(), this.load()]);
      this.isLoading = false;
    }

    close(): void {
      for (const leave of this.leave.splice(0)) leave();
    }
  }

  async function readers(sabotage?: Sabotage) {
    const { id } = await pages.service.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    await pages.service.messages.post(chatUser('ann'), { channelId: id, text: 'root' });
    const both = USERS.map((userId, server) => new Reader(userId, id, { server, sabotage }));
    for (const reader of both) {
      await reader.load();
      reader.open();
      const { list } = reader.page.chat;
      await until(() => reader.room.get().status === 'live' && list.get().status === 'live');
    }
    return { id, both };
  }

  /** One step of a user; what a cut refuses is allowed. */
  function step(random: Random, reader: Reader, at: number): Promise<unknown> {
    const { room } = reader;
    const stored = room
      .get()
      .items.flatMap(({ message }) => (message.seq === null ? [] : [message as ChatMessage]));
    const any = random.pick([...stored, undefined]);
    const own = stored.filter(({ author, deletedAt }) => author?.id === reader.userId && deletedAt === null);
    const mine = random.pick([...own, undefined]);
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const steps: (() => unknown)[] = [
      () => room.post({ text: `${reader.userId} ${at}` }),
      () => room.post({ text: `${reader.userId} ${at}`, mentions: ['ann', 'bob'] }),
      () => room.thread(1).post({ text: `reply ${at}` }),
      () => mine && room.edit(mine.seq, { text: `edited ${at}` }),
      () => mine && mine.seq > 1 && room.remove(mine.seq),
      () => any && room.react(any.seq, random.pick(['👍', '🎉']), random.below(3) > 0),
      () => any && reader.userId === 'ann' && room.pin(any.seq, random.below(2) > 0),
      () => any && room.markRead(any.seq),
      () => room.loadOlder(),
      () => room.loadNewer(),
      () => room.jumpTo(1 + random.below(60)),
      () => room.jumpToNewest(),
      () => reader.page.link.cut(),
      () => reader.away(() => pause(120)),
      () => reader.away(() => reader.reload()),
      () => pause(random.below(30)),
    ];
    return Promise.resolve(random.pick(steps)()).catch(() => undefined);
  }

  async function history(id: string, threadSeq?: number): Promise<ChatMessage[]> {
    const all: ChatMessage[] = [];
    for (let after = 0; ;) {
      const place = { channelId: id, after, limit: 100, ...(threadSeq !== undefined && { threadSeq }) };
      const { messages, hasNewer } = await pages.service.history.page(chatUser('ann'), place);
      all.push(...messages);
      if (!hasNewer) return all;
      after = all.at(-1)!.seq;
    }
  }

  const storedOf = ({ items }: ChatRoomView) => items.map(({ message }) => message);

  /** Fails unless a view is one part of the history without a gap, up to its end. */
  function compare(timeline: ChatTimeline, all: readonly ChatMessage[]): void {
    const view = timeline.get();
    const shown = storedOf(view);
    const first = all.findIndex(({ seq }) => seq === shown[0]?.seq);
    expect(shown).toEqual(all.slice(Math.max(0, first), Math.max(0, first) + shown.length));
    expect(view.hasOlder).toBe(first > 0);
    expect(view.hasNewer).toBe(shown.at(-1)?.seq !== all.at(-1)?.seq);
  }

  async function rest({ id, both }: Awaited<ReturnType<typeof readers>>): Promise<void> {
    await until(() => both.every(({ isAway }) => !isAway));
    for (const reader of both) reader.open();
    await until(() => both.every(({ room }) => room.get().status === 'live'));
    for (const { room } of both) await room.jumpToNewest();
    const isStored = ({ items }: ChatRoomView) => items.every(({ state }) => state === 'stored');
    await until(() => both.every(({ room }) => isStored(room.get()) && isStored(room.thread(1).get())));
    const [all, thread] = [await history(id), await history(id, 1)];
    const isSame = (room: ChatTimeline, messages: readonly ChatMessage[]) =>
      JSON.stringify(storedOf(room.get()).slice(-20)) === JSON.stringify(messages.slice(-20));
    await until(
      () => both.every(({ room }) => isSame(room, all) && isSame(room.thread(1), thread)),
      3_000,
    ).catch(() => undefined);
    for (const { room, userId, page } of both) {
      compare(room, all);
      compare(room.thread(1), thread);
      const stored = () => pages.service.lists.entry(chatUser(userId), id);
      // The pointer is written some time after the view has it.
      await until(async () => (await stored()).membership.readSeq === room.get().lastReadSeq);
      const entry = await stored();
      await until(() => room.get().unreadCount === entry.unreadCount);
      const { list } = page.chat;
      const ofList = () => list.get().entries.find(({ channel }) => channel.id === id);
      await until(() => ofList()?.unreadCount === entry.unreadCount);
      await until(() => ofList()?.mentionCount === entry.mentionCount);
      await until(() => ofList()?.lastMessage?.seq === entry.lastMessage?.seq);
      expect(ofList()).toMatchObject({
        lastMessage: entry.lastMessage,
        membership: { readSeq: entry.membership.readSeq },
      });
    }
    const posts = [...all, ...thread].flatMap(({ clientId }) => (clientId === null ? [] : [clientId]));
    expect(new Set(posts).size).toBe(posts.length);
  }

  async function run(seed: number): Promise<void> {
    const random = new Random(seed);
    const parts = await readers();
    const posted = new Set<string>();
    for (let at = 0; at < STEPS; at++) {
      const reader = random.pick(parts.both);
      const done = reader.isLoading ? undefined : step(random, reader, at);
      const items = parts.both.flatMap(({ room }) => room.get().items);
      for (const { state, key } of items) if (state === 'pending') posted.add(key);
      if (random.below(3) > 0) await done;
    }
    await rest(parts);
    const stored = new Set((await history(parts.id)).map(({ clientId }) => clientId));
    expect([...posted].filter((clientId) => !stored.has(clientId))).toEqual([]);
  }

  const first = seedOf('chat views');
  it.each(Array.from({ length: RUNS }, (_, at) => first + at))('equal the database at rest, seed %i', run);

  it('would differ if no changes were loaded', async () => {
    const parts = await readers(withoutChanges);
    for (const reader of parts.both) reader.close();
    // Each page has the stream of its user alone, so that none brings what follows.
    await until(() => pages.servers.every((server) => server.get(StreamsService).counters().sessions === 1));
    for (let at = 0; at < 40; at++)
      await pages.service.messages.post(chatUser('ann'), { channelId: parts.id, text: `${at}` });
    await expect(rest(parts)).rejects.toThrow();
  });
});
