import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { closeChats, startChat, type ChatApp } from '../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../test/rig/chat-databases.js';
import type { ChannelTypeOptions } from './channels/channel-type.js';
import { chatGuest, chatServer, chatUser } from './policy/chat-actor.js';
import type { ChannelRight } from './policy/channel-rights.js';
import type { ChatRole } from './policy/chat-role.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;
const FORBIDDEN = refusedWith('CHAT_FORBIDDEN');
const EXCEEDED = refusedWith('CHAT_LIMIT_EXCEEDED');
const STAFF: readonly ChatRole[] = ['owner', 'moderator'];

describeOnEachDatabase('A type of channels', (fresh) => {
  let app: ChatApp;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
    app = await startChat({
      database: fresh(),
      attachments: { folder },
      types: {
        news: {
          access: 'open',
          rights: { 'message.post': STAFF, 'message.react': ['member'], 'channel.invite': [] },
        },
        team: {
          rights: {
            'channel.invite': ['owner', 'member'],
            'message.pin': ['owner', 'moderator', 'member'],
            'message.attach': ['owner'],
            'message.edit': ['owner'],
            'message.delete': [],
          },
          limits: { maxTextLength: 5, maxAttachments: 1 },
        },
        direct: { maxMembers: 3, rights: { 'message.pin': [] } },
        support: { limits: { maxTextLength: 7 } },
      },
    });
  });
  afterAll(async () => {
    await closeChats();
    await rm(folder, { recursive: true, force: true });
  });

  const roomOf = async (type: string) =>
    (await app.chat.channels.create(ann!, { type, members: ['bob'] })).id;
  const post = (actor = ann!, channelId: string, text = 'text') =>
    app.chat.messages.post(actor, { channelId, text });

  it('says who posts, reacts and invites, and leaves the rest as it is', async () => {
    const id = await roomOf('news');
    await app.chat.channels.join(cat!, id);
    const { seq } = await post(ann, id);
    const place = { channelId: id, seq };

    await expect(post(bob, id)).rejects.toEqual(FORBIDDEN);
    await expect(app.chat.messages.react(ann!, place, '👍')).rejects.toEqual(FORBIDDEN);
    await expect(app.chat.channels.invite(ann!, id, ['dan'])).rejects.toEqual(FORBIDDEN);
    await app.chat.messages.react(bob!, place, '👍');
    await app.chat.messages.pin(ann!, place);
    await app.chat.channels.invite(chatServer(), id, ['dan']);
    await app.chat.channels.setRole(ann!, id, { userId: 'bob', role: 'moderator' });
    await expect(post(bob, id)).resolves.toMatchObject({ seq: 2 });
  });

  it('says which rights each user has, for the page of the user', async () => {
    const [news, team] = [await roomOf('news'), await roomOf('team')];
    const rightsOf = (actor: typeof ann, id: string) => app.chat.channels.rights(actor!, id);
    const owner = await rightsOf(ann, news);
    expect(owner).toMatchObject({ isModerator: true });
    expect(owner.actions).toEqual(expect.arrayContaining(['message.post', 'channel.roles']));
    expect(owner.actions).not.toContain('message.react');

    const member = await rightsOf(bob, news);
    expect(member).toMatchObject({ isModerator: false });
    expect(member.actions).toEqual(
      expect.arrayContaining(['message.react', 'message.edit', 'message.delete']),
    );
    expect(member.actions).not.toContain('message.post');
    await app.chat.channels.setRole(ann!, news, { userId: 'bob', role: 'moderator' });
    expect((await rightsOf(bob, news)).actions).toContain('message.post');

    expect((await rightsOf(bob, team)).actions).toContain('message.pin');
    expect((await rightsOf(bob, team)).actions).not.toContain('message.delete');
    expect((await rightsOf(cat, news)).actions).toEqual([]);
  });

  it('without rights of its own has those of the policy', async () => {
    const id = await roomOf('public');
    const { seq } = await post(bob, id);

    await app.chat.messages.react(ann!, { channelId: id, seq }, '👍');
    await app.chat.channels.invite(bob!, id, ['dan']);
    await expect(app.chat.messages.pin(bob!, { channelId: id, seq })).rejects.toEqual(FORBIDDEN);
  });

  it('gives members more and less: pins and invitations, but no files, edits and deletions of their own', async () => {
    const id = await roomOf('team');
    const [ofAnn, ofBob] = [await post(ann, id), await post(bob, id)];
    const place = ({ seq }: { readonly seq: number }) => ({ channelId: id, seq });
    const upload = { channelId: id, name: 'a.txt', size: 1, clientId: 'f1' };

    await app.chat.messages.pin(bob!, place(ofAnn));
    await app.chat.channels.invite(bob!, id, ['dan']);
    await expect(app.chat.attachments.begin(bob!, upload)).rejects.toEqual(FORBIDDEN);
    await expect(
      app.chat.messages.post(bob!, { channelId: id, text: 'x', attachmentIds: ['a'] }),
    ).rejects.toEqual(FORBIDDEN);
    await app.chat.attachments.begin(ann!, upload);
    await expect(app.chat.messages.edit(bob!, place(ofBob), { text: 'y' })).rejects.toEqual(FORBIDDEN);
    await expect(app.chat.messages.edit(ann!, place(ofBob), { text: 'y' })).rejects.toEqual(FORBIDDEN);
    await app.chat.messages.edit(ann!, place(ofAnn), { text: 'y' });
    await expect(app.chat.messages.delete(bob!, place(ofBob))).rejects.toEqual(FORBIDDEN);
    await expect(app.chat.messages.delete(ann!, place(ofAnn))).rejects.toEqual(FORBIDDEN);
    await app.chat.messages.delete(ann!, place(ofBob));
  });

  it('cannot let members change where they are fixed', async () => {
    const open = await startChat({
      database: fresh(),
      types: { direct: { rights: { 'channel.add': ['member'], 'channel.remove': ['member'] } } },
    });
    const { id } = await open.chat.channels.create(ann!, { type: 'direct', members: ['bob'] });

    await expect(open.chat.channels.add(ann!, id, ['cat'])).rejects.toEqual(FORBIDDEN);
    await expect(open.chat.channels.remove(ann!, id, 'bob')).rejects.toEqual(FORBIDDEN);
  });

  it('changes a built-in type in what it names', async () => {
    const id = await roomOf('direct');
    const { seq } = await post(ann, id);
    const guest = chatGuest('visitor');
    const { id: desk } = await app.chat.channels.create(guest, { type: 'support' });

    await expect(app.chat.messages.pin(ann!, { channelId: id, seq })).rejects.toEqual(FORBIDDEN);
    await expect(
      app.chat.channels.create(ann!, { type: 'direct', members: ['bob', 'cat', 'dan'] }),
    ).rejects.toEqual(EXCEEDED);
    await expect(post(guest, desk, '12345678')).rejects.toEqual(EXCEEDED);
    await post(guest, desk, '1234567');
  });

  it('has limits of its own for posts, edits and growing messages', async () => {
    const [team, other] = [await roomOf('team'), await roomOf('private')];
    const { seq } = await post(ann, team, '12345');
    await post(ann, other, '123456');

    await expect(post(ann, team, '123456')).rejects.toEqual(EXCEEDED);
    await expect(app.chat.messages.edit(ann!, { channelId: team, seq }, { text: '123456' })).rejects.toEqual(
      EXCEEDED,
    );
    await expect(
      app.chat.messages.post(ann!, { channelId: team, text: '', attachmentIds: ['a', 'b'] }),
    ).rejects.toEqual(EXCEEDED);
    const grown = await app.chat.messages.grow(chatServer({ userId: 'bot' }), { channelId: team }, words);
    expect(grown.text).toBe('one t');
  });

  it('has a rate of its own for the posts and edits of a user, which no other type spends', async () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
    const slow = await startChat({
      database: fresh(),
      types: { slow: { limits: { postsPerWindow: 2 } }, shared: { rateLimiter: limiter } },
    });
    const { channels, messages } = slow.chat;
    const ids = await Promise.all(
      ['slow', 'slow', 'private', 'shared'].map((type) => channels.create(ann!, { type, members: ['bob'] })),
    );
    const [first, second, free, shared] = ids.map(({ id }) => id);
    const { seq } = await messages.post(ann!, { channelId: first!, text: '1' });
    await messages.edit(ann!, { channelId: first!, seq }, { text: '2' });
    const tooMany = refusedWith('CHAT_RATE_LIMITED');

    await expect(messages.post(ann!, { channelId: second!, text: '3' })).rejects.toEqual(tooMany);
    await messages.post(bob!, { channelId: second!, text: '3' });
    await messages.post(ann!, { channelId: free!, text: '3' });
    await messages.post(chatServer({ userId: 'ann' }), { channelId: first!, text: '3' });
    await messages.post(ann!, { channelId: shared!, text: '3' });
    await expect(messages.post(ann!, { channelId: shared!, text: '4' })).rejects.toEqual(tooMany);
  });

  it.each<[string, ChannelTypeOptions]>([
    ['an unknown action', { rights: { 'message.shout': [] } as never }],
    ['an unknown role', { rights: { 'message.post': ['king' as ChatRole] } }],
    ['a role in place of a list', { rights: { 'message.post': 'member' as never } }],
    ['an unknown limit', { limits: { maxLength: 1 } as never }],
    ['a limit of nothing', { limits: { maxTextLength: 0 } }],
    ['an unknown option', { keepDays: 1 } as never],
  ])('does not start with %s', async (_name, options) => {
    await expect(startChat({ database: fresh(), types: { team: options } })).rejects.toEqual(
      refusedWith('CHAT_CONFIGURATION'),
    );
  });
});

async function* words(): AsyncGenerator<string> {
  yield 'one ';
  yield 'two ';
}

// Compiled, not run: an action of messages that depends on the message has no roles.
export const right: ChannelRight = 'message.post';
