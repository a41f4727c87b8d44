import type { ConnectionStatusListener } from '@nestwire/client';
import { FakeClock } from '@nestwire/testing';
import { ChatPages, type Sabotage } from '../../../../test/rig/chat-pages.js';
import { until } from '../../../../test/rig/until.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatStorage } from './chat-client.js';
import type { ChatRoom } from './chat-face.js';

/** A storage in memory, as several pages of a browser share it. */
function storage(): ChatStorage & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    get length() {
      return texts.size;
    },
    key: (at) => [...texts.keys()][at] ?? null,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => void texts.set(key, value),
    removeItem: (key) => void texts.delete(key),
  };
}

describe('Posts', () => {
  let pages: ChatPages;

  beforeAll(async () => {
    pages = await ChatPages.start([{}], { limits: { changesPerWindow: 10_000, maxTextLength: 20 } });
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  async function channelOf(owner: string, ...members: string[]): Promise<string> {
    const { id } = await pages.service.channels.create(chatUser(owner), { type: 'private', members });
    return id;
  }

  async function live(room: ChatRoom): Promise<ChatRoom> {
    room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    return room;
  }

  const statesOf = (room: ChatRoom) => room.get().items.map(({ state, message }) => [state, message.text]);

  it('that are refused fail with the reason, and can be retried or discarded', async () => {
    const channelId = await channelOf('ann');
    const room = await live((await pages.open('ann')).chat.channel(channelId));
    await room.update({ isFrozen: true });
    const key = room.post({ text: 'frozen' });
    const other = room.post({ text: 'also frozen' });
    await until(() => room.get().items.every(({ state }) => state === 'failed'));
    expect(room.get().items[0]).toMatchObject({ key, error: { code: 'CHAT_READ_ONLY' } });

    room.discard(other);
    await room.update({ isFrozen: false });
    room.retry(key);
    await until(() => room.get().items[0]!.state === 'stored');
    expect(room.get().items).toMatchObject([{ key, message: { seq: 1, text: 'frozen' } }]);
  });

  it('survive a reload while offline, in their order, and are stored once', async () => {
    const channelId = await channelOf('ann');
    const outbox = storage();
    const first = await pages.open('ann', { outbox });
    const room = await live(first.chat.channel(channelId));
    await first.client.close();
    for (const text of ['one', 'two']) room.post({ text });
    expect(statesOf(room)).toEqual([
      ['pending', 'one'],
      ['pending', 'two'],
    ]);
    await first.close();
    // Two tabs find the same posts.
    const tabs = await Promise.all([pages.open('ann', { outbox }), pages.open('ann', { outbox })]);
    for (const { chat } of tabs) {
      const again = await live(chat.channel(channelId));
      await until(
        () => again.get().items.length === 2 && again.get().items.every(({ state }) => state === 'stored'),
      );
    }

    const { messages } = await pages.service.history.page(chatUser('ann'), { channelId });
    expect(messages.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(outbox.texts.size).toBe(0);
  });

  it('that failed are not sent by the next page on its own', async () => {
    const channelId = await channelOf('ann');
    const outbox = storage();
    const first = await pages.open('ann', { outbox });
    const room = await live(first.chat.channel(channelId));
    room.post({ text: 'This text is too long for the chat.' });
    await until(() => room.get().items[0]!.state === 'failed');
    await first.close();
    const again = await live((await pages.open('ann', { outbox })).chat.channel(channelId));
    expect(again.get().items).toMatchObject([{ state: 'failed', error: { code: 'CHAT_LIMIT_EXCEEDED' } }]);
  });

  it('of another user wait for their author', async () => {
    const channelId = await channelOf('ann', 'bob');
    const outbox = storage();
    const first = await pages.open('ann', { outbox });
    const room = await live(first.chat.channel(channelId));
    await first.client.close();
    room.post({ text: 'by ann' });
    await first.close();
    const forBob = await live((await pages.open('bob', { outbox })).chat.channel(channelId));
    forBob.post({ text: 'by bob' });
    await until(() => forBob.get().items[0]?.state === 'stored');
    expect(statesOf(forBob)).toEqual([['stored', 'by bob']]);
    expect(outbox.texts.size).toBe(1);
    await pages.open('ann', { outbox });
    await until(() => forBob.get().items.length === 2);
    expect(outbox.texts.size).toBe(0);
  });

  it('send their files first, resume them after a cut, and stop with a discarded post', async () => {
    const channelId = await channelOf('ann');
    const page = await pages.open('ann');
    const room = await live(page.chat.channel(channelId));
    const file = new File([new Uint8Array(400_000).fill(7)], 'big.bin');
    const key = room.post({ text: 'with a file', files: [file] });
    room.post({ text: 'meanwhile' });
    await until(() =>
      room.get().items.some((item) => item.state === 'pending' && (item.upload?.sent ?? 0) > 100_000),
    );
    page.link.cut();
    await until(
      () => room.get().items.length === 2 && room.get().items.every(({ state }) => state === 'stored'),
    );
    expect(room.get().items.map(({ message }) => message.text)).toEqual(['meanwhile', 'with a file']);
    expect(room.get().items[1]).toMatchObject({
      key,
      message: { attachments: [{ name: 'big.bin', size: 400_000 }] },
    });

    const other = room.post({ text: 'never', files: [file] });
    await until(() => room.get().items.some((item) => item.state === 'pending' && item.upload));
    room.discard(other);
    room.post({ text: 'last' });
    await until(() => room.get().items.length === 3 && room.get().items[2]!.state === 'stored');
    expect(room.get().items[2]!.message.text).toBe('last');
  });

  it('keep their drafts, each user the own ones', async () => {
    const drafts = storage();
    const channelId = await channelOf('ann', 'bob');
    const [first, second] = [await pages.open('ann', { drafts }), await pages.open('ann', { drafts })];
    first.chat.channel(channelId).setDraft('to be continued');
    expect(second.chat.channel(channelId).draft.get()).toBe('to be continued');
    expect((await pages.open('bob', { drafts })).chat.channel(channelId).draft.get()).toBe('');
  });

  it('and drafts of the user are removed at the sign-out when asked, and no others', async () => {
    const kept = storage();
    kept.setItem('nestwire.chat.draft:eve:lobby', 'of eve');
    kept.setItem('nestwire.chat.post:1', JSON.stringify({ userId: 'eve', clientId: '1', createdAt: 1 }));
    kept.setItem('other', 'of the application');
    const others = [...kept.texts];
    const channelId = await channelOf('ann');
    const { chat, link } = await pages.open('ann', { outbox: kept, drafts: kept });
    link.cut();
    link.freeze();
    const room = chat.channel(channelId);
    room.setDraft('half');
    room.thread(1).setDraft('half a reply');
    room.post({ text: 'not sent' });
    expect(kept.texts.size).toBe(others.length + 3);
    const ofOtherPage = { userId: 'ann', channelId, clientId: '2', message: { text: 'there' }, createdAt: 2 };
    kept.setItem('nestwire.chat.post:2', JSON.stringify(ofOtherPage));
    let drafts = 0;
    room.draft.subscribe(() => void drafts++);

    chat.clear();
    expect([...kept.texts]).toEqual(others);
    expect([room.draft.get(), room.thread(1).draft.get(), room.get().items]).toEqual(['', '', []]);
    expect(drafts).toBeGreaterThan(0);
  });
});

describe('A room', () => {
  let pages: ChatPages;

  beforeAll(async () => {
    pages = await ChatPages.start([{}]);
  });
  afterEach(() => pages.closePages());
  afterAll(() => pages.stop());

  it('shows who types for 6 s, counts what is unread, and marks what is new after 2 s', async () => {
    const fake = new FakeClock();
    const clock = { now: () => fake.now(), after: (ms: number, run: () => void) => fake.after(ms, run) };
    const { id } = await pages.service.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    const [ann, bob] = [await pages.open('ann'), await pages.open('bob', { clock })];
    const [forAnn, forBob] = [ann.chat.channel(id), bob.chat.channel(id)];
    for (const room of [forAnn, forBob]) room.subscribe(() => undefined);
    await until(() => forAnn.get().status === 'live' && forBob.get().status === 'live');
    await until(() => forBob.get().present?.length === 2);
    forAnn.typing();
    await until(() => forBob.get().typing.length === 1);
    expect(forBob.get().typing).toMatchObject([{ id: 'ann', name: 'The ann' }]);
    fake.advance(6_000);
    expect(forBob.get().typing).toEqual([]);

    forAnn.post({ text: 'hello' });
    await until(() => forBob.get().unreadCount === 1);
    expect(forBob.get().firstUnreadSeq).toBeNull();
    fake.advance(2_000);
    expect(forBob.get().firstUnreadSeq).toBe(1);
    forBob.markRead(99);
    expect(forBob.get()).toMatchObject({ unreadCount: 0, lastReadSeq: 1 });
    fake.advance(300);
    const readSeq = async () => (await pages.service.channels.get(chatUser('bob'), id)).membership?.readSeq;
    await until(async () => (await readSeq()) === 1);
  });

  it('counts unread messages that it has not loaded, and begins its mark after the pointer', async () => {
    const { id } = await pages.service.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    for (let at = 0; at < 60; at++)
      await pages.service.messages.post(chatUser('ann'), { channelId: id, text: `${at}` });
    await pages.service.pointers.mark(chatUser('bob'), id, 10);
    const room = (await pages.open('bob')).chat.channel(id);
    room.subscribe(() => undefined);
    await until(() => room.get().unreadCount === 50);
    expect(room.get()).toMatchObject({ firstUnreadSeq: 11, lastReadSeq: 10 });
    expect(await room.jumpTo(11)).toBe(true);
  });

  it('follows a growing message, also when it joins late, and ends with the stored text', async () => {
    const { id } = await pages.service.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    const room = (await pages.open('bob')).chat.channel(id);
    room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    async function* words() {
      for (let at = 0; at < 30; at++) {
        yield `word ${at} `;
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      await finished;
    }
    const done = pages.service.messages.grow(chatUser('ann'), { channelId: id }, words());
    await until(() => (room.get().items[0]?.message.text?.length ?? 0) > 100);
    const late = (await pages.open('ann')).chat.channel(id);
    late.subscribe(() => undefined);
    await until(() => late.get().items[0]?.message.text?.startsWith('word 0 word 1 '));
    finish();
    const { text } = await done;
    await until(() => [room, late].every((one) => one.get().items[0]!.message.growth?.isGrowing === false));
    expect([room, late].map((one) => one.get().items[0]!.message.text)).toEqual([text, text]);
  });

  it('forgets the messages of a user when another one signs in, and closes no more than it opened', async () => {
    const { id } = await pages.service.channels.create(chatUser('ann'), { type: 'private' });
    await pages.service.messages.post(chatUser('ann'), { channelId: id, text: 'secret' });
    let user = 'ann';
    const page = await pages.open('ann', { token: () => user, user: () => ({ id: user, name: user }) });
    const room = page.chat.channel(id);
    room.subscribe(() => undefined);
    await until(() => room.get().items.length === 1);
    user = 'eve';
    await page.client.authenticate();
    await until(() => room.get().status === 'refused');
    expect(room.get()).toMatchObject({ items: [], channel: null, error: { code: 'CHAT_NOT_FOUND' } });
  });

  it('leaves no listener after 1,000 mounts, as of the strict mode of React', async () => {
    const { id } = await pages.service.channels.create(chatUser('ann'), { type: 'private' });
    let listeners = 0;
    const counting: Sabotage = (client) =>
      new Proxy(client, {
        get: (target, name) => {
          if (name !== 'addConnectionStatusListener') return target[name as keyof typeof target];
          return (listener: ConnectionStatusListener) => {
            const remove = target.addConnectionStatusListener(listener);
            listeners++;
            return () => {
              listeners--;
              remove();
            };
          };
        },
      });
    const { chat } = await pages.open('ann', { sabotage: counting, keepMs: 20 });
    const room = chat.channel(id);
    const before = listeners;
    for (let at = 0; at < 1_000; at++) {
      const leave = [room, room.thread(1 + (at % 50)), chat.list].map((store) =>
        store.subscribe(() => undefined),
      );
      for (const end of leave) end();
    }
    room.subscribe(() => undefined)();
    await until(() => listeners > before);
    await until(() => listeners === before);
    const leave = room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    // The room, and the stream of the user.
    expect(listeners - before).toBe(2);
    leave();
    await until(() => listeners === before);
  });

  it('ends when its user is removed, and opens again with the next membership', async () => {
    const { id } = await pages.service.channels.create(chatUser('ann'), {
      type: 'private',
      members: ['bob'],
    });
    const room = (await pages.open('bob')).chat.channel(id);
    room.subscribe(() => undefined);
    await until(() => room.get().status === 'live');
    await pages.service.channels.remove(chatUser('ann'), id, 'bob');
    await until(() => room.get().status === 'removed');
    await pages.service.channels.add(chatUser('ann'), id, ['bob']);
    await until(() => room.get().status === 'live');
  });
});
