import { create } from '@nestwire/protocol';
import { startChatServers, type ChatServers } from '../../../../test/rig/chat-servers.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { until } from '../../../../test/rig/until.js';
import {
  ChatActivity,
  ChatFindUsers,
  ChatListStale,
  ChatLoadChannels,
  ChatLoadEntry,
  ChatLoadMembers,
  ChatLoadOpenChannels,
  ChatLoadPinned,
  ChatLoadThreads,
  ChatLoadVersions,
  ChatMembershipEvent,
  ChatReport,
  ChatReportUser,
  ChatSetBlock,
  ChatSetMember,
  ChatSetPreferences,
  ChatUpdate,
} from '../client.js';
import { chatUser } from '../policy/chat-actor.js';
import { RoomWatches } from './room-watches.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));

describeWithRedis('A list of channels over a socket', (redis) => {
  let started: ChatServers;
  let chat: ChatServers['chat'];
  beforeAll(async () => {
    started = await startChatServers(redis().url, {
      limits: { changesPerWindow: 1_000, maxWatchedChannels: 3, listRefreshMs: 200 },
    });
    ({ chat } = started);
  });
  afterAll(() => started.close());

  const connect = (id: string, server = 1) => started.connect[server]!({ as: { id } });
  const roomOf = async (members: string[]) =>
    (await chat.channels.create(ann!, { type: 'private', members })).id;
  const watched = () => started.servers[1]!.app.get(RoomWatches).size;
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );

  it('gets the changes of its channels from the other server, with the present state', async () => {
    const id = await roomOf(['bob']);
    const client = await connect('bob');
    await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    const posted = await chat.messages.post(ann!, { channelId: id, text: 'hey', mentions: ['bob'] });

    // The creation of the channel has revision 0, and may be reported after the list was read.
    const where = ({ revision }: ChatActivity): boolean => revision > 0;
    expect(await client.chatUser.next(ChatActivity, { where })).toMatchObject({
      channelId: id,
      kind: 'message.posted',
      seq: posted.seq,
      revision: posted.revision,
      authorId: 'ann',
      threadSeq: null,
      isMention: true,
      channel: { id, lastSeq: 1 },
      lastMessage: { text: 'hey', author: { name: 'The ann' } },
    });
    await chat.messages.delete(ann!, posted);
    expect(await client.chatUser.next(ChatActivity, { where })).toMatchObject({
      kind: 'message.deleted',
      lastMessage: null,
    });
    await chat.channels.update(ann!, id, { name: 'Renamed' });
    expect(await client.chatUser.next(ChatActivity, { where })).toMatchObject({
      kind: 'channel.changed',
      seq: null,
      channel: { name: 'Renamed' },
    });
  });

  it('misses no message between the list and its changes', async () => {
    const user = 'reader';
    const id = await roomOf([user]);
    const client = await connect(user);
    let isDone = false;
    const posting = (async () => {
      for (let at = 1; !isDone; at++) await chat.messages.post(ann!, { channelId: id, text: `${at}` });
    })();
    await until(async () => (await chat.channels.get(ann!, id)).channel.lastSeq > 2);
    const { entries } = await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    isDone = true;
    await posting;
    const { lastSeq } = (await chat.channels.get(ann!, id)).channel;
    const seen = new Set<number>();
    while (!seen.has(lastSeq) && entries[0]!.lastMessage!.seq < lastSeq)
      seen.add((await client.chatUser.next(ChatActivity)).seq!);

    for (let seq = entries[0]!.lastMessage!.seq + 1; seq <= lastSeq; seq++) expect(seen).toContain(seq);
  });

  it('gains the channels of new memberships, and gets nothing of those that ended', async () => {
    const user = 'joiner';
    const client = await connect(user);
    await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    const id = await roomOf([user]);
    await client.chatUser.next(ChatMembershipEvent, { where: ({ channelId }) => channelId === id });
    const { entry } = await client.chatUser.loadEntry(create(ChatLoadEntry, { channelId: id }));
    await chat.messages.post(ann!, { channelId: id, text: 'welcome' });

    expect(entry).toMatchObject({ channel: { id }, unreadCount: 0 });
    expect(await client.chatUser.next(ChatActivity)).toMatchObject({ channelId: id });
    await chat.channels.remove(ann!, id, user);
    await chat.messages.post(ann!, { channelId: id, text: 'a secret' });
    const other = await roomOf([user]);
    await client.chatUser.next(ChatMembershipEvent, { where: ({ channelId }) => channelId === other });
    await client.chatUser.loadEntry(create(ChatLoadEntry, { channelId: other }));
    await chat.messages.post(ann!, { channelId: other, text: 'hello' });
    expect(await client.chatUser.next(ChatActivity)).toMatchObject({ channelId: other });
    expect(JSON.stringify(client.chatUser.unread)).not.toContain('a secret');
  });

  it('watches a bounded number of channels, and none after its session', async () => {
    const before = watched();
    const client = await connect('many');
    for (let at = 0; at < 5; at++) await roomOf(['many']);
    await client.chatUser.loadChannels(create(ChatLoadChannels, {}));

    expect(watched() - before).toBe(3);
    await client.close();
    await until(() => watched() === before);
  });

  it('tells a user of very many channels when one becomes active that is not watched', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.push(await roomOf(['busy']));
    const client = await connect('busy');
    await client.chatUser.loadChannels(create(ChatLoadChannels, {}));
    await chat.messages.post(ann!, { channelId: ids[0]!, text: 'surprise' });

    await client.chatUser.next(ChatListStale);
  });

  it('manages members, preferences and the channel with the rights of the user', async () => {
    const id = await roomOf(['bob']);
    const forAnn = (await connect('ann', 0)).chatChannel({ channelId: id });
    const forBob = (await connect('bob')).chatChannel({ channelId: id });
    await forAnn.setMember(create(ChatSetMember, { userId: 'cat', role: 'moderator' }));
    await forAnn.setMember(create(ChatSetMember, { userId: 'dan', role: 'member', isInvitation: true }));

    const { members } = await forBob.loadMembers(create(ChatLoadMembers, {}));
    expect(members.map(({ user, role, state }) => [user.id, role, state])).toEqual([
      ['ann', 'owner', 'joined'],
      ['bob', 'member', 'joined'],
      ['cat', 'moderator', 'joined'],
      ['dan', 'member', 'invited'],
    ]);
    const forbidden = [
      () => forBob.setMember(create(ChatSetMember, { userId: 'bob', role: 'owner' })),
      () => forBob.setMember(create(ChatSetMember, { userId: 'eve', role: 'member' })),
      () => forBob.setMember(create(ChatSetMember, { userId: 'cat', role: null })),
      () => forBob.update(create(ChatUpdate, { name: 'Mine' })),
      () => forBob.update(create(ChatUpdate, { isFrozen: true })),
      () => forBob.update(create(ChatUpdate, { isArchived: true })),
    ];
    for (const act of forbidden) expect(await codeOf(act())).toBe('CHAT_FORBIDDEN');
    const { channel } = await forAnn.update(create(ChatUpdate, { name: 'Ours', isFrozen: true }));
    expect(channel).toMatchObject({ name: 'Ours', frozenAt: expect.any(Number) as number });
    const { membership } = await forBob.setPreferences(create(ChatSetPreferences, { isMuted: true }));
    expect(new Date(membership!.mutedUntil!).getFullYear()).toBeGreaterThan(200_000);
    await forAnn.setMember(create(ChatSetMember, { userId: 'cat', role: null }));
    expect((await chat.lists.members(ann!, id)).entries).toHaveLength(3);
    await expect(chat.channels.get(cat!, id)).rejects.toMatchObject({ code: 'CHAT_NOT_FOUND' });
  });

  it('reads threads, pins, versions and open channels, and takes reports and blocks', async () => {
    const id = await roomOf(['bob']);
    const client = await connect('bob');
    const forBob = client.chatChannel({ channelId: id });
    const root = await chat.messages.post(ann!, { channelId: id, text: 'root' });
    await chat.messages.post(bob!, { channelId: id, text: 'reply', threadSeq: root.seq });
    await chat.messages.post(ann!, { channelId: id, text: 'answer', threadSeq: root.seq });
    await chat.messages.edit(bob!, { channelId: id, seq: 2 }, { text: 'better' });
    await chat.messages.pin(ann!, root);
    await forBob.report(create(ChatReport, { seq: 1, reason: 'rude' }));
    await forBob.reportUser(create(ChatReportUser, { userId: 'ann', reason: 'spam' }));
    await client.chatUser.setBlock(create(ChatSetBlock, { userId: 'ann', isBlocked: true }));
    await chat.channels.create(ann!, { id: 'lobby', type: 'public' });

    const { threads } = await forBob.loadThreads(create(ChatLoadThreads, {}));
    expect(threads).toMatchObject([
      { root: { seq: 1, text: 'root' }, replyCount: 2, unreadCount: 1, readSeq: 2 },
    ]);
    expect((await forBob.loadPinned(create(ChatLoadPinned, {}))).messages).toMatchObject([{ seq: 1 }]);
    const { versions } = await forBob.loadVersions(create(ChatLoadVersions, { seq: 2 }));
    expect(versions).toMatchObject([{ text: 'reply', version: 1 }]);
    expect(await codeOf(forBob.loadVersions(create(ChatLoadVersions, { seq: 1 })))).toBe('CHAT_FORBIDDEN');
    expect(await chat.privacy.reports(ann!, id)).toMatchObject([{ reporterId: 'bob', reason: 'rude' }]);
    expect(await chat.privacy.userReports(ann!, id)).toMatchObject([
      { userId: 'ann', reporterId: 'bob', reason: 'spam' },
    ]);
    expect(await chat.privacy.blocked(bob!)).toEqual(['ann']);
    const { channels } = await client.chatUser.loadOpenChannels(create(ChatLoadOpenChannels, {}));
    expect(channels.map((channel) => channel.id)).toContain('lobby');
    expect((await client.chatUser.findUsers(create(ChatFindUsers, { text: 'an' }))).users).toEqual([
      { id: 'ann', name: 'The ann' },
    ]);
  });
});
