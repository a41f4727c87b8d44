import { jest } from '@jest/globals';
import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { create, type Message } from '@nestwire/protocol';
import { until } from '../../../../test/rig/until.js';
import { OriginLocks, type PageLocks } from '../../spec/page-locks.js';
import { Note, Rig } from '../../spec/rig.js';
import { WELCOME, type Peer } from '../../spec/scripted-server.js';
import {
  openOutbox,
  type ConnectionOptions,
  type Outbox,
  type OutboxOptions,
  type OutboxOutcome,
  type SendOptions,
} from '../index.node.js';

const RESEND_MS = 120_000;
const DAY_MS = 86_400_000;
const globals = globalThis as Record<string, unknown>;
const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

/** Releases the writes that a test blocks. */
const releases: Array<() => void> = [];

describe('openOutbox()', () => {
  let origin: OriginLocks;
  let wall: number;
  let pages: Page[];

  /** A page with a client and a scripted server. */
  class Page {
    readonly outcomes: OutboxOutcome[] = [];
    readonly warnings: string[] = [];
    readonly settled: string[] = [];
    declare outbox: Outbox;
    declare rig: Rig;
    declare peer: Peer;
    declare client: string;
    readonly #locks: PageLocks = origin.page();

    static async open(options: OutboxOptions = {}, extra: Partial<ConnectionOptions> = {}): Promise<Page> {
      const page = new Page();
      pages.push(page);
      setNavigator({ locks: page.#locks });
      page.outbox = await openOutbox({
        now: () => wall,
        onOutcome: (outcome) => void page.outcomes.push(outcome),
        onWarning: (text) => void page.warnings.push(text),
        ...options,
      });
      page.rig = await Rig.start({ outbox: page.outbox, ...extra });
      return page;
    }

    /** Connects, and opens the stream if the page uses it. */
    async connect(user: string | null = 'ann', figures: object = {}): Promise<Peer> {
      const connecting = this.rig.client.connectWebSocket();
      this.peer = await this.rig.server.peers.take();
      this.client = (await this.peer.next('hello')).client!;
      this.peer.raw(JSON.stringify({ ...WELCOME, resendMs: RESEND_MS, user, ...figures }));
      await connecting;
      return this.peer;
    }

    /** Reconnects after the connection was lost. */
    async reconnect(user: string | null = 'ann'): Promise<Peer> {
      this.peer.socket.terminate();
      this.peer = await this.rig.reconnected({ resendMs: RESEND_MS, user, connection: 'c2' });
      return this.peer;
    }

    send(text: string, options: SendOptions = { durable: true }): Promise<void> {
      const sent = this.rig.client.chat.sendStreamMessage(create(Note, { text }), options);
      sent.then(
        () => this.settled.push(text),
        (error: { code: string }) => this.settled.push(`${text} ${error.code}`),
      );
      return sent;
    }

    /** Ends the page like a crashed tab. */
    async die(): Promise<void> {
      await flushed();
      this.#locks.end();
      this.peer?.socket.terminate();
      await this.peer?.closed;
    }

    /** The reported outcomes, as texts. */
    get told(): string[] {
      return this.outcomes.map(({ message, error }) => textOf(message) + (error ? ` ${error.code}` : ''));
    }
  }

  const boxes = () => origin.names.filter((name) => name.includes('.outbox.'));
  /** Opens a page after another one that sent these messages and got no answer. */
  const pageAfter = async (...texts: string[]): Promise<[Page, number[]]> => {
    const page = await Page.open();
    await page.connect();
    for (const text of texts) void page.send(text).catch(() => undefined);
    await page.peer.open();
    const ids = [];
    for (const _ of texts) ids.push((await page.peer.next('message')).id);
    await page.die();
    return [page, ids];
  };

  beforeEach(() => {
    origin = new OriginLocks();
    wall = 1_000_000_000;
    pages = [];
    Object.assign(globals, { indexedDB: new IDBFactory(), IDBKeyRange });
  });

  afterEach(async () => {
    for (const release of releases.splice(0)) release();
    await Promise.all(pages.map(({ rig }) => rig?.stop()));
    delete globals.indexedDB;
    delete globals.IDBKeyRange;
    delete globals.navigator;
    if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
    jest.restoreAllMocks();
  });

  describe('sends a message', () => {
    it('after it is stored, and before the following messages of its stream', async () => {
      const page = await Page.open();
      await page.connect();
      const release = await stalled();
      void page.send('kept');
      void page.send('after', {});
      page.rig.client.game.sendStreamMessage(create(Note, { text: 'elsewhere' })).catch(() => undefined);
      await page.peer.open();
      expect(await page.peer.next('open')).toMatchObject({ endpoint: 'game' });
      expect(await page.peer.next('message')).toMatchObject({ stream: 'game' });
      release();

      expect(texts(await page.peer.next('message'), await page.peer.next('message'))).toEqual([
        'kept',
        'after',
      ]);
    });

    it('and removes it after the answer', async () => {
      const page = await Page.open();
      await page.connect();
      const sent = page.send('kept');
      await page.peer.open();
      const { id } = await page.peer.next('message');
      expect(await lying()).toMatchObject([{ id, user: 'ann', data: { text: 'kept' } }]);
      page.peer.send({ t: 'ack', stream: 'chat', id });
      await sent;
      await flushed();

      expect([await lying(), page.outbox.size, page.outcomes]).toEqual([[], 0, []]);
    });

    it('in order with messages that are not durable', async () => {
      const page = await Page.open();
      const order = ['a', 'b', 'c', 'd'];
      order.forEach((text, at) => void page.send(text, at % 2 ? { offline: 'queue' } : { durable: true }));
      await page.connect();
      await page.peer.open();
      const frames = [];
      for (const _ of order) frames.push(await page.peer.next('message'));

      expect(texts(...frames)).toEqual(order);
      expect(frames.map(({ id }) => id)).toEqual(frames.map(({ id }) => id).toSorted((a, b) => a - b));
    });

    it('on the next connection when the connection is lost before it is stored', async () => {
      const page = await Page.open();
      await page.connect();
      const release = await stalled();
      void page.send('kept');
      await page.peer.open();
      await page.reconnect();
      release();
      await page.peer.open();

      expect(await page.peer.next('message')).toMatchObject({ redelivered: true, data: { text: 'kept' } });
    });

    it('to its first server when that goes away before it is stored', async () => {
      const page = await Page.open();
      const leaving = await page.connect();
      const release = await stalled();
      const sent = page.send('kept');
      await leaving.open();
      leaving.send({ t: 'goaway', spreadMs: 0 });
      await until(() => page.rig.clock.pending > 3);
      page.rig.clock.advance(0);
      const next = await page.rig.server.welcome({ connection: 'c2', user: 'ann' });
      await next.open();
      release();
      const { id, redelivered } = await leaving.next('message');
      leaving.send({ t: 'ack', stream: 'chat', id });
      await sent;

      expect([redelivered, next.frames.size]).toEqual([undefined, 0]);
    });

    it('never when it was aborted before it was stored', async () => {
      const page = await Page.open();
      await page.connect();
      const abort = new AbortController();
      const release = await stalled();
      void page.send('taken back', { durable: true, signal: abort.signal });
      void page.send('next');
      await page.peer.open();
      abort.abort();
      release();

      expect(texts(await page.peer.next('message'))).toEqual(['next']);
      expect(page.settled).toEqual(['taken back ABORTED']);
      expect(await lying()).toHaveLength(1);
    });

    it('like any other if the platform stores nothing, with one warning', async () => {
      delete globals.indexedDB;
      const page = await Page.open();
      void page.send('kept');
      await page.connect();
      await page.peer.open();

      expect(texts(await page.peer.next('message'))).toEqual(['kept']);
      expect([page.outbox.isDurable, page.warnings]).toEqual([
        false,
        ['nestwire: outbox: messages are kept in memory only'],
      ]);
    });

    it('only if the client has an outbox and no open listener sends it', async () => {
      const page = await Page.open();
      const bare = await Rig.start();
      await expect(
        bare.client.chat.sendStreamMessage(create(Note), { durable: true }),
      ).rejects.toBeInstanceOf(TypeError);
      await bare.stop();
      await page.connect();
      page.rig.client.chat.addStreamOpenedListener(() => void page.send('own').catch(() => undefined));
      await page.peer.open();
      await flushed();

      expect([page.settled, page.outbox.size]).toEqual([['own undefined'], 0]);
    });
  });

  describe('after a reload', () => {
    it('resends unanswered messages with the same client id, ids and order, before new ones', async () => {
      const [before, ids] = await pageAfter('a', 'b');
      const page = await Page.open();
      void page.send('c', { offline: 'queue' });
      await page.connect();
      await page.peer.open();
      const frames = [];
      for (let n = 0; n < 3; n++) frames.push(await page.peer.next('message'));
      page.peer.send({ t: 'ack', stream: 'chat', id: frames[2]!.id });
      await flushed();

      expect(page.client).toBe(before.client);
      expect(frames).toMatchObject([
        { id: ids[0], redelivered: true, data: { text: 'a' } },
        { id: ids[1], redelivered: true, data: { text: 'b' } },
        { data: { text: 'c' } },
      ]);
      expect(frames[2]!.id).toBeGreaterThan(16_000_000);
      expect(page.told).toEqual(['a', 'b']);
      expect(page.outcomes[0]!.message).toBeInstanceOf(Note);
      expect(await lying()).toEqual([]);
    });

    it('uses no id twice after several reloads', async () => {
      await pageAfter('a');
      const lowest: number[] = [];
      for (let n = 0; n < 3; n++) {
        const page = await Page.open();
        await page.connect();
        void page.rig.client.game.sendStreamMessage(create(Note)).catch(() => undefined);
        await page.peer.open();
        lowest.push((await page.peer.next('open')).id);
        await page.die();
      }

      expect(lowest[1]! - lowest[0]!).toBeGreaterThanOrEqual(16_777_216);
      expect(lowest[2]! - lowest[1]!).toBeGreaterThanOrEqual(16_777_216);
    });

    it('takes a new client id once nothing may be resent, and reports UNCERTAIN', async () => {
      const [before] = await pageAfter('a');
      wall += RESEND_MS;
      const page = await Page.open();
      await page.connect();
      await flushed();

      expect(page.told).toEqual(['a UNCERTAIN']);
      expect(page.client).not.toBe(before.client);
      expect([page.outbox.size, await lying(), page.peer.frames.size]).toEqual([0, [], 0]);
    });

    it('does not trust a clock that was set back', async () => {
      await pageAfter('a');
      wall -= 1;
      const page = await Page.open();
      await flushed();

      expect(page.told).toEqual(['a UNCERTAIN']);
    });

    it('reports the end of the resend window without a connection', async () => {
      await pageAfter('a');
      const page = await Page.open();
      void page.rig.client.connectWebSocket().catch(() => undefined);
      wall += RESEND_MS;
      page.rig.clock.advance(RESEND_MS + 60_000);
      await flushed();

      expect(page.told).toEqual(['a UNCERTAIN']);
    });

    it('sends unsent messages once, as new ones', async () => {
      const before = await Page.open();
      void before.send('a');
      void before.send('b');
      await before.die();
      wall += DAY_MS - 1;
      const page = await Page.open();
      await page.connect();
      await page.peer.open();
      const frames = [await page.peer.next('message'), await page.peer.next('message')];
      page.peer.send({ t: 'error', id: frames[0]!.id, error: { code: 'SOLD_OUT', message: 'none left' } });
      page.peer.send({ t: 'ack', stream: 'chat', id: frames[1]!.id });
      await flushed();

      expect(texts(...frames)).toEqual(['a', 'b']);
      expect(frames.every(({ redelivered }) => !redelivered)).toBe(true);
      expect(page.told).toEqual(['a SOLD_OUT', 'b']);
    });

    it('reports expired messages and does not send them', async () => {
      const before = await Page.open();
      void before.send('old');
      wall += DAY_MS - 1_000;
      void before.send('young');
      await before.die();
      wall += 1_000;
      const page = await Page.open();
      await flushed();
      expect(page.told).toEqual(['old NOT_CONNECTED']);
      page.rig.clock.advance(DAY_MS - 1_000);
      await flushed();

      expect(page.told).toEqual(['old NOT_CONNECTED', 'young NOT_CONNECTED']);
    });

    it('has lost messages that were not durable', async () => {
      const before = await Page.open();
      void before.send('lost', { offline: 'queue' });
      await before.die();
      const page = await Page.open();
      await page.connect();
      await flushed();

      expect([page.outbox.size, page.outcomes, page.peer.frames.size]).toEqual([0, [], 0]);
    });

    it('warns of failures without a listener, and survives a listener that throws', async () => {
      await pageAfter('a', 'b');
      wall += RESEND_MS;
      const page = await Page.open({ onOutcome: undefined });
      await flushed();
      await page.die();
      await pageAfter('c');
      wall += RESEND_MS;
      const other = await Page.open({
        onOutcome: () => {
          throw new Error('broken');
        },
      });
      await flushed();

      expect(page.warnings).toEqual(Array(2).fill('nestwire: outbox: spec.note was not sent'));
      expect(other.warnings).toEqual(['nestwire: outbox: a listener threw']);
    });
  });

  describe('with several pages', () => {
    it('gives each page its own box, and takes over unsent messages', async () => {
      const [one, two] = [await Page.open(), await Page.open()];
      void one.send('of one');
      void two.send('of two');
      expect(boxes()).toEqual(['nestwire.outbox.0', 'nestwire.outbox.1']);
      await two.die();
      await one.connect();
      await one.peer.open();
      const frames = [await one.peer.next('message'), await one.peer.next('message')];
      one.peer.send({ t: 'ack', stream: 'chat', id: frames[1]!.id });
      await flushed();

      expect(texts(...frames)).toEqual(['of one', 'of two']);
      expect([one.settled, one.told]).toEqual([['of one'], ['of two']]);
      expect(await lying()).toEqual([]);
    });

    it('leaves messages that may be resent to the page that claims their box, until they expire', async () => {
      const one = await Page.open();
      const [two, ids] = await pageAfter('flying');
      await one.connect();
      await flushed();
      expect(one.told).toEqual([]);
      const three = await Page.open();
      await three.connect();
      await three.peer.open();
      expect([three.client, await three.peer.next('message')]).toMatchObject([
        two.client,
        { id: ids[0], redelivered: true },
      ]);
      await three.die();
      wall += RESEND_MS;
      await one.reconnect();
      await flushed();

      expect(one.told).toEqual(['flying UNCERTAIN']);
    });
  });

  describe('after all pages are closed', () => {
    it('continues with the box that may be resent, and takes over the rest', async () => {
      const one = await Page.open();
      void one.send('waiting');
      const [two, ids] = await pageAfter('flying');
      await one.die();
      const page = await Page.open();
      await page.connect();
      await page.peer.open();
      const frames = [await page.peer.next('message'), await page.peer.next('message')];

      expect(page.client).toBe(two.client);
      expect(frames).toMatchObject([{ id: ids[0], redelivered: true }, { data: { text: 'waiting' } }]);
    });
  });

  describe('for another user', () => {
    it('sends nothing until its user signs in again', async () => {
      const page = await Page.open({ user: 'ann' });
      void page.send('of ann');
      await page.connect('bob');
      await page.peer.open();
      void page.send('of bob');
      const { id, data } = await page.peer.next('message');
      expect(data).toEqual({ text: 'of bob' });
      page.peer.send({ t: 'ack', stream: 'chat', id });
      await page.reconnect('ann');
      await page.peer.open();

      expect(texts(await page.peer.next('message'))).toEqual(['of ann']);
    });

    it('keeps the message when the stream is refused to an anonymous client', async () => {
      await pageAfter('of ann');
      const page = await Page.open();
      await page.connect(null);
      const { id } = await page.peer.next('open');
      page.peer.send({ t: 'error', id, error: { code: 'UNAUTHENTICATED', message: 'sign in' } });
      await flushed();
      expect(page.told).toEqual([]);
      await page.reconnect('ann');
      await page.peer.open();

      expect(await page.peer.next('message')).toMatchObject({ redelivered: true, data: { text: 'of ann' } });
    });

    it('is empty after clear(), also in boxes of closed pages', async () => {
      await pageAfter('flying');
      const page = await Page.open();
      void page.send('waiting');
      const two = await Page.open();
      void two.send('left');
      await two.die();
      await page.outbox.clear();

      expect([page.settled, page.told, page.outbox.size, await lying()]).toEqual([
        ['waiting ABORTED'],
        [],
        0,
        [],
      ]);
    });
  });

  describe('within bounds', () => {
    it('limits the rate of stored messages, which a server would refuse as a flood', async () => {
      const page = await Page.open();
      for (let n = 0; n < 150; n++) page.send(`${n}`).catch(() => undefined);
      await page.connect('ann', { maxPendingMessages: 1_000 });
      await page.peer.open();
      await flushed();
      expect(page.peer.frames.size).toBe(100);
      page.rig.clock.advance(100);
      await flushed();
      expect(page.peer.frames.size).toBe(110);
      await page.rig.client.close();

      expect(page.rig.clock.pending).toBe(0);
    });

    it('refuses more than maxMessages and maxBytes', async () => {
      const few = await Page.open({ maxMessages: 2 });
      void few.send('a');
      void few.send('b');
      await expect(few.send('c')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      const small = await Page.open({ maxBytes: 200 });
      void small.send('a');
      await expect(small.send('x'.repeat(200))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      void few.rig.client.chat.sendStreamMessage(create(Note), { offline: 'queue' }).catch(() => undefined);

      expect([few.outbox.size, small.outbox.size]).toEqual([2, 1]);
    });

    it('refuses messages that the browser cannot store, and never sends them', async () => {
      const page = await Page.open();
      await page.connect();
      jest.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: Aborting) {
        this.transaction.abort();
        return undefined as never;
      });
      await expect(page.send('too much')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      jest.restoreAllMocks();
      void page.send('fits');
      await page.peer.open();

      expect(texts(await page.peer.next('message'))).toEqual(['fits']);
      expect([page.warnings, page.outbox.size]).toEqual([['nestwire: outbox: messages cannot be stored'], 1]);
    });
  });

  describe('when the client is closed', () => {
    it('keeps its messages, rejects their promises, and leaves nothing running', async () => {
      const page = await Page.open();
      await page.connect();
      void page.send('flying').catch(() => undefined);
      await page.peer.open();
      const { id } = await page.peer.next('message');
      await page.rig.client.close();
      expect([page.settled, boxes(), page.rig.clock.pending]).toEqual([['flying CLIENT_CLOSED'], [], 0]);
      expect(await lying()).toHaveLength(1);
      const next = await Page.open();
      await next.connect();
      await next.peer.open();

      expect(await next.peer.next('message')).toMatchObject({ id, redelivered: true });
    });

    it('stays closed, while the client may connect again', async () => {
      const page = await Page.open();
      await page.rig.client.close();
      await page.connect();
      await expect(page.send('late')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
      void page.send('plain', {});
      await page.peer.open();

      expect(texts(await page.peer.next('message'))).toEqual(['plain']);
    });

    it('by the server, continues with the next connection', async () => {
      const page = await Page.open();
      await page.connect();
      void page.send('a').catch(() => undefined);
      await page.peer.open();
      const { id } = await page.peer.next('message');
      page.peer.socket.close(4502, 'banned');
      await page.rig.status('closed');
      await page.connect();
      await page.peer.open();
      expect(await page.peer.next('message')).toMatchObject({ id, redelivered: true });
      page.peer.send({ t: 'ack', stream: 'chat', id });
      await flushed();

      expect([page.settled, page.told]).toEqual([['a CLIENT_CLOSED'], ['a']]);
    });
  });
});

interface Request<T> {
  readonly result: T;
  onsuccess: ((event: unknown) => void) | null;
}

interface Database {
  transaction(
    names: string | string[],
    mode?: string,
  ): { objectStore(name: string): { getAll(): Request<unknown[]>; get(key: number): Request<unknown> } };
  close(): void;
}

interface Factory {
  open(name: string): Request<Database>;
}

interface Aborting {
  readonly transaction: { abort(): void };
}

function setNavigator(value: object): void {
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
}

function textOf(message: Message | undefined): string {
  return (message as Note | undefined)?.text ?? '?';
}

function texts(...frames: ReadonlyArray<{ readonly data: object }>): unknown[] {
  return frames.map(({ data }) => (data as Note).text);
}

/** Waits until started writes are stored and sent messages have arrived. */
async function flushed(): Promise<void> {
  for (let n = 0; n < 5; n++) await lying();
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let n = 0; n < 5; n++) await lying();
}

async function database(): Promise<Database | undefined> {
  if (!globals.indexedDB) return undefined;
  const request = (globals.indexedDB as Factory).open('nestwire.outbox');
  return new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
}

/** Returns the messages of all boxes. */
async function lying(): Promise<unknown[]> {
  const opened = await database();
  if (!opened) return [];
  const request = opened.transaction('messages').objectStore('messages').getAll();
  await new Promise((resolve) => (request.onsuccess = resolve));
  opened.close();
  return request.result;
}

/** Blocks all writes until the returned function is called. */
async function stalled(): Promise<() => void> {
  const opened = (await database())!;
  const store = opened.transaction(['heads', 'messages'], 'readwrite').objectStore('heads');
  let isOver = false;
  releases.push(() => void (isOver = true));
  const go = () => {
    if (isOver) opened.close();
    else store.get(-1).onsuccess = go;
  };
  go();
  return releases.at(-1)!;
}
