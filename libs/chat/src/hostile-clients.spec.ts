import { StreamAuthenticator, type StreamHandshake, type StreamUser } from '@nestwire/streams';
import { startChatServers, type ChatServers } from '../../../test/rig/chat-servers.js';
import { RawSocket } from '../../../test/rig/raw-socket.js';
import { describeWithRedis } from '../../../test/rig/redis.js';
import { ChatJoined, ChatMessageEvent } from './client.js';
import { chatServer, chatUser, type ChatActor } from './policy/chat-actor.js';
import { TestUsers } from '../../../test/rig/chat-app.js';

const ann = chatUser('ann');

/** A token is the id of its user, and may have a tenant. */
class Tokens extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}

/** Users whose id ends with a tenant, such as `ann@other`. */
class TenantUsers extends TestUsers {
  override actorOf({ id }: { readonly id: string }): ChatActor {
    const [userId, tenant] = id.split('@');
    return chatUser(userId!, tenant);
  }
}

/** A client that writes its frames itself. */
class Attacker {
  private lastId = 0;

  private constructor(private readonly socket: RawSocket) {}

  static async connect(port: number, token?: string): Promise<Attacker> {
    return new Attacker(await RawSocket.hello(port, token));
  }

  /** Connects without a credential, with a client id of its own. */
  static async guest(port: number, client: string): Promise<Attacker> {
    const socket = await RawSocket.upgrade(port);
    socket.sendJson({ t: 'hello', v: 1, client });
    await socket.frame('welcome');
    return new Attacker(socket);
  }

  /** Opens a stream; returns `opened` or the code of the error. */
  async open(endpoint: string, params?: object): Promise<string> {
    const id = ++this.lastId;
    this.socket.sendJson({ t: 'open', id, endpoint, ...(params && { stream: streamOf(params), params }) });
    return this.answer(id, 'opened');
  }

  /** Calls a method; returns `reply` or the code of the error. */
  async call(stream: string, method: string, type: string, data: object): Promise<string> {
    const id = ++this.lastId;
    this.socket.sendJson({ t: 'call', id, stream, method, type: `nestwire-chat.${type}`, data, window: 1 });
    return this.answer(id, 'reply');
  }

  private async answer(id: number, success: string): Promise<string> {
    const find = () =>
      this.socket.frames.find((frame) => frame.id === id || frame.call === id) as
        { readonly t: string; readonly error?: { readonly code: string } } | undefined;
    await this.socket.until(() => find() !== undefined);
    const { t, error } = find()!;
    return t === 'error' ? error!.code : t === success ? t : `unexpected ${t}`;
  }
}

const streamOf = ({ channelId }: { channelId?: string }) => `#${channelId}`;
const posted = (text: string) => ({ clientId: `c${Math.random().toString(36).slice(2)}`, text });

