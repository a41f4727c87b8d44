import { closeChats, startChat, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { until } from '../../../../test/rig/until.js';
import { chatGuest, chatServer, chatUser } from '../policy/chat-actor.js';
import { ChatChange } from '../wire/change-events.js';
import { ChatMemberEvent, type ChatMessageEvent } from '../wire/chat-events.js';
import { chatChanges, chatRoom } from '../wire/chat-topics.js';

const [ann, bob, cat, eve] = ['ann', 'bob', 'cat', 'eve'].map((id) => chatUser(id));
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

describeOnEachDatabase('A report of a user', (fresh) => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChat({
      database: fresh(),
      relay: { pollMs: 20 },
      types: { quiet: { ephemeral: true } },
    });
  });
  afterAll(closeChats);

  const room = async (type = 'private') =>
    (await app.chat.channels.create(ann!, { type, members: ['bob', 'cat'] })).id;
  const report = (channelId: string, { actor = bob!, userId = 'cat', reason = 'rude' } = {}) =>
    app.chat.privacy.reportUser(actor, { channelId, userId, reason });

  it('is read and closed by moderators; a second one of the same user replaces the reason', async () => {
    const channelId = await room();
    await report(channelId);
    await report(channelId, { reason: 'very rude' });
    await report(channelId, { actor: ann! });

    const { privacy } = app.chat;
    const open = await privacy.userReports(ann!, channelId);
    expect(open).toEqual([
      { channelId, userId: 'cat', reporterId: 'bob', reason: 'very rude', createdAt: expect.any(Number) },
      { channelId, userId: 'cat', reporterId: 'ann', reason: 'rude', createdAt: expect.any(Number) },
    ]);
    expect(await privacy.userReports(chatServer(), channelId)).toEqual(open);
    for (const actor of [bob!, cat!])
      await expect(privacy.userReports(actor, channelId)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
    await expect(privacy.resolveUser(cat!, { channelId, userId: 'cat' })).rejects.toEqual(
      refusedWith('CHAT_FORBIDDEN'),
    );
    await privacy.resolveUser(ann!, { channelId, userId: 'cat' });
    expect(await privacy.userReports(ann!, channelId)).toEqual([]);
    await report(channelId, { reason: 'again' });
    expect(await privacy.userReports(ann!, channelId)).toMatchObject([{ reason: 'again' }]);
  });

  it('is apart from reports of messages, and from other channels and tenants', async () => {
    const [channelId, other] = [await room(), await room()];
    await report(channelId);

    expect(await app.chat.privacy.reports(ann!, channelId)).toEqual([]);
    expect(await app.chat.privacy.userReports(ann!, other)).toEqual([]);
    await expect(app.chat.privacy.userReports(chatServer({ tenant: 'b' }), channelId)).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
  });

  it('concerns members, invited users, guests, and authors who have left, and nobody else', async () => {
    const channelId = await room();
    await app.chat.channels.invite(ann!, channelId, ['dan']);
    const guest = chatGuest('g1');
    const support = await app.chat.channels.create(guest, { type: 'support', members: ['bob'] });
    await app.chat.messages.post(cat!, { channelId, text: 'bye' });
    await app.chat.channels.leave(cat!, channelId);

    await report(channelId);
    await report(channelId, { userId: 'dan' });
    await report(support.id, { userId: guest.userId! });
    await report(await room('quiet'));
    const refused: readonly [string, Parameters<typeof report>[1], string][] = [
      ['a stranger', { userId: 'eve' }, 'CHAT_NOT_FOUND'],
      ['oneself', { userId: 'bob' }, 'CHAT_INVALID'],
      ['no id', { userId: '' }, 'CHAT_INVALID'],
      ['an id of control characters', { userId: 'c\0at' }, 'CHAT_INVALID'],
      ['no reason', { reason: ' ' }, 'CHAT_INVALID'],
      ['a long reason', { reason: 'x'.repeat(1_001) }, 'CHAT_LIMIT_EXCEEDED'],
      ['a reporter outside of the channel', { actor: eve! }, 'CHAT_NOT_FOUND'],
    ];
    for (const [name, place, code] of refused)
      expect([name, await report(channelId, place).catch((error: unknown) => error)]).toEqual([
        name,
        refusedWith(code),
      ]);
  });

  it('follows the policy and the rights of the type as a report of a message does', async () => {
    const { chat } = await startChat({
      database: fresh(),
      types: { strict: { rights: { 'user.report': ['owner'] } } },
    });
    const { id: channelId } = await chat.channels.create(ann!, { type: 'strict', members: ['bob', 'cat'] });
    const open = await chat.channels.create(ann!, { type: 'public', members: ['cat'] });
    const by = (actor = bob!, id = channelId) =>
      chat.privacy.reportUser(actor, { channelId: id, userId: 'cat', reason: 'rude' });

    await expect(by()).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
    await by(ann);
    // A reader of an open channel who is no member reports no message either.
    await expect(by(bob, open.id)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
  });

  it('counts against the rate of the reporter, as a report of a message does', async () => {
    const { chat } = await startChat({ database: fresh(), limits: { changesPerWindow: 3 } });
    const { id: channelId } = await chat.channels.create(ann!, { type: 'private', members: ['bob', 'cat'] });
    await chat.messages.post(ann!, { channelId, text: 'x' });
    const ofUser = () => chat.privacy.reportUser(bob!, { channelId, userId: 'cat', reason: 'x' });
    const ofMessage = () => chat.privacy.report(bob!, { channelId, seq: 1, reason: 'x' });
    for (const act of [ofUser, ofMessage, ofUser]) await act();

    for (const act of [ofUser, ofMessage])
      await expect(act()).rejects.toEqual(refusedWith('CHAT_RATE_LIMITED'));
    await chat.privacy.reportUser(chatServer({ userId: 'bot' }), { channelId, userId: 'cat', reason: 'x' });
  });

  it('reaches durable consumers, and no reader of the channel', async () => {
    const channelId = await room();
    const changes: ChatChange[] = [];
    const seen: unknown[] = [];
    await app.messages.addListener(chatChanges('default'), (change) => {
      if (change instanceof ChatChange && change.channelId === channelId) changes.push(change);
    });
    await app.messages.addListener(chatRoom('default', channelId), (event) => {
      seen.push(event as ChatMessageEvent);
    });
    await report(channelId);
    await app.chat.channels.leave(cat!, channelId);

    await until(() => changes.some(({ kind }) => kind === 'member.removed'));
    expect(changes.filter(({ kind }) => kind === 'user.reported')).toMatchObject([
      { tenant: 'default', channelId, seq: null, userId: 'cat' },
    ]);
    await until(() => seen.some((event) => event instanceof ChatMemberEvent && event.member === null));
    expect(JSON.stringify(seen)).not.toMatch(/report|rude/);
  });

  it('is exported with the data of the reporter, and erased with either user', async () => {
    const channelId = await room();
    const exported = async (userId: string) => {
      const records: unknown[] = [];
      for await (const { kind, record } of app.chat.privacy.export(chatServer(), userId))
        if (kind === 'report' && record.channel_id === channelId) records.push(record);
      return records;
    };
    await report(channelId);
    await report(channelId, { actor: cat!, userId: 'bob' });

    expect(await exported('bob')).toMatchObject([{ user_id: 'cat', reason: 'rude' }]);
    expect(await exported('ann')).toEqual([]);
    await app.chat.privacy.erase(chatServer(), 'cat');
    expect(await app.chat.privacy.userReports(ann!, channelId)).toEqual([]);
    expect(await exported('bob')).toEqual([]);
  });
});
