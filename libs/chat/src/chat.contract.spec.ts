import { closeChats, startChat, type ChatApp } from '../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../test/rig/chat-databases.js';
import { until } from '../../../test/rig/until.js';
import { ListOrder } from './channels/list-order.js';
import { ChatDatabase } from './database/chat-database.js';
import { chatGuest, chatServer, chatUser } from './policy/chat-actor.js';
import { ChatHooks, type ChatDraft, type ChatVerdict } from './messages/chat-hooks.js';

const [ann, bob, cat, dan] = ['ann', 'bob', 'cat', 'dan'].map((id) => chatUser(id));

class Censor extends ChatHooks {
  override willSend({ text }: ChatDraft): ChatVerdict {
    if (text.includes('spam')) return { refuse: 'No advertising here.' };
    return text.includes('damn') ? { text: text.replace('damn', '****') } : undefined;
  }
}

const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

describeOnEachDatabase('The chat', (fresh) => {
  let app: ChatApp;
  let channels: ChatApp['chat']['channels'];
  let messages: ChatApp['chat']['messages'];
  beforeAll(async () => {
    app = await startChat({ database: fresh(), hooks: Censor });
    ({ channels, messages } = app.chat);
  });
  afterAll(closeChats);

  /** A private channel of ann with bob, and so many messages of ann. */
  async function roomWith(count: number): Promise<string> {
    const { id } = await channels.create(ann!, { type: 'private', name: 'A room', members: ['bob'] });
    for (let at = 1; at <= count; at++) await messages.post(ann!, { channelId: id, text: `message ${at}` });
    return id;
  }

  const unread = async (actor = bob!, id: string) =>
    (await app.chat.lists.mine(actor, { limit: 100 })).entries.find(({ channel }) => channel.id === id)
      ?.unreadCount;

  describe('channels', () => {
    it('are created once for each id, and once for each set of members of a direct channel', async () => {
      const made = await Promise.all(
        [ann!, bob!, ann!].map((actor) =>
          channels.create(actor, { type: 'direct', members: ['ann', 'bob'] }),
        ),
      );
      const again = await channels.create(ann!, { id: made[0]!.id, type: 'private' });

      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(again).toMatchObject({ id: made[0]!.id, type: 'direct', memberCount: 2 });
    });

    it('are unknown to others and to other tenants', async () => {
      const id = await roomWith(1);
      const foreign = chatUser('ann', 'other');

      for (const actor of [cat!, foreign, chatGuest('g1')]) {
        await expect(channels.get(actor, id)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
        await expect(messages.post(actor, { channelId: id, text: 'x' })).rejects.toEqual(
          refusedWith('CHAT_NOT_FOUND'),
        );
        await expect(app.chat.history.page(actor, { channelId: id })).rejects.toEqual(
          refusedWith('CHAT_NOT_FOUND'),
        );
        await expect(channels.join(actor, id)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
      }
    });

    it('with the same id in two tenants are two', async () => {
      const other = chatUser('ann', 'other');
      await channels.create(ann!, { id: 'same', type: 'public', name: 'here' });
      await channels.create(other, { id: 'same', type: 'public', name: 'there' });
      await messages.post(other, { channelId: 'same', text: 'there' });

      expect((await channels.get(ann!, 'same')).channel).toMatchObject({ name: 'here', lastSeq: 0 });
      expect((await channels.get(other, 'same')).channel).toMatchObject({ name: 'there', lastSeq: 1 });
    });

    it('count their members when the same users join and leave at the same time', async () => {
      const { id } = await channels.create(ann!, { type: 'public' });
      await Promise.all([bob!, bob!, cat!, cat!, dan!].map((actor) => channels.join(actor, id)));
      await Promise.all([cat!, cat!].map((actor) => channels.leave(actor, id)));

      const members = await app.chat.lists.members(ann!, id);
      expect(members.entries.map(({ user, role }) => [user.id, role])).toEqual([
        ['ann', 'owner'],
        ['bob', 'member'],
        ['dan', 'member'],
      ]);
      expect((await channels.get(ann!, id)).channel.memberCount).toBe(3);
    });

    it('take as members those who accept an invitation, up to the limit of the type', async () => {
      const small = await startChat({ database: fresh(), types: { private: { maxMembers: 2 } } });
      const { id } = await small.chat.channels.create(ann!, { type: 'private' });
      await small.chat.channels.invite(ann!, id, ['bob']);
      await expect(small.chat.messages.post(bob!, { channelId: id, text: 'x' })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
      await small.chat.channels.join(bob!, id);

      await small.chat.messages.post(bob!, { channelId: id, text: 'x' });
      await expect(small.chat.channels.add(ann!, id, ['cat'])).rejects.toEqual(
        refusedWith('CHAT_LIMIT_EXCEEDED'),
      );
    });

    it('obey roles: members neither rename nor remove, and nobody removes who has more rights', async () => {
      const id = await roomWith(0);
      await expect(channels.update(bob!, id, { name: 'x' })).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      await expect(channels.remove(bob!, id, 'ann')).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      await expect(channels.setRole(bob!, id, { userId: 'bob', role: 'owner' })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
      await channels.setRole(ann!, id, { userId: 'bob', role: 'moderator' });

      expect(await channels.update(bob!, id, { name: 'Renamed', data: { topic: 1 } })).toMatchObject({
        name: 'Renamed',
        data: { topic: 1 },
      });
      await expect(channels.remove(bob!, id, 'ann')).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      await channels.remove(ann!, id, 'bob');
      await expect(channels.get(bob!, id)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    });

    it('take posts of the server alone while frozen, and of nobody after they are archived', async () => {
      const id = await roomWith(0);
      await channels.freeze(ann!, id);
      await expect(messages.post(bob!, { channelId: id, text: 'x' })).rejects.toEqual(
        refusedWith('CHAT_READ_ONLY'),
      );
      expect(await messages.post(chatServer(), { channelId: id, text: 'Frozen.' })).toMatchObject({
        kind: 'system',
        author: null,
      });
      await channels.unfreeze(ann!, id);
      await messages.post(bob!, { channelId: id, text: 'x' });
      await channels.archive(ann!, id);

      await expect(messages.post(chatServer(), { channelId: id, text: 'x' })).rejects.toEqual(
        refusedWith('CHAT_READ_ONLY'),
      );
    });

    it('are hidden by one user until the next message', async () => {
      const id = await roomWith(1);
      await channels.settle(bob!, id, { isHidden: true, mutedUntil: 99 });
      expect(await unread(bob, id)).toBeUndefined();
      expect(await unread(ann, id)).toBe(0);
      await messages.post(ann!, { channelId: id, text: 'news' });

      expect(await unread(bob, id)).toBe(2);
    });
  });

  describe('messages', () => {
    it('have numbers without holes, whoever posts at the same time', async () => {
      const id = await roomWith(0);
      const posted = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          messages.post(at % 2 ? ann! : bob!, { channelId: id, text: `${at}` }),
        ),
      );

      expect(posted.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, at) => at + 1),
      );
    });

    it('with one client id are stored once, after any number of repetitions at the same time', async () => {
      const id = await roomWith(0);
      const post = (actor = ann!) => messages.post(actor, { channelId: id, clientId: 'c1', text: 'once' });
      const posted = await Promise.all([post(), post(), post(), post(bob)]);
      const later = await post();

      expect(new Set(posted.slice(0, 3).map(({ seq }) => seq)).size).toBe(1);
      expect(later).toMatchObject({ seq: posted[0]!.seq, clientId: 'c1' });
      expect((await app.chat.history.page(ann!, { channelId: id })).messages).toHaveLength(2);
    });

    it('keep their former time when the server imports them, and no other actor gives a time', async () => {
      const id = await roomWith(0);
      const createdAt = Date.UTC(2020, 0, 2);
      const imported = await messages.post(chatServer({ userId: 'ann' }), {
        channelId: id,
        text: 'old',
        createdAt,
      });

      expect(imported).toMatchObject({ createdAt, author: { id: 'ann' } });
      expect((await channels.get(ann!, id)).channel.activeAt).toBe(createdAt);
      for (const [actor, time] of [[ann!, createdAt] as const, [chatServer(), Date.now() + 60_000] as const])
        await expect(messages.post(actor, { channelId: id, text: 'x', createdAt: time })).rejects.toEqual(
          refusedWith('CHAT_INVALID'),
        );
    });

    it('have only public fields of their author, and the id of an unknown one', async () => {
      const { id } = await channels.create(chatUser('unknown-1'), { type: 'private', members: ['ann'] });
      const [mine, theirs] = [
        await messages.post(ann!, { channelId: id, text: 'x' }),
        await messages.post(chatUser('unknown-1'), { channelId: id, text: 'x' }),
      ];

      expect(mine.author).toEqual({ id: 'ann', name: 'The ann' });
      expect(theirs.author).toEqual({ id: 'unknown-1', name: 'unknown-1' });
    });

    it('carry marked ranges, which each version keeps, and mention the marked users', async () => {
      const id = await roomWith(0);
      const entities = [
        { type: 'mention', offset: 0, length: 4, userId: 'bob' },
        { type: 'bold', offset: 5, length: 2 },
      ] as const;
      const posted = await messages.post(ann!, { channelId: id, text: '@bob hi', entities });
      expect(posted).toMatchObject({ entities, mentions: ['bob'] });
      expect(await messages.edit(ann!, posted, { data: { a: 1 } })).toMatchObject({ entities });
      expect(await messages.edit(ann!, posted, { text: 'hi' })).toMatchObject({ text: 'hi', entities: [] });

      const versions = await app.chat.history.versions(ann!, posted);
      expect(versions.map((version) => version.entities)).toEqual([entities, entities]);
      await expect(
        messages.post(ann!, {
          channelId: id,
          text: 'hi',
          entities: [{ type: 'bold', offset: 0, length: 3 }],
        }),
      ).rejects.toEqual(refusedWith('CHAT_INVALID'));
      const censored = {
        channelId: id,
        text: 'damn it',
        entities: [{ type: 'bold', offset: 0, length: 4 } as const],
      };
      expect(await messages.post(ann!, censored)).toMatchObject({ text: '**** it', entities: [] });
    });

    it('are changed or refused by a hook, also when they are edited', async () => {
      const id = await roomWith(0);
      const posted = await messages.post(ann!, { channelId: id, text: 'damn it' });

      expect(posted.text).toBe('**** it');
      const refused = messages.post(ann!, { channelId: id, text: 'buy spam' });
      await expect(refused).rejects.toMatchObject({ code: 'CHAT_REFUSED', message: 'No advertising here.' });
      await expect(messages.edit(ann!, posted, { text: 'spam' })).rejects.toEqual(
        refusedWith('CHAT_REFUSED'),
      );
    });

    it.each([
      ['an empty text', { text: '  ' }, 'CHAT_INVALID'],
      ['a NUL', { text: 'a\0b' }, 'CHAT_INVALID'],
      ['half a character', { text: 'a\ud800' }, 'CHAT_INVALID'],
      ['a long text', { text: 'x'.repeat(4_001) }, 'CHAT_LIMIT_EXCEEDED'],
      ['large data', { text: 'x', data: 'x'.repeat(9_000) }, 'CHAT_LIMIT_EXCEEDED'],
      ['data with a NUL', { text: 'x', data: { a: '\0' } }, 'CHAT_INVALID'],
      ['a bad client id', { text: 'x', clientId: 'a b' }, 'CHAT_INVALID'],
      [
        'many mentions',
        { text: 'x', mentions: Array.from({ length: 51 }, (_, at) => `u${at}`) },
        'CHAT_LIMIT_EXCEEDED',
      ],
      ['an answer to nothing', { text: 'x', replyTo: 99 }, 'CHAT_NOT_FOUND'],
      ['a thread of nothing', { text: 'x', threadSeq: 99 }, 'CHAT_NOT_FOUND'],
    ])('with %s are refused', async (_name, message, code) => {
      const id = await roomWith(0);

      await expect(messages.post(ann!, { channelId: id, ...message })).rejects.toEqual(refusedWith(code));
      expect((await channels.get(ann!, id)).channel.lastSeq).toBe(0);
    });

    it('are edited by their author alone, with their former versions kept', async () => {
      const id = await roomWith(1);
      const place = { channelId: id, seq: 1 };
      await expect(messages.edit(bob!, place, { text: 'forged' })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
      await messages.edit(ann!, place, { text: 'second' });
      const edited = await messages.edit(ann!, place, { text: 'third', data: { a: 1 } });

      expect(edited).toMatchObject({ text: 'third', data: { a: 1 }, version: 3, revision: 3 });
      expect((await app.chat.history.versions(ann!, place)).map(({ text }) => text)).toEqual([
        'message 1',
        'second',
      ]);
      await expect(app.chat.history.versions(bob!, place)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
    });

    it('keep their place without content when they are deleted, and lose their versions when purged', async () => {
      const id = await roomWith(2);
      const place = { channelId: id, seq: 1 };
      await messages.react(bob!, place, '👍');
      await messages.pin(ann!, place);
      await expect(messages.delete(bob!, place)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      const deleted = await messages.delete(ann!, place);

      expect(deleted).toMatchObject({
        text: null,
        data: null,
        pinnedAt: null,
        reactions: [],
        author: { id: 'ann' },
      });
      await expect(messages.react(bob!, place, '👍')).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
      expect(await app.chat.history.versions(ann!, place)).toHaveLength(1);
      expect(await messages.purge(ann!, place)).toMatchObject({ author: null, clientId: null });
      expect(await app.chat.history.versions(ann!, place)).toEqual([]);
    });

    it('count each reaction of a user once', async () => {
      const id = await roomWith(1);
      const place = { channelId: id, seq: 1 };
      await Promise.all([ann!, bob!, bob!].map((actor) => messages.react(actor, place, '👍')));
      await messages.react(bob!, place, '🎉');
      await messages.unreact(ann!, place, '👍');
      const after = await messages.unreact(ann!, place, '👍');

      expect(after.reactions).toEqual([
        { emoji: '🎉', count: 1, userIds: ['bob'] },
        { emoji: '👍', count: 1, userIds: ['bob'] },
      ]);
      expect(after.revision).toBe(5);
    });

    it('are pinned by moderators', async () => {
      const id = await roomWith(2);
      await expect(messages.pin(bob!, { channelId: id, seq: 1 })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
      await messages.pin(ann!, { channelId: id, seq: 1 });
      await messages.pin(ann!, { channelId: id, seq: 2 });
      await messages.unpin(ann!, { channelId: id, seq: 1 });

      expect((await app.chat.history.pinned(bob!, id)).map(({ seq }) => seq)).toEqual([2]);
    });

    it('of a blocked user are refused in a direct channel', async () => {
      const { id } = await channels.create(cat!, { type: 'direct', members: ['dan'] });
      await app.chat.privacy.block(cat!, 'dan');

      await expect(messages.post(dan!, { channelId: id, text: 'x' })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
      await app.chat.privacy.unblock(cat!, 'dan');
      await messages.post(dan!, { channelId: id, text: 'x' });
    });
  });

  describe('histories', () => {
    it('are read in pages that say whether there are older and newer messages', async () => {
      const id = await roomWith(10);
      const page = (request: object) => app.chat.history.page(bob!, { channelId: id, limit: 4, ...request });
      const seen = async (request: object) => {
        const { messages: found, hasOlder, hasNewer } = await page(request);
        return [found.map(({ seq }) => seq), hasOlder, hasNewer];
      };

      expect(await seen({})).toEqual([[7, 8, 9, 10], true, false]);
      expect(await seen({ before: 7 })).toEqual([[3, 4, 5, 6], true, true]);
      expect(await seen({ before: 3 })).toEqual([[1, 2], false, true]);
      expect(await seen({ before: 1 })).toEqual([[], false, true]);
      expect(await seen({ after: 8 })).toEqual([[9, 10], true, false]);
      expect(await seen({ after: 10 })).toEqual([[], true, false]);
      expect(await seen({ around: 5 })).toEqual([[3, 4, 5, 6], true, true]);
      await expect(page({ before: 1, after: 1 })).rejects.toEqual(refusedWith('CHAT_INVALID'));
      await expect(page({ limit: 101 })).rejects.toEqual(refusedWith('CHAT_INVALID'));
    });

    it('give everything that changed after a revision', async () => {
      const id = await roomWith(3);
      const { revision } = await app.chat.history.page(bob!, { channelId: id });
      await messages.edit(ann!, { channelId: id, seq: 1 }, { text: 'edited' });
      await messages.react(bob!, { channelId: id, seq: 2 }, '👍');
      await messages.delete(ann!, { channelId: id, seq: 3 });
      await messages.post(ann!, { channelId: id, text: 'new' });
      const changes = await app.chat.history.changesSince(bob!, { channelId: id, revision, limit: 3 });
      const rest = await app.chat.history.changesSince(bob!, { channelId: id, revision: changes.revision });

      expect(changes.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(changes.hasMore).toBe(true);
      expect(rest).toMatchObject({ hasMore: false, messages: [{ seq: 4, text: 'new' }] });
    });

    it('have threads of their own, with counts for those who take part', async () => {
      const id = await roomWith(2);
      const reply = (actor = bob!) => messages.post(actor, { channelId: id, threadSeq: 1, text: 'reply' });
      const replies = [await reply(), await reply(), await reply(ann!)];
      const main = await app.chat.history.page(ann!, { channelId: id });
      const thread = await app.chat.history.page(ann!, { channelId: id, threadSeq: 1 });

      expect(main.messages.map(({ seq, replyCount }) => [seq, replyCount])).toEqual([
        [1, 3],
        [2, 0],
      ]);
      expect(thread.messages.map(({ seq }) => seq)).toEqual(replies.map(({ seq }) => seq));
      const followed = async () => (await app.chat.history.threads(ann!, { channelId: id })).entries;
      expect(await followed()).toMatchObject([{ root: { seq: 1 }, replyCount: 3, unreadCount: 2 }]);
      await app.chat.pointers.markThread(ann!, { channelId: id, threadSeq: 1, seq: replies[2]!.seq });
      await app.chat.pointers.markThread(ann!, { channelId: id, threadSeq: 1, seq: 1 });
      expect(await followed()).toMatchObject([{ readSeq: 5, unreadCount: 0 }]);
      await messages.delete(bob!, { channelId: id, seq: replies[0]!.seq });
      expect(await app.chat.history.get(ann!, { channelId: id, seq: 1 })).toMatchObject({ replyCount: 2 });
      await expect(
        messages.post(ann!, { channelId: id, threadSeq: replies[1]!.seq, text: 'nested' }),
      ).rejects.toEqual(refusedWith('CHAT_INVALID'));
    });

    it('are searched within the channels of the user', async () => {
      const id = await roomWith(0);
      await messages.post(ann!, { channelId: id, text: 'A 100% Needle_1' });
      await messages.post(ann!, { channelId: id, text: 'a needle with nothing' });
      await messages.delete(ann!, await messages.post(ann!, { channelId: id, text: 'deleted needle' }));
      const find = async (text: string, actor = bob!) =>
        (await app.chat.search.find(actor, { text, channelId: id })).messages.map(({ seq }) => seq);

      expect(await find('needle')).toEqual([2, 1]);
      expect(await find('100% needle_')).toEqual([1]);
      expect(await find('%')).toEqual([1]);
      expect((await app.chat.search.find(cat!, { text: 'needle' })).messages).toEqual([]);
      const first = await app.chat.search.find(bob!, { text: 'needle', limit: 1 });
      const second = await app.chat.search.find(bob!, { text: 'needle', limit: 1, cursor: first.next! });
      expect([...first.messages, ...second.messages].map(({ seq }) => seq)).toEqual([2, 1]);
    });
  });

  it('searches words where the database has full text, and says so where it has none', async () => {
    const id = await roomWith(0);
    await messages.post(ann!, { channelId: id, text: 'The quick brown fox' });
    await messages.post(ann!, { channelId: id, text: 'A fox is not quick enough' });
    const find = (text: string) => app.chat.search.find(bob!, { text, channelId: id, mode: 'words' });

    if (app.get(ChatDatabase).kind === 'sqlite')
      await expect(find('fox')).rejects.toEqual(refusedWith('CHAT_INVALID'));
    else {
      expect((await find('fox quick')).messages.map(({ seq }) => seq)).toEqual([2, 1]);
      expect((await find('"quick brown"')).messages.map(({ seq }) => seq)).toEqual([1]);
      expect((await find('qui')).messages).toEqual([]);
    }
  });

  describe('read pointers', () => {
    it('never move back and never beyond the last message', async () => {
      const id = await roomWith(5);
      await Promise.all([3, 5, 1, 4].map((seq) => app.chat.pointers.mark(bob!, id, seq)));

      expect((await channels.get(bob!, id)).membership).toMatchObject({ readSeq: 5 });
      expect(await app.chat.pointers.mark(bob!, id, 2)).toBe(5);
      for (const seq of [6, -1, 1.5, Number.NaN])
        await expect(app.chat.pointers.mark(bob!, id, seq)).rejects.toEqual(refusedWith('CHAT_INVALID'));
      await expect(app.chat.pointers.mark(cat!, id, 1)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    });

    it('leave as unread only what others wrote and did not delete', async () => {
      const id = await roomWith(4);
      await messages.post(bob!, { channelId: id, text: 'mine' });
      await messages.post(chatServer(), { channelId: id, text: 'system' });
      await messages.post(ann!, { channelId: id, threadSeq: 1, text: 'thread' });
      await messages.delete(ann!, { channelId: id, seq: 2 });

      expect(await unread(bob, id)).toBe(3);
      await app.chat.pointers.mark(bob!, id, 3);
      expect(await unread(bob, id)).toBe(1);
      expect(await unread(ann, id)).toBe(1);
    });

    it('count mentions of members', async () => {
      const id = await roomWith(0);
      const posted = await messages.post(ann!, {
        channelId: id,
        text: 'hey',
        mentions: ['bob', 'cat', 'bob'],
      });
      const { entries } = await app.chat.lists.mine(bob!);

      expect(posted.mentions).toEqual(['bob']);
      expect(entries[0]).toMatchObject({ channel: { id }, mentionCount: 1, unreadCount: 1 });
    });
  });

  describe('lists', () => {
    it('have the channels of a user by their last activity, page by page', async () => {
      const user = chatUser('lister');
      const made: string[] = [];
      for (const name of ['1', '2', '3', '4', '5'])
        made.push((await channels.create(user, { type: 'private', name })).id);
      await messages.post(user, { channelId: made[1]!, text: 'newest' });
      const seen: (string | null)[] = [];
      let cursor: string | undefined;
      do {
        const page = await app.chat.lists.mine(user, { limit: 2, ...(cursor && { cursor }) });
        seen.push(...page.entries.map(({ channel }) => channel.name));
        cursor = page.next ?? undefined;
      } while (cursor);

      expect(seen[0]).toBe('2');
      expect(seen.toSorted()).toEqual(['1', '2', '3', '4', '5']);
      const { entries } = await app.chat.lists.mine(user, { limit: 1 });
      expect(entries[0]).toMatchObject({ lastMessage: { text: 'newest', author: { name: 'The lister' } } });
      await expect(app.chat.lists.mine(user, { cursor: 'forged' })).rejects.toEqual(
        refusedWith('CHAT_INVALID'),
      );
    });

    it('have the same order before and after the copies of the activity follow', async () => {
      const user = chatUser('sorter');
      const made: string[] = [];
      for (const name of ['1', '2', '3', '4', '5', '6'])
        made.push((await channels.create(user, { type: 'private', name })).id);
      const database = app.get(ChatDatabase);
      const lagging = () =>
        database.read((queries) =>
          queries
            .selectFrom('channels as c')
            .innerJoin('members as m', (join) => join.onRef('m.channel_id', '=', 'c.id'))
            .select('c.id')
            .where('c.id', 'in', made)
            .where((eb) =>
              eb.or([eb('c.active_at', '!=', eb.ref('m.active_at')), eb('c.lagging_at', 'is not', null)]),
            )
            .execute(),
        );
      const names = async () => {
        const seen: (string | null)[] = [];
        for (let cursor: string | undefined; ;) {
          const page = await app.chat.lists.mine(user, { limit: 2, ...(cursor && { cursor }) });
          seen.push(...page.entries.map(({ channel }) => channel.name));
          if (page.next === null) return seen;
          cursor = page.next;
        }
      };
      for (const at of [3, 0, 4]) await messages.post(user, { channelId: made[at]!, text: 'news' });
      const before = await names();
      const copies = async () => {
        await new ListOrder(database).copy(new AbortController().signal);
        return (await lagging()).length === 0;
      };
      await until(copies);

      expect(before.slice(0, 3)).toEqual(['5', '1', '4']);
      expect(before.toSorted()).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(await names()).toEqual(before);
    });

    it('show hidden and archived channels when they are asked for', async () => {
      const user = chatUser('hider');
      const [a, b, c] = [
        await channels.create(user, { id: 'hider-a', type: 'private' }),
        await channels.create(user, { id: 'hider-b', type: 'private' }),
        await channels.create(user, { id: 'hider-c', type: 'private' }),
      ];
      await channels.settle(user, a.id, { isHidden: true });
      await channels.archive(user, b.id);
      const ids = async (request: object) =>
        (await app.chat.lists.mine(user, request)).entries.map(({ channel }) => channel.id);

      expect(await ids({})).toEqual([c.id]);
      expect(await ids({ isHidden: true })).toEqual([a.id]);
      expect(await ids({ isArchived: true })).toEqual([b.id]);
      await channels.unarchive(user, b.id);
      expect((await ids({})).toSorted()).toEqual([b.id, c.id]);
      expect(await app.chat.lists.entry(user, a.id)).toMatchObject({ channel: { id: a.id } });
      await expect(app.chat.lists.entry(bob!, a.id)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    });

    it('show an invitation without the messages of the channel', async () => {
      const { id } = await channels.create(ann!, { type: 'private', name: 'Secret' });
      await channels.invite(ann!, id, ['eve']);
      await messages.post(ann!, { channelId: id, text: 'nobody else reads this', mentions: ['eve'] });
      const eve = chatUser('eve');
      const entry = await app.chat.lists.entry(eve, id);

      expect(entry).toMatchObject({ lastMessage: null, unreadCount: 0, mentionCount: 0 });
      await channels.join(eve, id);
      expect(await app.chat.lists.entry(eve, id)).toMatchObject({ lastMessage: { seq: 1 } });
    });

    it('have the open channels of a tenant, and not the private ones', async () => {
      const here = chatUser('ann', 'listed');
      await channels.create(here, { id: 'open', type: 'public' });
      await channels.create(here, { id: 'closed', type: 'private' });

      expect((await app.chat.lists.open(here)).entries.map(({ id }) => id)).toEqual(['open']);
      await expect(app.chat.lists.open(here, { type: 'private' })).rejects.toEqual(
        refusedWith('CHAT_FORBIDDEN'),
      );
    });
  });

  describe('data of users', () => {
    it('are reported to moderators, who close the reports', async () => {
      const id = await roomWith(1);
      await app.chat.privacy.report(bob!, { channelId: id, seq: 1, reason: 'rude' });
      await app.chat.privacy.report(bob!, { channelId: id, seq: 1, reason: 'very rude' });

      expect(await app.chat.privacy.reports(ann!, id)).toMatchObject([
        { seq: 1, reporterId: 'bob', reason: 'very rude' },
      ]);
      await expect(app.chat.privacy.reports(bob!, id)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      await app.chat.privacy.resolve(ann!, { channelId: id, seq: 1 });
      expect(await app.chat.privacy.reports(ann!, id)).toEqual([]);
    });

    it('are exported and erased as a whole, and only by the user or the server', async () => {
      const gone = chatUser('gone');
      const { id } = await channels.create(ann!, { type: 'private', members: ['gone'] });
      await messages.post(gone, { channelId: id, text: 'secret', clientId: 'c' });
      await messages.edit(gone, { channelId: id, seq: 1 }, { text: 'secret 2' });
      await messages.post(ann!, { channelId: id, text: 'hello', mentions: ['gone'] });
      await messages.react(gone, { channelId: id, seq: 2 }, '👍');
      await app.chat.privacy.block(gone, 'dan');
      const exported: string[] = [];
      for await (const { kind } of app.chat.privacy.export(gone, 'gone')) exported.push(kind);

      expect(exported).toEqual(['message', 'version', 'membership', 'reaction', 'block']);
      await expect(app.chat.privacy.erase(ann!, 'gone')).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
      expect(await app.chat.privacy.erase(chatServer(), 'gone')).toBe(1);
      const left: unknown[] = [];
      for await (const record of app.chat.privacy.export(gone, 'gone')) left.push(record);
      expect(left).toEqual([]);
      const { messages: found, channel } = await app.chat.history.page(ann!, { channelId: id });
      expect(JSON.stringify(found)).not.toMatch(/secret|gone/);
      expect(channel.memberCount).toBe(1);
    });

    it('expire with the type of the channel', async () => {
      const short = await startChat({ database: fresh(), types: { public: { keepMs: 1_000 } } });
      const { id } = await short.chat.channels.create(ann!, { type: 'public' });
      const kept = await short.chat.channels.create(ann!, { type: 'private' });
      for (const channelId of [id, kept.id]) await short.chat.messages.post(ann!, { channelId, text: 'x' });

      expect(await short.chat.privacy.expire(Date.now())).toBe(0);
      expect(await short.chat.privacy.expire(Date.now() + 5_000)).toBe(1);
      expect((await short.chat.history.page(ann!, { channelId: id })).messages).toEqual([]);
      expect((await short.chat.history.page(ann!, { channelId: kept.id })).messages).toHaveLength(1);
      expect((await short.chat.channels.get(ann!, id)).channel).toMatchObject({ firstSeq: 2, lastSeq: 1 });
    });
  });

  it('limits the changes of a user, and not those of others', async () => {
    const limited = await startChat({ database: fresh(), limits: { changesPerWindow: 2 } });
    const { id } = await limited.chat.channels.create(ann!, { type: 'private', members: ['bob'] });
    const post = (actor = ann!, clientId?: string) =>
      limited.chat.messages.post(actor, { channelId: id, text: 'x', ...(clientId && { clientId }) });
    await post(ann, 'c');
    await post();

    await expect(post()).rejects.toMatchObject({
      code: 'CHAT_RATE_LIMITED',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(await post(ann, 'c')).toMatchObject({ seq: 1 });
    await post(bob);
  });
});
