import { closeChats, startChat, type ChatApp } from '../../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../../test/rig/chat-databases.js';
import { until } from '../../../../../test/rig/until.js';
import { ChatDatabase } from '../../database/chat-database.js';
import { chatServer, chatUser } from '../../policy/chat-actor.js';
import { parseText } from '../../text/parse-text.js';
import { ChatMessageEvent } from '../../wire/chat-events.js';
import { chatLive, chatRoom } from '../../wire/chat-topics.js';
import type { ChatGrowth } from '../../wire/growth-events.js';
import { ChatHooks, type ChatDraft, type ChatVerdict } from '../chat-hooks.js';

const [ann, bob, cat] = ['ann', 'bob', 'cat'].map((id) => chatUser(id));
const bot = chatServer({ userId: 'bot' });
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

class Censor extends ChatHooks {
  override willSend({ text }: ChatDraft): ChatVerdict {
    return text.includes('spam') ? { refuse: 'No advertising here.' } : undefined;
  }
}

/** A source that the test feeds. */
class Tap {
  private readonly pieces: string[] = [];
  private wake: () => void = () => undefined;
  private isEnded = false;
  isClosed = false;

  give(piece: string): void {
    this.pieces.push(piece);
    this.wake();
  }

  end(): void {
    this.isEnded = true;
    this.wake();
  }

  readonly source = (signal: AbortSignal): AsyncIterable<string> => {
    signal.addEventListener('abort', () => (this.isClosed = true));
    return this.read();
  };

