import { jest } from '@jest/globals';
import { createMessageId } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import { closeChats, startChat, type ChatApp } from '../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../test/rig/chat-databases.js';
import { until } from '../../../test/rig/until.js';
import { ChatDatabase } from './database/chat-database.js';
import type { ChatTables } from './database/chat-tables.js';
import { ChatHooks, type ChatDraft, type ChatVerdict } from './messages/chat-hooks.js';
import type { ChatMessage } from './messages/chat-message.js';
import { chatServer, chatUser } from './policy/chat-actor.js';
import { ChatChannelEvent, ChatMemberEvent, ChatMessageEvent } from './wire/chat-events.js';
import { chatRoom, ROOM_EVENTS } from './wire/chat-topics.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
/** A word that no table has unless a message is stored. */
const SECRET = 'zanzibar';
const TABLES: readonly (keyof ChatTables)[] = [
  'channels',
  'members',
  'messages',
  'versions',
  'reactions',
  'mentions',
  'thread_readers',
  'reports',
  'user_reports',
  'guest_names',
  'outbox',
  'growths',
  'attachments',
  'settings',
];

class Watch extends ChatHooks {
  readonly sent: string[] = [];

  override willSend({ text }: ChatDraft): ChatVerdict {
    return text.includes('spam')
      ? { refuse: 'No advertising here.' }
      : { text: text.replace('damn', '****') };
  }

  override didSend({ text }: ChatMessage): void {
    this.sent.push(text!);
  }
}

async function* nothing(): AsyncGenerator<string> {}

const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

