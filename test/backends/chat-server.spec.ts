import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import {
  CHAT_MESSAGES,
  ChatJoined,
  ChatLoadChannels,
  ChatMessageEvent,
  ChatPost,
  type ChatStreams,
} from '@nestwire/chat/client';
import { chatServer, ChatService, chatUser } from '@nestwire/chat';
import { create } from '@nestwire/protocol';
import { TestServer } from '@nestwire/testing';
import { AppModule } from '../../apps/chat-server/src/app.module.js';
import { PICTURES } from '../../apps/chat-server/src/seed/pictures.js';
import { ROOMS } from '../../apps/chat-server/src/seed/rooms.js';
import { describeIfPostgres, PostgresServer } from '../rig/postgres-server.js';
import { findRedis, startRedis, type RedisServer } from '../rig/redis-server.mjs';

const isThere = (await findRedis()) !== undefined;

// Two servers seed the rooms in one process: some seconds, and minutes on a busy machine.
jest.setTimeout(300_000);

(isThere ? describeIfPostgres : describe.skip)('The chat server on PostgreSQL and Redis', () => {
  let folder: string;
  let postgres: PostgresServer;
  let redis: RedisServer;
  let servers: readonly TestServer[] = [];
  let chat: ChatService;

  const startServer = () =>
    TestServer.start({
      imports: [AppModule.forSettings({ folder, redis: redis.url, postgres: postgres.url })],
    });
  const enter = async (name: string, server: TestServer) => {
    const answer = await fetch(new URL('/session', server.url.replace('ws', 'http')), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    const { token, user } = (await answer.json()) as { token: string; user: { id: string } };
    const connect = server.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES });
    return { client: await connect({ auth: () => token }), user, actor: chatUser(user.id) };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-server-'));
    [postgres, redis] = await Promise.all([PostgresServer.start(), startRedis()]);
    // Both servers migrate and seed the empty database at the same time, as in `npm run start:cluster`.
    servers = await Promise.all([startServer(), startServer()]);
    chat = servers[0]!.app.get(ChatService);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all([postgres?.stop(), redis?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('is seeded once by two servers, with threads, reactions, pins and pictures', async () => {
    for (const { id, messages } of ROOMS) {
      const { channel } = await chat.history.page(chatServer(), { channelId: id, limit: 1 });
      expect(channel.lastSeq).toBe(messages.length);
    }
    const all = await Promise.all(
      ROOMS.map(({ id }) => chat.history.page(chatServer(), { channelId: id, limit: 100 })),
    );
    const stored = all.flatMap(({ messages }) => messages);
    const seeded = ROOMS.flatMap(({ messages }) => messages);
    const inRooms = seeded.filter(({ thread }) => thread === undefined);
    const count = <T>(items: readonly T[], isCounted: (item: T) => unknown) => items.filter(isCounted).length;
    expect(count(stored, ({ pinnedAt }) => pinnedAt !== null)).toBe(count(inRooms, (one) => one.isPinned));
    expect(count(stored, ({ attachments }) => attachments.length)).toBe(count(inRooms, (one) => one.picture));
    expect(count(stored, ({ reactions }) => reactions.length)).toBe(count(inRooms, (one) => one.reactions));
    expect(stored.reduce((sum, { replyCount }) => sum + replyCount, 0)).toBe(
      count(seeded, (one) => one.thread),
    );
  });

  it('carries a post from one server to the other', async () => {
    const [ada, grace] = [await enter('Ada', servers[0]!), await enter('Grace', servers[1]!)];
    const [here, there] = [ada, grace].map(({ client }) => client.chatChannel({ channelId: 'lobby' }));
    await Promise.all([here!.next(ChatJoined), there!.next(ChatJoined)]);
    await here!.post(create(ChatPost, { clientId: 'first', text: 'Stored in PostgreSQL' }));

    const { message } = await there!.next(ChatMessageEvent, {
      where: ({ message: { text } }) => text === 'Stored in PostgreSQL',
    });
    expect(message.author).toMatchObject({ id: ada.user.id });
  });

  it('finds words in messages and threads, only where the user is a member', async () => {
    const { actor } = await enter('Edsger', servers[1]!);
    const { messages } = chat;
    const { seq } = await messages.post(actor, { channelId: 'lobby', clientId: 'a', text: 'Zebras graze' });
    await messages.post(actor, { channelId: 'lobby', clientId: 'b', text: 'zebras sleep', threadSeq: seq });
    const inRoom = async (who = actor) =>
      (await chat.search.find(who, { text: 'zebras', mode: 'words' })).messages.map(({ text }) => text);

    expect(await inRoom()).toEqual(['zebras sleep', 'Zebras graze']);
    expect((await chat.search.find(actor, { text: 'zebra', mode: 'words' })).messages).toEqual([]);
    expect(await inRoom(chatUser('stranger'))).toEqual([]);
  });

  it('serves an attached picture with its preview', async () => {
    const { actor } = await enter('Hedy', servers[0]!);
    const place = { channelId: 'lobby', clientId: 'picture' };
    const bytes = PICTURES['sunrise.png']();
    const { id } = await chat.attachments.upload(actor, { ...place, name: 'sunrise.png', bytes });
    const { attachments } = await chat.messages.post(actor, { ...place, text: '', attachmentIds: [id] });

    // The other server serves it too: the signature and the files are those of the cluster.
    const answer = await fetch(new URL(attachments[0]!.url, servers[1]!.url.replace('ws', 'http')));
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('lets the assistant answer once, word by word', async () => {
    const { client } = await enter('Alan', servers[1]!);
    const { entries } = await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    const { channel } = entries.find((entry) => entry.channel.type === 'direct')!;
    const direct = client.chatChannel({ channelId: channel.id });
    await direct.next(ChatJoined);
    await direct.post(create(ChatPost, { clientId: 'q', text: 'hello' }));

    const { message } = await direct.next(ChatMessageEvent, {
      where: ({ message: { author, growth } }) => author?.id === 'wren' && growth?.isGrowing === false,
    });
    expect(message.text).toMatch(/^Hello!.*word by word.$/);
    const page = await chat.history.page(chatServer(), { channelId: channel.id, limit: 100 });
    expect(page.messages.filter(({ growth }) => growth)).toHaveLength(1);
  });

  it('erases a user and keeps the numbers of the messages', async () => {
    const { actor, user } = await enter('Mallory', servers[0]!);
    const { seq } = await chat.messages.post(actor, {
      channelId: 'lobby',
      clientId: 'secret',
      text: 'A secret',
    });
    expect(await chat.privacy.erase(chatServer(), user.id)).toBeGreaterThan(0);

    const message = await chat.history.get(chatServer(), { channelId: 'lobby', seq });
    expect(message).toMatchObject({ seq, author: null, text: null });
  });
});
