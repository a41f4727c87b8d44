import { createMessageId } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { StreamAuthenticator, type StreamHandshake, type StreamUser } from '@nestwire/streams';
import { startChatServers, type ChatServers } from '../../../test/rig/chat-servers.js';
import { describeWithRedis } from '../../../test/rig/redis.js';
import { until } from '../../../test/rig/until.js';
import {
  ChatCreate,
  ChatJoin,
  ChatJoined,
  ChatLoadPage,
  ChatMarkRead,
  ChatMessageEvent,
  ChatPost,
  type ChatMessage,
} from './client.js';
import { ChatHooks, type ChatDraft, type ChatVerdict } from './messages/chat-hooks.js';
import { chatServer, chatUser } from './policy/chat-actor.js';

const [ann, bob] = ['ann', 'bob'].map((id) => chatUser(id));

class Censor extends ChatHooks {
  override willSend({ text }: ChatDraft): ChatVerdict {
    return text.includes('spam') ? { refuse: 'No advertising here.' } : undefined;
  }
}

/** A token is the id of its user. */
class Tokens extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}

const post = (text: string, clientId = createMessageId()) => create(ChatPost, { clientId, text });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

// The defects of the chat module of Serverpod 0.9.7 to 2, in the order of the research.
describeWithRedis('The chat has none of the twelve defects:', (redis) => {
  let started: ChatServers;
  let chat: ChatServers['chat'];
  beforeAll(async () => {
    started = await startChatServers(
      redis().url,
      { guests: true, hooks: Censor, limits: { changesPerWindow: 20 } },
      { authenticator: Tokens },
    );
    ({ chat } = started);
  });
  afterAll(() => started.close());

  const connect = (id: string | null, server = 0) => started.connect[server]!({ auth: () => id });
  const roomOf = async (...members: string[]) =>
    (await chat.channels.create(ann!, { type: 'private', members })).id;
  /** The server posts, which no rate limits. */
  const say = (channelId: string, text: string) =>
    chat.messages.post(chatServer({ userId: 'ann' }), { channelId, text });
  const textOf = ({ message }: ChatMessageEvent) => message.text;

  it('1. leaving a channel ends this one, and no other', async () => {
    const [left, kept] = [await roomOf('bob'), await roomOf('bob')];
    const client = await connect('bob');
    const [fromLeft, fromKept] = [left, kept].map((channelId) => client.chatChannel({ channelId }));
    await Promise.all([fromLeft!.next(ChatJoined), fromKept!.next(ChatJoined)]);
    await client.chatUser.setMembership(create(ChatJoin, { channelId: left, isMember: false }));
    await say(left, 'after the leave');
    await say(kept, 'still here');

    expect(textOf(await fromKept!.next(ChatMessageEvent))).toBe('still here');
    expect(fromLeft!.unread.filter((event) => event instanceof ChatMessageEvent)).toEqual([]);
    expect(await codeOf(fromLeft!.loadPage(create(ChatLoadPage, {})))).toBe('CHAT_NOT_FOUND');
  });

  it('2. joining twice gives each message once', async () => {
    const id = await roomOf();
    const client = await connect('ann');
    await Promise.all(
      [1, 2, 3].map(() => client.chatUser.setMembership(create(ChatJoin, { channelId: id, isMember: true }))),
    );
    const [first, second] = [client.chatChannel({ channelId: id }), client.chatChannel({ channelId: id })];
    await Promise.all([first.open(), second.open()]);
    await say(id, 'one');
    await say(id, 'two');
    await first.next(ChatMessageEvent, { where: ({ message }) => message.text === 'two' });

    expect(first).toBe(second);
    expect(first.unread.filter((event) => event instanceof ChatMessageEvent)).toHaveLength(1);
    expect((await chat.channels.get(ann!, id)).channel.memberCount).toBe(1);
  });

  it('3. no message is missing or doubled around the first page', async () => {
    const id = await roomOf('bob');
    let isDone = false;
    const posting = (async () => {
      for (let at = 1; !isDone; at++) await say(id, `${at}`);
    })();
    await until(async () => (await chat.channels.get(ann!, id)).channel.lastSeq > 3);
    const stream = (await connect('bob', 1)).chatChannel({ channelId: id });
    const page = await stream.next(ChatJoined, { withinMs: 20_000 }).finally(() => (isDone = true));
    await posting;
    const { lastSeq } = (await chat.channels.get(ann!, id)).channel;
    const states = new Map<string, ChatMessage>();
    const keep = (message: ChatMessage) => states.set(`${message.seq}.${message.revision}`, message);
    page.messages.forEach(keep);
    while (Math.max(...[...states.values()].map(({ seq }) => seq)) < lastSeq)
      keep((await stream.next(ChatMessageEvent)).message);

    const seqs = [...states.values()].map(({ seq }) => seq).toSorted((a, b) => a - b);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, at) => seqs[0]! + at));
  });

  it('4. a sign-in on an open connection acts as the new user from then on', async () => {
    const id = await roomOf('bob');
    let token: string | null = null;
    const client = await started.connect[0]!({ auth: () => token });
    const stream = client.chatChannel({ channelId: id });
    expect(await codeOf(stream.post(post('as a guest')))).toBe('CHAT_NOT_FOUND');
    token = 'bob';
    await client.authenticate();

    const { message } = await client.chatChannel({ channelId: id }).post(post('as bob'));
    expect(message.author).toEqual({ id: 'bob', name: 'The bob' });
  });

  it('5. a client that was cut is in its channels again, with all that it missed', async () => {
    const id = await roomOf('bob');
    const stream = (await connect('bob', 1)).chatChannel({ channelId: id });
    await stream.next(ChatJoined);
    started.servers[1]!.dropConnections();
    await say(id, 'while it was away');

    await stream.next(ChatJoined);
    await say(id, 'after the return');
    await stream.next(ChatMessageEvent, { where: ({ message }) => message.text === 'after the return' });
    const { messages } = await stream.loadPage(create(ChatLoadPage, {}));
    expect(messages.map(({ text }) => text)).toEqual(['while it was away', 'after the return']);
  });

  it('6. each post is answered: stored, or refused with a code and a reason', async () => {
    const id = await roomOf('bob');
    const client = await connect('bob');
    const stream = client.chatChannel({ channelId: id });
    const foreign = client.chatChannel({ channelId: await roomOf() });

    expect((await stream.post(post('fine'))).message).toMatchObject({ seq: 1, text: 'fine' });
    expect(await codeOf(foreign.post(post('x')))).toBe('CHAT_NOT_FOUND');
    await expect(stream.post(post('spam'))).rejects.toMatchObject({
      code: 'CHAT_REFUSED',
      message: 'No advertising here.',
    });
  });

  it('7. a repeated post is stored once, and client ids of two users do not collide', async () => {
    const id = await roomOf('bob');
    const streams = await Promise.all(
      (['ann', 'ann', 'bob'] as const).map(async (user, at) =>
        (await connect(user, at % 2)).chatChannel({ channelId: id }),
      ),
    );
    const stored = await Promise.all(streams.map((stream) => stream.post(post('hello', 'same'))));
    const [phone, laptop, other] = stored.map(({ message }) => message);

    expect(phone!.seq).toBe(laptop!.seq);
    expect(other!.seq).not.toBe(phone!.seq);
    expect(other!.author!.id).toBe('bob');
    expect((await chat.history.page(ann!, { channelId: id })).messages).toHaveLength(2);
  });

  it('8. a post names only files that its author has uploaded to the channel', async () => {
    const id = await roomOf('bob');
    const stream = (await connect('bob')).chatChannel({ channelId: id });
    for (const attachmentId of ['unknown', 'https://example.org/a.png', '../../etc/passwd'])
      expect(
        await codeOf(
          stream.post(
            create(ChatPost, { clientId: createMessageId(), text: 'x', attachmentIds: [attachmentId] }),
          ),
        ),
      ).toMatch(/^(CHAT_|INVALID_MESSAGE)/);

    expect((await chat.channels.get(ann!, id)).channel.lastSeq).toBe(0);
  });

  it('9. no private field of a user leaves the server', async () => {
    const id = await roomOf('bob');
    const stream = (await connect('bob')).chatChannel({ channelId: id });
    await stream.next(ChatJoined);
    await say(id, 'hello');
    const event = await stream.next(ChatMessageEvent);
    const page = await stream.loadPage(create(ChatLoadPage, {}));

    expect(event.message.author).toEqual({ id: 'ann', name: 'The ann' });
    expect(JSON.stringify([event, page])).not.toContain('secret.example');
  });

  it('10. times are of one clock, and lengths and rates have limits', async () => {
    const id = await roomOf('talker');
    const stream = (await connect('talker')).chatChannel({ channelId: id });
    const before = Date.now();
    const { message } = await stream.post(post('now'));

    expect(message.createdAt).toBeGreaterThanOrEqual(before);
    expect(message.createdAt).toBeLessThanOrEqual(Date.now());
    expect(await codeOf(stream.post(post('x'.repeat(4_001))))).toBe('CHAT_LIMIT_EXCEEDED');
    const codes: string[] = [];
    for (let at = 0; at < 25; at++) codes.push(await codeOf(stream.post(post('again'))));
    expect(codes.filter((code) => code === 'none')).toHaveLength(19);
    expect(new Set(codes)).toEqual(new Set(['none', 'CHAT_RATE_LIMITED']));
  });

  it('11. guests of different servers differ, remain the same, and are no users', async () => {
    const { id } = await chat.channels.create(ann!, { type: 'support' });
    const clients = await Promise.all([connect(null, 0), connect(null, 1)]);
    const asGuests = await Promise.all(
      clients.map(async (client) => {
        const { channel } = await client.chatUser.createChannel(create(ChatCreate, { type: 'support' }));
        const { message } = await client.chatChannel({ channelId: channel.id }).post(post('help'));
        return message.author!;
      }),
    );
    started.servers[0]!.dropConnections();
    const { channel } = await clients[0]!.chatUser.createChannel(create(ChatCreate, { type: 'support' }));
    const again = await clients[0]!.chatChannel({ channelId: channel.id }).post(post('again'));

    expect(asGuests[0]!.id).not.toBe(asGuests[1]!.id);
    expect(again.message.author).toEqual(asGuests[0]);
    for (const author of asGuests)
      expect(author).toMatchObject({ isGuest: true, name: expect.stringMatching(/^The guest:/) as string });
    expect(() => chatUser(asGuests[0]!.id)).toThrow(
      expect.objectContaining({ code: 'CHAT_INVALID' }) as Error,
    );
    expect(await codeOf(clients[1]!.chatChannel({ channelId: id }).post(post('x')))).toBe('CHAT_NOT_FOUND');
  });

  it('12. read pointers that several devices move at once end at the highest', async () => {
    const id = await roomOf('bob');
    for (let at = 0; at < 6; at++) await say(id, `${at}`);
    const streams = await Promise.all(
      [0, 1].map(async (server) => (await connect('bob', server)).chatChannel({ channelId: id })),
    );
    await Promise.all(
      [3, 6, 1, 5, 2, 4].map((seq, at) => streams[at % 2]!.markRead(create(ChatMarkRead, { seq }))),
    );

    expect((await chat.channels.get(bob!, id)).membership).toMatchObject({ readSeq: 6 });
  });
});