  private async *read(): AsyncGenerator<string> {
    for (;;) {
      while (this.pieces.length > 0) yield this.pieces.shift()!;
      if (this.isEnded) return;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

describeOnEachDatabase('Growing messages', (fresh) => {
  const growth = { storeMs: 40, deltaMs: 5, leaseMs: 900 };
  let options: Parameters<typeof startChat>[0];
  let app: ChatApp;
  beforeAll(async () => {
    options = {
      database: fresh(),
      hooks: Censor,
      growth,
      relay: { pollMs: 50 },
      limits: { maxTextLength: 100 },
    };
    app = await startChat(options);
  });
  afterAll(closeChats);

  /** A channel of ann, bob and the bot, in which ann asks; then the bot answers. */
  async function answering(chat = app.chat) {
    const { id: channelId } = await chat.channels.create(ann!, { type: 'private', members: ['bob', 'bot'] });
    await chat.messages.post(ann!, { channelId, text: 'why?' });
    const tap = new Tap();
    const end = chat.messages.grow(bot, { channelId, replyTo: 1, clientId: 'answer' }, tap.source);
    end.catch(() => undefined);
    const place = { channelId, seq: 2 };
    const stored = () => app.chat.history.get(bob!, place);
    await until(async () => (await app.chat.history.page(bob!, { channelId })).messages.length === 2);
    return { channelId, place, tap, end, stored };
  }

  it('are read by all while they grow, and remain with their final text', async () => {
    const { channelId, tap, end, stored } = await answering();
    const pieces: ChatGrowth[] = [];
    const events: ChatMessageEvent[] = [];
    await app.messages.addListener(
      chatLive('default', channelId),
      (event) => void pieces.push(event as ChatGrowth),
    );
    await app.messages.addListener(chatRoom('default', channelId), (event) => {
      if (event instanceof ChatMessageEvent) events.push(event);
    });
    expect(await stored()).toMatchObject({ text: '', author: { id: 'bot' }, growth: { isGrowing: true } });
    tap.give('Because ');
    await until(async () => (await stored()).text === 'Because ');
    tap.give('of ');
    await until(() => pieces.some(({ text }) => text.endsWith('of ')));
    const before = (await stored()).revision;
    tap.give('it.');
    tap.end();

    expect(await end).toMatchObject({
      text: 'Because of it.',
      growth: { isGrowing: false, isStopped: false, isFailed: false },
      editedAt: null,
    });
    expect(pieces[0]).toMatchObject({ seq: 2, offset: 0, text: 'Because ' });
    await until(() => events.some(({ kind }) => kind === 'message.grown'));
    expect(events.at(-1)).toMatchObject({ message: { text: 'Because of it.' } });
    expect((await stored()).revision).toBeGreaterThan(before);
    expect(await app.chat.search.find(bob!, { text: 'because of', channelId })).toMatchObject({
      messages: [{ seq: 2 }],
    });
    expect(await leases(app)).toBe(0);
  });

  it('are produced once for each client id', async () => {
    const { channelId, tap, end } = await answering();
    const again = await app.chat.messages.grow(bot, { channelId, clientId: 'answer' }, () => {
      throw new Error('A second source is not read.');
    });
    expect(again).toMatchObject({ seq: 2, growth: { isGrowing: true } });
    tap.end();
    await end;
  });

  it('stop for the one who asked, the author and moderators, and for nobody else', async () => {
    const { place, tap, end } = await answering();
    tap.give('A long ');
    await expect(app.chat.messages.stopGrowth(bob!, place)).rejects.toEqual(refusedWith('CHAT_FORBIDDEN'));
    await expect(app.chat.messages.stopGrowth(cat!, place)).rejects.toEqual(refusedWith('CHAT_NOT_FOUND'));
    await app.chat.messages.stopGrowth(ann!, place);

    expect(await end).toMatchObject({ text: 'A long ', growth: { isGrowing: false, isStopped: true } });
    expect(tap.isClosed).toBe(true);
    await app.chat.messages.stopGrowth(bot, place);
  });

  it('stop on a server that does not produce them, within a look at the database', async () => {
    const { place, tap, end } = await answering();
    const other = await startChat(options);
    tap.give('so far');
    await other.chat.messages.stopGrowth(ann!, place);

    expect(await end).toMatchObject({ text: 'so far', growth: { isStopped: true } });
    await other.close();
  });

  it('stop when their signal aborts, and when their server shuts down', async () => {
    const { channelId } = await answering().then(async (made) => (made.tap.end(), await made.end, made));
    const stopping = new AbortController();
    const tap = new Tap();
    const end = app.chat.messages.grow(bot, { channelId }, tap.source, { signal: stopping.signal });
    stopping.abort();
    expect(await end).toMatchObject({ text: '', growth: { isStopped: true } });

    const other = await startChat(options);
    const made = await answering(other.chat);
    made.tap.give('half an ans');
    await until(async () => (await made.stored()).text !== '');
    made.tap.give('wer');
    await other.close();
    expect(await made.end).toMatchObject({ text: 'half an answer', growth: { isStopped: true } });
    expect(await made.stored()).toMatchObject({ text: 'half an answer', growth: { isGrowing: false } });
    await expect(
      other.chat.messages.grow(bot, { channelId: made.channelId }, made.tap.source),
    ).rejects.toEqual(refusedWith('CHAT_UNAVAILABLE'));
  });

  it('end at the longest text, and as failed with their source', async () => {
    const { channelId, tap, end } = await answering();
    tap.give('x'.repeat(99));
    tap.give('👍');
    expect(await end).toMatchObject({ text: 'x'.repeat(99), growth: { isFailed: false, isStopped: false } });
    expect(tap.isClosed).toBe(true);
    async function* failing() {
      yield await Promise.resolve('so far');
      throw new Error('The model has failed.');
    }

    expect(await app.chat.messages.grow(bot, { channelId }, failing())).toMatchObject({
      text: 'so far',
      growth: { isFailed: true },
    });
  });

  it('end as failed when their server dies, and that server writes no more', async () => {
    const { stored, tap, end, channelId } = await answering();
    const kinds: string[] = [];
    await app.messages.addListener(chatRoom('default', channelId), (event) => {
      if (event instanceof ChatMessageEvent) kinds.push(event.kind);
    });
    tap.give('so far');
    await until(async () => (await stored()).text === 'so far');
    // The lease of a server that no longer answers runs out.
    await app
      .get(ChatDatabase)
      .transaction((queries) =>
        queries
          .updateTable('growths')
          .set({ holder: 'dead', expires_at: 1 })
          .where('channel_id', '=', channelId)
          .execute(),
      );

    await until(async () => (await stored()).growth?.isFailed === true);
    await until(() => kinds.includes('message.grown'));
    tap.give(' too late');
    expect(await end).toMatchObject({ text: 'so far' });
    expect(await stored()).toMatchObject({ text: 'so far', growth: { isGrowing: false, isFailed: true } });
  });

  it('do not return after they are deleted while they grow, and cannot be edited until their end', async () => {
    const { place, tap, end, stored } = await answering();
    await expect(app.chat.messages.edit(bot, place, { text: 'x' })).rejects.toEqual(
      refusedWith('CHAT_READ_ONLY'),
    );
    await app.chat.messages.delete(ann!, place);
    tap.give('too late');

    expect(await end).toMatchObject({ text: null, growth: null });
    expect(await stored()).toMatchObject({ text: null, deletedAt: expect.any(Number) as number });
    expect(await leases(app)).toBe(0);
  });

  it('get their final content from the application, and its verdict from the hook', async () => {
    const { channelId, tap, end } = await answering();
    tap.give('buy spam');
    tap.end();
    await expect(end).rejects.toMatchObject({ code: 'CHAT_REFUSED', message: 'No advertising here.' });
    expect(await app.chat.history.get(bob!, { channelId, seq: 2 })).toMatchObject({
      text: '',
      growth: { isFailed: true },
    });
    async function* marked() {
      yield await Promise.resolve('**Yes');
      yield '**';
    }

    expect(await app.chat.messages.grow(bot, { channelId }, marked(), { finish: parseText })).toMatchObject({
      text: 'Yes',
      entities: [{ type: 'bold', offset: 0, length: 3 }],
    });
  });

  it('are refused to strangers and above their number in one process', async () => {
    const { channelId, tap, end } = await answering();
    await expect(app.chat.messages.grow(cat!, { channelId }, tap.source)).rejects.toEqual(
      refusedWith('CHAT_NOT_FOUND'),
    );
    tap.end();
    await end;
    const small = await startChat({ ...options, growth: { ...growth, maxGrowing: 1 } });
    const made = await answering(small.chat);
    await expect(small.chat.messages.grow(bot, { channelId }, tap.source)).rejects.toEqual(
      refusedWith('CHAT_OVERLOADED'),
    );
    await small.close();
    await made.end;
  });
});

const leases = (app: ChatApp) =>
  app
    .get(ChatDatabase)
    .read(async (queries) => (await queries.selectFrom('growths').selectAll().execute()).length);