describeOnEachDatabase('A channel whose messages are not stored', (fresh) => {
  let app: ChatApp;
  let messages: ChatApp['chat']['messages'];
  let history: ChatApp['chat']['history'];
  beforeAll(async () => {
    app = await startChat({ database: fresh(), hooks: Watch, types: { stage: { ephemeral: true } } });
    ({ messages, history } = app.chat);
  });
  afterAll(closeChats);

  async function stage(type = 'stage'): Promise<string> {
    const { id } = await app.chat.channels.create(ann!, { type, members: ['bob'] });
    return id;
  }

  /** All rows of all tables, as one text. */
  async function allRows(): Promise<string> {
    const rows = await app
      .get(ChatDatabase)
      .read((queries) => Promise.all(TABLES.map((table) => queries.selectFrom(table).selectAll().execute())));
    return JSON.stringify(rows);
  }

  const texts = async (channelId: string) =>
    (await history.page(bob!, { channelId })).messages.map(({ text }) => text);

  it('leaves nothing of a message in any table, and a stored one shows that the look would find it', async () => {
    const id = await stage();
    await messages.post(ann!, {
      channelId: id,
      text: `${SECRET} @bob`,
      clientId: SECRET,
      data: { SECRET },
      mentions: ['bob'],
    });
    expect(await allRows()).not.toContain(SECRET);

    await messages.post(ann!, { channelId: await stage('private'), text: SECRET });
    expect(await allRows()).toContain(SECRET);
  });

  it('numbers its messages, and delivers them with author, mentions and data', async () => {
    const id = await stage();
    const events: ChatMessageEvent[] = [];
    await app.messages.addListener(chatRoom('default', id), (event) => {
      if (event instanceof ChatMessageEvent) events.push(event);
    });
    const first = await messages.post(ann!, {
      channelId: id,
      text: 'damn',
      data: { n: 1 },
      mentions: ['bob', 'cat', 'ann'],
    });
    const second = await messages.post(chatServer(), { channelId: id, text: 'system', replyTo: first.seq });
    await until(() => events.length === 2);

    expect(first).toMatchObject({
      seq: 1,
      revision: 1,
      text: '****',
      author: { id: 'ann', name: 'The ann' },
      mentions: ['bob'],
      data: { n: 1 },
    });
    expect(second).toMatchObject({ seq: 2, kind: 'system', author: null, replyTo: 1 });
    expect(events.map(({ message }) => message)).toEqual([first, second]);
    const { channel } = await app.chat.channels.get(bob!, id);
    expect(channel).toMatchObject({ isEphemeral: true, lastSeq: 2, revision: 2 });
    await until(() => app.get(ChatHooks as never as typeof Watch).sent.includes('****'));
  });

  it('obeys members, rights, hooks and limits', async () => {
    const id = await stage();

    await expect(messages.post(cat!, { channelId: id, text: 'x' })).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
    await expect(history.page(cat!, { channelId: id })).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    await expect(messages.post(ann!, { channelId: id, text: 'spam' })).rejects.toEqual(
      refusedWith('CHAT_REFUSED'),
    );
    await expect(messages.post(ann!, { channelId: id, text: 'x'.repeat(4_001) })).rejects.toEqual(
      refusedWith('CHAT_LIMIT_EXCEEDED'),
    );
    await expect(messages.post(ann!, { channelId: id, text: 'x', replyTo: 77 })).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
    await app.chat.channels.freeze(ann!, id);
    await expect(messages.post(bob!, { channelId: id, text: 'x' })).rejects.toEqual(
      refusedWith('CHAT_READ_ONLY'),
    );
    expect(await texts(id)).toEqual([]);
  });

  it('counts posts against the rate of the author', async () => {
    const slow = await startChat({
      database: fresh(),
      types: { stage: { ephemeral: true } },
      limits: { changesPerWindow: 2 },
    });
    const { id } = await slow.chat.channels.create(ann!, { type: 'stage' });
    for (const text of ['1', '2']) await slow.chat.messages.post(ann!, { channelId: id, text });

    await expect(slow.chat.messages.post(ann!, { channelId: id, text: '3' })).rejects.toEqual(
      refusedWith('CHAT_RATE_LIMITED'),
    );
  });

  it('delivers a post once, however often and at the same time it is repeated; without a client id each time', async () => {
    const id = await stage();
    const post = { channelId: id, text: 'once', clientId: createMessageId() };
    const posted = await Promise.all(Array.from({ length: 5 }, () => messages.post(ann!, post)));
    const later = await messages.post(ann!, post);
    const ofBob = await messages.post(bob!, post);
    await messages.post(ann!, { channelId: id, text: 'again' });
    await messages.post(ann!, { channelId: id, text: 'again' });

    expect(new Set([...posted, later].map(({ seq }) => seq)).size).toBe(1);
    expect(ofBob.seq).not.toBe(later.seq);
    expect(await texts(id)).toEqual(['once', 'once', 'again', 'again']);
  });

  it('reads no kept messages for a post with a new client id, and those once for a repetition', async () => {
    const id = await stage();
    const reads = jest.spyOn(app.messages, 'readHistory');
    const post = (clientId: string) => messages.post(ann!, { channelId: id, text: 'x', clientId });
    const first = await post('a');
    for (let at = 0; at < 5; at++) await post(`b${at}`);

    expect(reads).not.toHaveBeenCalled();
    expect(await post('a')).toEqual(first);
    expect(reads).toHaveBeenCalledTimes(1);
    reads.mockRestore();
  });

  it('finds an answered message among the newest ones, and reads all for an older one', async () => {
    const id = await stage();
    const answer = (replyTo: number) => messages.post(ann!, { channelId: id, text: 'x', replyTo });
    for (let at = 0; at < 30; at++) await messages.post(ann!, { channelId: id, text: 'x' });
    const reads = jest.spyOn(app.messages, 'readHistory');
    const counts = () => reads.mock.calls.splice(0).map(([, count]) => count);
    await answer(29);

    expect(counts()).toEqual([25]);
    await answer(1);
    expect(counts()).toEqual([25, ROOM_EVENTS]);
    await expect(answer(99)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    reads.mockRestore();
  });

  it('reads the kept messages by page and by change', async () => {
    const id = await stage();
    for (let at = 1; at <= 30; at++) await messages.post(ann!, { channelId: id, text: `${at}` });
    const newest = await history.page(bob!, { channelId: id });
    const older = await history.page(bob!, { channelId: id, before: newest.messages[0]!.seq });
    const around = await history.page(bob!, { channelId: id, around: 10, limit: 4 });
    const after = await history.page(bob!, { channelId: id, after: 28 });
    const changes = await history.changesSince(bob!, { channelId: id, revision: 27, limit: 2 });

    const seqs = (page: { readonly messages: readonly ChatMessage[] }) => page.messages.map(({ seq }) => seq);
    expect([seqs(newest).at(0), seqs(newest).at(-1), newest.hasOlder, newest.hasNewer]).toEqual([
      6,
      30,
      true,
      false,
    ]);
    expect([seqs(older), older.hasOlder, older.hasNewer]).toEqual([[1, 2, 3, 4, 5], false, true]);
    expect([seqs(around), around.hasOlder, around.hasNewer]).toEqual([[8, 9, 10, 11], true, true]);
    expect([seqs(after), after.hasNewer]).toEqual([[29, 30], false]);
    expect(changes).toMatchObject({ revision: 29, hasMore: true, isCut: false });
    expect(seqs(changes)).toEqual([28, 29]);
    expect(await history.get(bob!, { channelId: id, seq: 12 })).toMatchObject({ text: '12' });
    await expect(history.get(bob!, { channelId: id, seq: 31 })).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
  });

  it('keeps the newest 500 events, and tells a reader from before them that changes are missing', async () => {
    const id = await stage();
    const say = (text: string) => messages.post(ann!, { channelId: id, text });
    for (const text of ['1', '2']) await say(text);
    const { channel } = await app.chat.channels.get(ann!, id);
    const event = create(ChatChannelEvent, { channel });
    await Promise.all(
      Array.from({ length: ROOM_EVENTS }, () => app.messages.postMessage(chatRoom('default', id), event)),
    );
    await say('3');
    const missed = await history.changesSince(bob!, { channelId: id, revision: 1 });
    const present = await history.changesSince(bob!, { channelId: id, revision: 2 });
    const page = await history.page(bob!, { channelId: id });

    expect(missed).toMatchObject({ isCut: true, revision: 3 });
    expect(present).toMatchObject({ isCut: false, revision: 3 });
    expect(page).toMatchObject({ messages: [{ text: '3' }], hasOlder: false, revision: 3 });
  });

  it('refuses with one code what needs a stored message, and names it', async () => {
    const id = await stage();
    const place = { channelId: id, seq: (await messages.post(ann!, { channelId: id, text: 'x' })).seq };
    const { chat } = app;
    const refused = {
      'An edit': () => messages.edit(ann!, place, { text: 'y' }),
      'A change of a message': () => messages.delete(ann!, place),
      'A thread': () => messages.post(ann!, { channelId: id, text: 'y', threadSeq: 1 }),
      'A growing message': () => messages.grow(chatServer(), { channelId: id }, nothing),
      'A pin': () => history.pinned(ann!, id),
      'A version': () => history.versions(ann!, place),
      'A read pointer': () => chat.pointers.mark(bob!, id, 1),
      'A report': () => chat.privacy.report(bob!, { ...place, reason: 'x' }),
      'A search': () => chat.search.find(ann!, { text: 'x', channelId: id }),
      'An attachment': () =>
        chat.attachments.begin(ann!, { channelId: id, clientId: 'f1', name: 'a.txt', size: 1 }),
      'An import': () => messages.post(chatServer(), { channelId: id, text: 'y', createdAt: 1 }),
    };

    for (const [need, act] of Object.entries(refused))
      await expect(act()).rejects.toMatchObject({
        code: 'CHAT_EPHEMERAL',
        message: `${need} needs stored messages, and the messages of this channel are not stored.`,
      });
    for (const act of [
      () => messages.purge(ann!, place),
      () => messages.react(ann!, place, '👍'),
      () => messages.pin(ann!, place),
      () => messages.stopGrowth(ann!, place),
      () => history.threads(ann!, { channelId: id }),
      () => history.page(ann!, { channelId: id, threadSeq: 1 }),
      () => chat.pointers.markThread(ann!, { channelId: id, threadSeq: 1, seq: 1 }),
      () => messages.post(ann!, { channelId: id, text: 'y', attachmentIds: ['a'] }),
    ])
      await expect(act()).rejects.toEqual(refusedWith('CHAT_EPHEMERAL'));
  });

  it('tells its readers about a removal before the messages after it, while another server relays', async () => {
    const database = fresh();
    const options = { database, types: { stage: { ephemeral: true } }, relay: { pollMs: 60_000 } };
    const relaying = await startChat(options);
    await relaying.chat.channels.create(ann!, { id: 'stage', type: 'stage', members: ['bob'] });
    const waiting = () =>
      relaying.get(ChatDatabase).read((queries) => queries.selectFrom('outbox').selectAll().execute());
    await until(async () => (await waiting()).length === 0);
    // This server shares the database, but neither the broker nor the lease of the relay.
    const other = await startChat(options);
    const seen: string[] = [];
    await other.messages.addListener(chatRoom('default', 'stage'), (event) => {
      if (event instanceof ChatMessageEvent) seen.push(event.message.text!);
      if (event instanceof ChatMemberEvent && event.member === null) seen.push(`without ${event.userId}`);
    });
    await other.chat.channels.remove(ann!, 'stage', 'bob');
    for (const text of ['about bob', 'later'])
      await other.chat.messages.post(ann!, { channelId: 'stage', text });
    await until(() => seen.includes('later'));

    expect(seen).toEqual(['without bob', 'about bob', 'later']);
  });

  it('is in the list by its activity, without a last message or counts', async () => {
    const [busy, quiet] = [await stage(), await stage()];
    await messages.post(ann!, { channelId: busy, text: 'x', mentions: ['bob'] });
    const { entries } = await app.chat.lists.mine(bob!, { limit: 100 });
    const places = [busy, quiet].map((id) => entries.findIndex(({ channel }) => channel.id === id));

    expect(places[0]).toBeLessThan(places[1]!);
    expect(entries[places[0]!]).toMatchObject({ lastMessage: null, unreadCount: 0, mentionCount: 0 });
  });

  it('remains as it was created when the type changes', async () => {
    const database = fresh();
    const before = await startChat({ database, types: { stage: { ephemeral: true } } });
    const { id } = await before.chat.channels.create(ann!, { type: 'stage' });
    await before.close();
    const after = await startChat({ database, types: { stage: {} } });

    expect((await after.chat.channels.get(ann!, id)).channel.isEphemeral).toBe(true);
    expect((await after.chat.channels.create(ann!, { type: 'stage' })).isEphemeral).toBe(false);
  });

  it('has no age at which stored messages are removed', async () => {
    await expect(
      startChat({ database: fresh(), types: { stage: { ephemeral: true, keepMs: 1_000 } } }),
    ).rejects.toEqual(refusedWith('CHAT_CONFIGURATION'));
  });
});
