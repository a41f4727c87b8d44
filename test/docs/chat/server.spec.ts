import type { Type } from '@nestjs/common';
import { chatGuest, chatServer, chatUser, ChatUsers, type ChatProfile } from '@nestwire/chat';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeChats, startChat } from '../../rig/chat-app.js';
import { until } from '../../rig/until.js';
import { changeAll } from './changes.js';
import { planTeam } from './channels.js';
import { takeQuestion } from './guests.js';
import { endAccount, exportOf } from './privacy.js';
import { AppHooks, AppUsers, Assistant, readOn, report, Welcome } from './server.js';
import { CompanyUsers } from './tenants.js';

const [ann, bob] = [chatUser('ann'), chatUser('bob')];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
});
afterEach(closeChats);
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (name: string, options: Partial<Parameters<typeof startChat>[0]> = {}) =>
  startChat({
    users: AppUsers,
    database: { file: join(folder, `${name}.sqlite`) },
    attachments: { folder: join(folder, name) },
    ...options,
  });

describe('docs/chat/server-api.md', () => {
  it('has a bot that greets each user once, and a lobby for all', async () => {
    const { chat, get } = await start('bot', { providers: [Welcome] });
    for (let time = 0; time < 2; time++) await get(Welcome).greet('ann');

    expect((await chat.lists.open(bob)).entries.map(({ id }) => id)).toEqual(['lobby']);
    const { entries } = await chat.lists.mine(ann);
    expect(entries).toMatchObject([{ lastMessage: { text: 'Welcome!' }, unreadCount: 1 }]);
  });

  it('reads a channel, and marks it as read', async () => {
    const { chat } = await start('read');
    const { id: channelId } = await chat.channels.create(bob, { type: 'private', members: ['ann'] });
    for (let at = 0; at < 30; at++)
      await chat.messages.post(chatServer({ userId: 'bob' }), { channelId, text: 'x' });
    const { older } = await readOn(chat, channelId);

    expect(older.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(await chat.lists.entry(ann, channelId)).toMatchObject({ unreadCount: 0 });
  });

  it('posts a file', async () => {
    const { chat } = await start('file');
    const { id: channelId } = await chat.channels.create(chatServer({ userId: 'bot' }), { type: 'private' });
    await report(chat, channelId, Buffer.from('%PDF-1.7\n'));

    const { messages } = await chat.history.page(chatServer(), { channelId });
    expect(messages[0]!.attachments).toMatchObject([{ name: 'report.pdf', contentType: 'application/pdf' }]);
  });
});

describe('The pages of channels, guests and privacy', () => {
  it('change a message in all ways', async () => {
    const { chat } = await start('changes');
    const { id: channelId } = await chat.channels.create(ann, { type: 'private', members: ['bob'] });
    await changeAll(chat, channelId);

    const { messages } = await chat.history.page(chatServer(), { channelId });
    expect(messages).toMatchObject([{ text: null, reactions: [], pinnedAt: null }]);
    expect(await chat.history.versions(chatServer(), { channelId, seq: 1 })).toEqual([]);
  });

  it('plan a team', async () => {
    const { chat } = await start('team');
    const id = await planTeam(chat);

    const { entries } = await chat.lists.members(ann, id);
    expect(entries.map(({ user, role, state }) => [user.id, role, state])).toEqual([
      ['ann', 'owner', 'joined'],
      ['bob', 'moderator', 'joined'],
    ]);
  });

  it('answer a guest, and give and erase the data of a user', async () => {
    const { chat } = await start('guest');
    const guest = chatGuest('x7f2');
    const { id: channelId } = await chat.channels.create(guest, { type: 'support' });
    await chat.messages.post(guest, { channelId, text: 'Is anybody there?' });
    await takeQuestion(chat, channelId, 'ann');
    const lines: string[] = [];
    for await (const line of exportOf(chat, 'ann')) lines.push(line);

    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual([
      'message',
      'membership',
    ]);
    expect(await endAccount(chat, 'ann')).toBe(1);
    const { messages } = await chat.history.page(guest, { channelId });
    expect(messages.map(({ text, author }) => [text, author?.name ?? null])).toEqual([
      ['Is anybody there?', 'Guest x7f2'],
      [null, null],
    ]);
  });
});

describe('docs/chat/hooks.md', () => {
  it('changes and refuses messages', async () => {
    const { chat } = await start('hooks', { hooks: AppHooks });
    const { id: channelId } = await chat.channels.create(ann, { type: 'public' });

    expect(await chat.messages.post(ann, { channelId, text: ' hi ' })).toMatchObject({ text: 'hi' });
    await expect(chat.messages.post(ann, { channelId, text: 'http://a.b' })).rejects.toMatchObject({
      code: 'CHAT_REFUSED',
      message: 'Links need https.',
    });
  });
});

describe('docs/chat/growing-messages.md', () => {
  it('has an assistant that answers', async () => {
    async function* answer(question: string) {
      yield `You asked: `;
      yield question;
    }
    // The module of the model is an import of the chat, because a hook injects it.
    class ModelModule {}
    const model = { provide: 'Model', useValue: { answer } };
    const imports = [{ module: ModelModule, providers: [model], exports: [model] }];
    const { chat } = await start('assistant', { hooks: Assistant, imports });
    const { id: channelId } = await chat.channels.create(ann, { type: 'private' });
    await chat.messages.post(ann, { channelId, text: '@bot hi' });
    const texts = async () => (await chat.history.page(ann, { channelId })).messages.map(({ text }) => text);
    await until(async () => (await texts()).length === 2);

    await until(async () => (await texts())[1] === 'You asked: @bot hi');
  });
});

describe('docs/chat/tenants.md', () => {
  it('keeps the users of two companies apart', async () => {
    class Directory {
      readonly profiles: ReadonlyArray<ChatProfile & { company: string }> = [
        { id: '1', name: 'Ann of A', company: 'a' },
        { id: '1', name: 'Ann of B', company: 'b' },
      ];
      findByIds = (company: string, ids: readonly string[]) =>
        Promise.resolve(this.profiles.filter((one) => one.company === company && ids.includes(one.id)));
    }
    class DirectoryModule {}
    const directory = { provide: 'Directory', useClass: Directory };
    const imports = [{ module: DirectoryModule, providers: [directory], exports: [directory] }];
    const { chat, get } = await start('tenants', { users: CompanyUsers, imports });
    const [a, b] = ['a', 'b'].map((company) =>
      (get(ChatUsers as Type<ChatUsers>) as CompanyUsers).actorOf({ id: '1', company }),
    );
    for (const actor of [a!, b!]) await chat.channels.create(actor, { id: 'lobby', type: 'public' });
    await chat.messages.post(a!, { channelId: 'lobby', text: 'secret of A' });

    const [ofA, ofB] = await Promise.all(
      [a!, b!].map((one) => chat.history.page(one, { channelId: 'lobby' })),
    );
    expect(ofA!.messages).toMatchObject([{ author: { name: 'Ann of A' }, text: 'secret of A' }]);
    expect(ofB!.messages).toEqual([]);
    expect((await chat.search.find(b!, { text: 'secret' })).messages).toEqual([]);
  });
});
