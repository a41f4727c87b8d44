import { jest } from '@jest/globals';
import { closeChats, startChat, TestAccounts, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { until } from '../../../../test/rig/until.js';
import { chatGuest, chatServer, chatUser } from '../policy/chat-actor.js';
import type { ChatProfile } from '../users/chat-users.js';
import { ChatMemberEvent } from '../wire/chat-events.js';
import { chatRoom } from '../wire/chat-topics.js';

const ann = chatUser('ann');
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

class GermanAccounts extends TestAccounts {
  override nameOfGuest(_guestId: string, given: string | null): string {
    return `${given ?? 'Ohne Namen'} (Gast)`;
  }
}

describeOnEachDatabase('A guest', (fresh) => {
  let app: ChatApp;
  let lastGuest = 0;
  beforeAll(async () => {
    app = await startChat({ database: fresh(), users: TestAccounts, relay: { pollMs: 20 } });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(closeChats);

  const newGuest = () => chatGuest(`secret-${++lastGuest}`);
  const introduce = (guest = newGuest(), name = 'Zoë') => app.chat.guests.introduce(guest, name);
  const ask = async (guest = newGuest()) => {
    const { id } = await app.chat.channels.create(guest, { type: 'support', members: ['ann'] });
    await app.chat.messages.post(guest, { channelId: id, text: 'A question' });
    return id;
  };

  it('gives a name, which messages, members and lists show, and is marked', async () => {
    const guest = newGuest();
    const profile = await introduce(guest);
    const channelId = await ask(guest);

    expect(profile).toEqual({ id: guest.userId, name: 'Zoë (guest)', isGuest: true });
    const { messages } = await app.chat.history.page(ann, { channelId });
    expect(messages[0]!.author).toEqual(profile);
    const { entries } = await app.chat.lists.members(ann, channelId);
    expect(entries.map(({ user }) => user)).toContainEqual(profile);
    const list = await app.chat.lists.mine(ann, { limit: 1 });
    expect(list.entries[0]!.lastMessage!.author).toEqual(profile);
  });

  it('has a name of its own without one, in each tenant', async () => {
    const guest = newGuest();
    await introduce(guest);
    const elsewhere = chatGuest(`secret-${lastGuest}`, 'other');
    const { id: channelId } = await app.chat.channels.create(elsewhere, { type: 'support' });
    await app.chat.messages.post(elsewhere, { channelId, text: 'x' });

    const { messages } = await app.chat.history.page(elsewhere, { channelId });
    expect(messages[0]!.author).toEqual({
      id: guest.userId,
      name: expect.stringMatching(/^Guest ..../),
      isGuest: true,
    });
  });

  it('looks like no user who has the name, in any form, and takes no id of a user', async () => {
    for (const name of ['The ann', '𝐓𝐡𝐞 ann', 'The  ann', 'guest:x', 'The ann (guest)']) {
      const profile = await introduce(newGuest(), name);

      expect(profile.name).toMatch(/ \(guest\)$/);
      expect(profile).toMatchObject({ id: expect.stringMatching(/^guest:/), isGuest: true });
    }
    expect(() => chatUser('guest:secret-1')).toThrow(refusedWith('CHAT_INVALID') as Error);
  });

  it('gives the name in the language of the application', async () => {
    const german = await startChat({ database: fresh(), users: GermanAccounts });

    expect(await german.chat.guests.introduce(newGuest(), 'Zoë')).toMatchObject({ name: 'Zoë (Gast)' });
  });

  it('alone gives a name', async () => {
    for (const actor of [ann, chatServer(), chatServer({ userId: 'guest:x' })])
      await expect(introduce(actor)).rejects.toEqual(refusedWith('CHAT_INVALID'));
    await expect(introduce(newGuest(), '\u202Ennα')).rejects.toEqual(refusedWith('CHAT_INVALID'));
    await expect(introduce(newGuest(), 'x'.repeat(41))).rejects.toEqual(refusedWith('CHAT_LIMIT_EXCEEDED'));
  });

  it('tells the readers of its channels another name', async () => {
    const guest = newGuest();
    const channelId = await ask(guest);
    const seen: ChatProfile[] = [];
    await app.messages.addListener(chatRoom('default', channelId), (event) => {
      if (event instanceof ChatMemberEvent && event.member) seen.push(event.member.user);
    });
    await introduce(guest, 'Zoë');

    await until(() => seen.some(({ name }) => name === 'Zoë (guest)'));
  });

  it('gives another name after ten seconds; the same one again changes nothing', async () => {
    const guest = newGuest();
    await introduce(guest, 'One');
    await introduce(guest, ' One ');

    await expect(introduce(guest, 'Two')).rejects.toMatchObject({
      code: 'CHAT_RATE_LIMITED',
      retryAfterMs: expect.any(Number) as number,
    });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10 * SECOND_MS);
    expect(await introduce(guest, 'Two')).toMatchObject({ name: 'Two (guest)' });
  });

  it('gives one of many names at once', async () => {
    const guest = newGuest();
    const given = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => introduce(guest, `Name ${at}`)),
    );

    expect(given.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = given.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refusals).toEqual(refusals.map(() => refusedWith('CHAT_RATE_LIMITED')));
  });

  it('spends its rate on names', async () => {
    const limited = await startChat({
      database: fresh(),
      users: TestAccounts,
      limits: { changesPerWindow: 2 },
    });
    const guest = newGuest();
    for (let times = 0; times < 2; times++) await limited.chat.guests.introduce(guest, 'Zoë');

    await expect(limited.chat.guests.introduce(guest, 'Zoë')).rejects.toEqual(
      refusedWith('CHAT_RATE_LIMITED'),
    );
  });

  it('loses the name after a day without a channel or a message, and keeps it with one', async () => {
    const [visitor, asker] = [newGuest(), newGuest()];
    await introduce(visitor);
    await introduce(asker);
    await ask(asker);
    const nameOf = async (guest: typeof visitor) =>
      (await exported(app, guest.userId!)).find(({ kind }) => kind === 'name')?.record.name;

    await app.chat.guests.removeUnused(Date.now() + DAY_MS - 60 * SECOND_MS);
    expect(await nameOf(visitor)).toBe('Zoë');
    expect(await app.chat.guests.removeUnused(Date.now() + DAY_MS + SECOND_MS)).toBeGreaterThan(0);
    expect([await nameOf(visitor), await nameOf(asker)]).toEqual([undefined, 'Zoë']);
  });

  it('is erased with the name', async () => {
    const guest = newGuest();
    await introduce(guest);
    await app.chat.privacy.erase(guest, guest.userId!);

    expect(await exported(app, guest.userId!)).toEqual([]);
  });
});

async function exported(app: ChatApp, userId: string) {
  const records: { kind: string; record: Readonly<Record<string, unknown>> }[] = [];
  for await (const record of app.chat.privacy.export(chatServer(), userId)) records.push(record);
  return records;
}
