import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CHAT_MESSAGES,
  ChatJoined,
  ChatLoadChannels,
  ChatMessageEvent,
  ChatPost,
  ChatSetBlock,
  type ChatStreams,
} from '@nestwire/chat/client';
import { ChatService, chatServer } from '@nestwire/chat';
import { create } from '@nestwire/protocol';
import { TestServer, type Connect } from '@nestwire/testing';
import { AppModule } from './app.module.js';
import { ROOMS } from './seed/rooms.js';
import { Seed } from './seed/seed.js';

describe('The chat server', () => {
  let folder: string;
  let server: TestServer;
  let connect: Connect<ChatStreams>;

  const signIn = (name: string, url = server.url) =>
    fetch(new URL('/session', url.replace('ws', 'http')), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    });
  const enter = async (name: string) => {
    const { token, user } = (await (await signIn(name)).json()) as {
      token: string;
      user: { id: string; name: string };
    };
    return { client: await connect({ auth: () => token }), user, token };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-server-'));
    const settings = { folder, redis: undefined, postgres: undefined };
    server = await TestServer.start({ imports: [AppModule.forSettings(settings)] });
    connect = server.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES });
    // The seed takes long on a busy machine.
  }, 180_000);
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('seeds each room once, in the order of time', async () => {
    await server.app.get(Seed).onApplicationBootstrap();
    for (const { id, messages } of ROOMS) {
      const page = await server.app
        .get(ChatService)
        .history.page(chatServer(), { channelId: id, limit: 100 });
      const times = page.messages.map(({ createdAt }) => createdAt);

      expect(page.channel.lastSeq).toBe(messages.length);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  it('brings a visitor into the rooms, with a message of the assistant', async () => {
    const { client, user } = await enter('José Ñ.');
    const { entries } = await client.chatUser.loadChannels(create(ChatLoadChannels, {}));

    expect(user.name).toBe('José Ñ.');
    expect(entries).toHaveLength(ROOMS.length + 1);
    expect(entries.find(({ channel }) => channel.id === 'lobby')).toMatchObject({ mentionCount: 1 });
    expect(entries.find(({ channel }) => channel.type === 'direct')).toMatchObject({ unreadCount: 2 });
  });

  it('answers a visitor once in a direct channel', async () => {
    const { client } = await enter('Ada');
    const { entries } = await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    const { channel } = entries.find((entry) => entry.channel.type === 'direct')!;
    const direct = client.chatChannel({ channelId: channel.id });
    await direct.next(ChatJoined);
    await direct.post(create(ChatPost, { clientId: 'q', text: 'hello' }));

    const answer = await direct.next(ChatMessageEvent, {
      where: ({ message }) => message.author?.id === 'wren' && message.growth?.isGrowing === false,
    });
    expect(answer.message).toMatchObject({ replyTo: channel.lastSeq + 1 });
    expect(answer.message.text).toMatch(/^Hello!.*word by word.$/);
  });

  it.each(['', '<script>', ' ', 'x'.repeat(25)])('refuses the name %j', async (name) => {
    expect((await signIn(name)).status).toBe(400);
  });

  it('tells a user whom the user has blocked, and nobody without a token', async () => {
    const { client, token } = await enter('Blocker');
    const other = await enter('Loud');
    await client.chatUser.setBlock(create(ChatSetBlock, { userId: other.user.id, isBlocked: true }));
    const blocksOf = (value: string) =>
      fetch(new URL('/blocks', server.url.replace('ws', 'http')), { headers: { authorization: value } });

    expect(await (await blocksOf(`Bearer ${token}`)).json()).toEqual([other.user.id]);
    expect(await (await blocksOf(`Bearer ${other.token}`)).json()).toEqual([]);
    expect((await blocksOf('Bearer x.y')).status).toBe(401);
    expect((await blocksOf('')).status).toBe(401);
  });

  it('refuses a token that somebody has changed', async () => {
    const { token } = await enter('Mallory');
    const [body] = token.split('.');
    const forged = Buffer.from(body!, 'base64url').toString().replace('Mallory', 'Nallory');
    const other = `${Buffer.from(forged).toString('base64url')}.${token.split('.')[1]}`;

    await expect(connect({ auth: () => other })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});