describeWithRedis('A hostile client', (redis) => {
  let started: ChatServers;
  let chat: ChatServers['chat'];
  let room: string;
  let stream: string;
  beforeAll(async () => {
    started = await startChatServers(
      redis().url,
      {
        guests: true,
        users: TenantUsers,
        limits: { changesPerWindow: 20 },
        types: { stage: { ephemeral: true } },
      },
      { authenticator: Tokens },
    );
    ({ chat } = started);
    room = (await chat.channels.create(ann, { type: 'private', members: ['bob', 'mallory', 'flood'] })).id;
    stream = streamOf({ channelId: room });
    await chat.messages.post(chatServer({ userId: 'ann' }), { channelId: room, text: 'a message of ann' });
  });
  afterEach(async () => {
    RawSocket.destroyAllBut();
    const { messages, channel } = await chat.history.page(ann, { channelId: room });
    expect(messages[0]).toMatchObject({ text: 'a message of ann', version: 1, reactions: [] });
    expect(channel).toMatchObject({ name: null, frozenAt: null, archivedAt: null });
  });
  afterAll(() => started.close());

  const port = () => Number(new URL(started.servers[1]!.url).port);
  const attack = (token?: string) => Attacker.connect(port(), token);

  it('gets no channel in which it is no member', async () => {
    const eve = await attack('eve');

    expect(await eve.open('chatChannel', { channelId: room })).toBe('CHAT_NOT_FOUND');
    expect(await eve.call(stream, 'post', 'post', posted('x'))).not.toBe('reply');
    expect(await eve.open('chatUser')).toBe('opened');
    for (const [method, type, data] of [
      ['loadEntry', 'load-entry', { channelId: room }],
      ['setMembership', 'join', { channelId: room, isMember: true }],
      ['find', 'search', { text: 'message', channelId: room }],
    ] as const)
      expect(await eve.call('chatUser', method, type, data)).toBe('CHAT_NOT_FOUND');
  });

  it('neither posts to nor reads a channel without stored messages that it has not joined', async () => {
    const { id } = await chat.channels.create(ann, { type: 'stage', members: ['mallory'] });
    const stage = streamOf({ channelId: id });
    const [eve, mallory] = [await attack('eve'), await attack('mallory')];
    expect(await eve.open('chatChannel', { channelId: id })).toBe('CHAT_NOT_FOUND');
    for (const [method, type, data] of [
      ['post', 'post', posted('x')],
      ['loadPage', 'load-page', {}],
      ['loadChanges', 'load-changes', { revision: 0 }],
    ] as const)
      expect(await eve.call(stage, method, type, data)).not.toBe('reply');
    await mallory.open('chatChannel', { channelId: id });

    for (const [method, type, data] of [
      ['edit', 'edit', { seq: 1, text: 'forged' }],
      ['remove', 'delete', { seq: 1 }],
      ['react', 'react', { seq: 1, emoji: 'x', isSet: true }],
      ['markRead', 'mark-read', { seq: 99 }],
      ['report', 'report', { seq: 1, reason: 'x' }],
    ] as const)
      expect([method, await mallory.call(stage, method, type, data)]).toEqual([method, 'CHAT_EPHEMERAL']);
    expect(await mallory.call(stage, 'post', 'post', posted('mine'))).toBe('reply');
    const { messages } = await chat.history.page(ann, { channelId: id });
    expect(messages.map(({ text }) => text)).toEqual(['mine']);
  });

  it('changes nothing of others, and takes no rights', async () => {
    const mallory = await attack('mallory');
    expect(await mallory.open('chatChannel', { channelId: room })).toBe('opened');

    for (const [method, type, data] of [
      ['edit', 'edit', { seq: 1, text: 'forged' }],
      ['remove', 'delete', { seq: 1 }],
      ['pin', 'pin', { seq: 1, isPinned: true }],
      ['loadVersions', 'load-versions', { seq: 1 }],
      ['setMember', 'set-member', { userId: 'mallory', role: 'owner' }],
      ['setMember', 'set-member', { userId: 'ann', role: null }],
      ['setMember', 'set-member', { userId: 'eve', role: 'member' }],
      ['update', 'update', { name: 'Mine' }],
      ['update', 'update', { isFrozen: true }],
      ['update', 'update', { isArchived: true }],
    ] as const)
      expect([method, await mallory.call(stream, method, type, data)]).toEqual([method, 'CHAT_FORBIDDEN']);
  });

  it('forges no author, channel, tenant or id', async () => {
    const mallory = await attack('mallory');
    await mallory.open('chatChannel', { channelId: room });

    for (const forged of [
      { channelId: 'other' },
      { author: 'ann' },
      { authorId: 'ann' },
      { tenant: 'other' },
      { createdAt: 1 },
      { seq: 9 },
    ])
      expect(await mallory.call(stream, 'post', 'post', { ...posted('x'), ...forged })).toBe(
        'INVALID_MESSAGE',
      );
    for (const clientId of ['', 'a b', '../x', 'x'.repeat(65), 7])
      expect(await mallory.call(stream, 'post', 'post', { text: 'x', clientId })).toBe('INVALID_MESSAGE');
    for (const channelId of ['', 'a/b', 'default:x', 'x'.repeat(65)])
      expect(await mallory.open('chatChannel', { channelId })).not.toBe('opened');
    const stranger = await attack('ann@other');
    expect(await stranger.open('chatChannel', { channelId: room })).toBe('CHAT_NOT_FOUND');
  });

  it('moves no pointer into the future, and reads nothing there', async () => {
    const mallory = await attack('mallory');
    await mallory.open('chatChannel', { channelId: room });

    expect(await mallory.call(stream, 'markRead', 'mark-read', { seq: 99 })).toBe('CHAT_INVALID');
    for (const seq of [-1, 1.5, '1', null, 1e300])
      expect(await mallory.call(stream, 'markRead', 'mark-read', { seq })).not.toBe('reply');
    expect(await mallory.call(stream, 'markRead', 'mark-read', { seq: 1, threadSeq: 77 })).toBe(
      'CHAT_NOT_FOUND',
    );
    expect((await chat.channels.get(chatUser('mallory'), room)).membership!.readSeq).toBeLessThanOrEqual(1);
  });

  it('does not pose as a user when it is a guest', async () => {
    const [guest, nobody] = [await Attacker.guest(port(), 'a-secret-client-id-0001'), await attack()];

    expect(await guest.open('chatChannel', { channelId: room })).toBe('CHAT_NOT_FOUND');
    expect(await guest.open('chatUser')).toBe('opened');
    const creation = { type: 'public', id: 'of-a-guest' };
    expect(await guest.call('chatUser', 'createChannel', 'create', creation)).toBe('CHAT_FORBIDDEN');
    expect(await nobody.open('chatUser')).toBe('UNAUTHENTICATED');
    for (const name of ['\u202Enna ehT', 'Ann\nAdmin', 'A\u200Bnn', '\u3164', '', 'x'.repeat(41)])
      expect(await guest.call('chatUser', 'introduce', 'introduce', { name })).toMatch(
        /^CHAT_(INVALID|LIMIT_EXCEEDED)$/,
      );
    for (const data of [{ name: 5 }, {}, { name: 'x'.repeat(10_000) }, { name: 'Ann', id: 'ann' }])
      expect(await guest.call('chatUser', 'introduce', 'introduce', data)).toBe('INVALID_MESSAGE');
    expect(await guest.call('chatUser', 'introduce', 'introduce', { name: 'The ann' })).toBe('reply');
    expect(await guest.call('chatUser', 'introduce', 'introduce', { name: 'The bob' })).toBe(
      'CHAT_RATE_LIMITED',
    );
    const user = await attack('ann');
    expect(await user.open('chatUser')).toBe('opened');
    expect(await user.call('chatUser', 'introduce', 'introduce', { name: 'The bob' })).toBe('CHAT_INVALID');
    const forger = await attack('guest:0123456789012345678901');
    expect(await forger.open('chatUser')).toBe('CHAT_INVALID');
  });

  it('that floods is refused, and the others talk on', async () => {
    const flood = await attack('flood');
    await flood.open('chatChannel', { channelId: room });
    const forBob = (await started.connect[0]!({ auth: () => 'bob' })).chatChannel({ channelId: room });
    await forBob.next(ChatJoined);
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, at) => flood.call(stream, 'post', 'post', posted(`flood ${at}`))),
    );
    await chat.messages.post(ann, { channelId: room, text: 'we talk on' });

    expect(codes.filter((code) => code === 'reply').length).toBeLessThanOrEqual(20);
    expect(codes.filter((code) => code !== 'reply').length).toBeGreaterThanOrEqual(40);
    expect(codes).toContain('CHAT_RATE_LIMITED');
    await forBob.next(ChatMessageEvent, { where: ({ message }) => message.text === 'we talk on' });
  });
});
