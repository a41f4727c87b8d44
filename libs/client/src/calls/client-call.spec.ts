import { create } from '@nestwire/protocol';
import type { CallFrame, ServerFrame } from '@nestwire/protocol/codec';
import { until } from '../../../../test/rig/until.js';
import { Note, Rig } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';
import type { ConnectionOptions, StreamingCall } from '../index.node.js';

const RESEND_MS = 120_000;
const FIGURES = { callWindow: 4, callWindowBytes: 100_000, maxCalls: 8, resendMs: RESEND_MS };

const note = (text: string) => create(Note, { text });

describe('a call', () => {
  let rig: Rig;
  let peer: Peer;

  /** Connects, and opens the stream of the chat. */
  async function connected(options?: Partial<ConnectionOptions>, figures: object = {}): Promise<void> {
    rig = await Rig.start(options);
    peer = await rig.connected({ ...FIGURES, ...figures });
    rig.client.chat.addStreamOpenedListener(() => {});
    await peer.open();
  }

  /** Ends the connection and makes the next one. */
  async function reconnected(figures: object = {}): Promise<void> {
    peer.socket.terminate();
    peer = await rig.reconnected({ ...FIGURES, ...figures });
    await peer.open('s2');
  }

  /** Waits until the client has handled all sent frames. */
  async function settled(): Promise<void> {
    peer.send({ t: 'ping' });
    await peer.next('pong');
  }

  function item(call: number, n: number, text = `item ${n}`): void {
    peer.send({ t: 'item', call, n, type: 'spec.note', data: { text } });
  }

  function fail(id: number, code: string): void {
    peer.send({ t: 'error', id, error: { code, message: `it is ${code}` } });
  }

  /** Reads a call to its end: the texts, and the code of the error. */
  async function read(call: StreamingCall<Note>): Promise<string[]> {
    const texts: string[] = [];
    try {
      for await (const { text } of call) texts.push(text);
      texts.push('end');
    } catch (error) {
      texts.push((error as { code: string }).code);
    }
    return texts;
  }

  const codeOf = (call: PromiseLike<unknown>) =>
    Promise.resolve(call).then(
      () => 'no error',
      (error: { code: string }) => error.code,
    );

  afterEach(() => rig.stop());

  describe('with one reply', () => {
    it('sends its request and resolves with the reply', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      const frame = await peer.next('call');
      expect(frame).toEqual({
        ...{ t: 'call', id: expect.any(Number), stream: 'chat', method: 'load', type: 'spec.note' },
        ...{ data: { text: 'older' }, window: 4, callId: loading.id },
      });
      expect(loading.id).toMatch(/^[\w-]{22}$/);
      peer.send({ t: 'reply', call: frame.id, type: 'spec.note', data: { text: 'page' } });

      expect(await loading).toEqual(note('page'));
    });

    it('resolves with nothing for a method without a result', async () => {
      await connected();
      const leaving = rig.client.chat.leave(note('bye'));
      peer.send({ t: 'reply', call: (await peer.next('call')).id });

      expect(await leaving).toBeUndefined();
    });

    it('rejects with the error of the server', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      fail((await peer.next('call')).id, 'FORBIDDEN');

      await expect(loading).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'it is FORBIDDEN' });
    });

    it('opens its stream, and runs beside messages and other calls', async () => {
      rig = await Rig.start();
      peer = await rig.connected(FIGURES);
      const first = rig.client.chat.load(note('1'));
      const sent = rig.client.chat.sendStreamMessage(note('message'));
      const second = rig.client.chat.load(note('2'));
      await peer.open();
      const frames = [await peer.frames.take(), await peer.frames.take(), await peer.frames.take()] as [
        CallFrame,
        CallFrame,
        CallFrame,
      ];
      expect(frames.map(({ t }) => t).toSorted()).toEqual(['call', 'call', 'message']);
      const calls = frames.filter(({ t }) => t === 'call').toReversed();
      for (const { id, data } of calls) peer.send({ t: 'reply', call: id, type: 'spec.note', data });
      peer.send({ t: 'ack', stream: 'chat', id: frames.find(({ t }) => t !== 'call')!.id });

      expect([await first, await second, await sent]).toEqual([note('1'), note('2'), undefined]);
    });

    it('rejects with the refusal of its stream', async () => {
      rig = await Rig.start();
      peer = await rig.connected(FIGURES);
      const loading = rig.client.chat.load(note('older'));
      fail((await peer.next('open')).id, 'FORBIDDEN');

      expect(await codeOf(loading)).toBe('FORBIDDEN');
    });

    it('repeats the id that it is given', async () => {
      await connected();
      const id = 'x'.repeat(22);
      const loading = rig.client.chat.load(note('older'), { id });
      expect([loading.id, (await peer.next('call')).callId]).toEqual([id, id]);
    });

    it.each<[string, () => unknown]>([
      ['NOT_A_MESSAGE', () => ({ text: 'no message' })],
      ['NOT_ENCODABLE', () => Object.assign(note('x'), { at: () => 1 })],
      ['MESSAGE_TOO_LARGE', () => note('x'.repeat(70_000))],
    ])('rejects with %s before it sends such a request', async (code, request) => {
      await connected();
      expect(await codeOf(rig.client.chat.load(request() as Note))).toBe(code);
      await settled();
    });

    it('ends with an error for a reply of an unlisted class', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      peer.send({ t: 'reply', call: (await peer.next('call')).id, type: 'spec.newer', data: {} });

      await expect(loading).rejects.toMatchObject({
        code: 'NOT_A_MESSAGE',
        message: expect.stringContaining('spec.newer'),
      });
    });

    it('warns of an error that nobody handles', async () => {
      await connected();
      void rig.client.chat.load(note('older'));
      fail((await peer.next('call')).id, 'FORBIDDEN');
      await until(() => rig.warnings.length);

      expect(rig.warnings).toEqual(['nestwire: the call of load failed']);
    });
  });

  describe('without a connection', () => {
    it('rejects, unless it may wait', async () => {
      rig = await Rig.start();
      expect(await codeOf(rig.client.chat.load(note('now')))).toBe('NOT_CONNECTED');
      const waiting = rig.client.chat.load(note('later'), { offline: 'queue' });
      peer = await rig.connected(FIGURES);
      await peer.open();
      const { id, data, redelivered } = await peer.next('call');
      expect([data.text, redelivered]).toEqual(['later', undefined]);
      peer.send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'done' } });

      expect((await waiting).text).toBe('done');
    });

    it('rejects when too many calls wait', async () => {
      rig = await Rig.start({ offline: 'queue', maxOfflineMessages: 2 });
      const calls = ['a', 'b', 'c'].map((text) => rig.client.chat.load(note(text)));
      expect(await codeOf(calls[2]!)).toBe('QUEUE_FULL');
      await rig.client.close();
      expect(await Promise.all(calls.map(codeOf))).toEqual(['CLIENT_CLOSED', 'CLIENT_CLOSED', 'QUEUE_FULL']);
    });

    it('is not sent for another user', async () => {
      let user: string | null = 'ann';
      rig = await Rig.start({ offline: 'queue', auth: () => user });
      peer = await rig.connected(FIGURES);
      peer.socket.terminate();
      await rig.status('waiting');
      const waiting = rig.client.chat.load(note('secret'));
      user = 'bob';
      peer = await rig.reconnected(FIGURES);
      await peer.open();

      expect(await codeOf(waiting)).toBe('IDENTITY_CHANGED');
      await settled();
    });
  });

  describe('that ends early', () => {
    it('is cancelled by its signal, and tells the server', async () => {
      await connected();
      const abort = new AbortController();
      const loading = rig.client.chat.load(note('older'), { signal: abort.signal });
      const { id } = await peer.next('call');
      abort.abort(new Error('left the page'));
      await expect(loading).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'left the page' } });
      expect(await peer.next('cancel')).toEqual({ t: 'cancel', call: id });
      peer.send({ t: 'reply', call: id });
      await settled();
    });

    it('is not sent when its signal has aborted before', async () => {
      await connected();
      expect(await codeOf(rig.client.chat.load(note('older'), { signal: AbortSignal.abort() }))).toBe(
        'ABORTED',
      );
      await settled();
    });

    it('is cancelled by cancel(), which waits for the server', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const reading = read(watching);
      const { id } = await peer.next('call');
      item(id, 1);
      await settled();
      let isGone = false;
      const cancelled = watching.cancel().then(() => (isGone = true));
      expect(await reading).toEqual(['item 1', 'CANCELLED']);
      await peer.next('cancel');
      item(id, 2);
      await settled();
      expect(isGone).toBe(false);
      fail(id, 'CANCELLED');
      await cancelled;
      await watching.cancel();
      await settled();
    });

    it('has a deadline, which the server gets', async () => {
      await connected({ callTimeoutMs: 5_000 });
      const byDefault = rig.client.chat.load(note('a'));
      const own = rig.client.chat.load(note('b'), { timeoutMs: 1_000 });
      expect([(await peer.next('call')).timeoutMs, (await peer.next('call')).timeoutMs]).toEqual([
        5_000, 1_000,
      ]);
      rig.clock.advance(1_000);
      expect(await codeOf(own)).toBe('DEADLINE_EXCEEDED');
      await peer.next('cancel');
      rig.clock.advance(4_000);
      expect(await codeOf(byDefault)).toBe('DEADLINE_EXCEEDED');
    });
  });

  describe('with a stream of items', () => {
    it('yields them in order and ends', async () => {
      await connected();
      const reading = read(rig.client.chat.watch(note('all')));
      const { id } = await peer.next('call');
      item(id, 1);
      item(id, 2);
      peer.send({ t: 'end', call: id });

      expect(await reading).toEqual(['item 1', 'item 2', 'end']);
    });

    it('throws the error of the server after the items before it', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const { id } = await peer.next('call');
      item(id, 1);
      fail(id, 'INTERNAL');
      await settled();

      expect(await read(watching)).toEqual(['item 1', 'INTERNAL']);
      expect(rig.warnings).toEqual([]);
    });

    it('counts the items of a call that the server has lost', async () => {
      await connected();
      const reader = rig.client.chat.watch(note('all'))[Symbol.asyncIterator]();
      const { id } = await peer.next('call');
      item(id, 1);
      fail(id, 'CALL_LOST');
      await reader.next();

      await expect(reader.next()).rejects.toMatchObject({ code: 'CALL_LOST', received: 1 });
    });

    it('is no promise for those who return it from an async function', async () => {
      await connected();
      const start = async () => rig.client.chat.watch(note('all'));
      const starting = start();
      const { id } = await peer.next('call');
      item(id, 1);
      const watching = await starting;
      peer.send({ t: 'end', call: id });

      expect('then' in watching).toBe(false);
      expect(await read(watching)).toEqual(['item 1', 'end']);
    });

    it('has one reader', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      expect(watching[Symbol.asyncIterator]()).toBe(watching[Symbol.asyncIterator]());
    });

    it('leaves the call when the loop is left', async () => {
      await connected();
      const left = (async () => {
        for await (const { text } of rig.client.chat.watch(note('all'))) return text;
        return 'nothing';
      })();
      const { id } = await peer.next('call');
      item(id, 1);
      expect(await left).toBe('item 1');
      expect(await peer.next('detach')).toEqual({ t: 'detach', call: id });
      item(id, 2);
      await settled();
    });

    it('can be cancelled after the loop was left', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const { id, callId } = await peer.next('call');
      item(id, 1);
      for await (const _ of watching) break;
      await peer.next('detach');
      const cancelled = watching.cancel();
      expect(await peer.next('cancel')).toEqual({ t: 'cancel', id, stream: 'chat', method: 'watch', callId });
      peer.send({ t: 'reply', call: id });
      await cancelled;
    });

    it('gives credit for half of the window, and for the rest a little later', async () => {
      await connected();
      const reader = rig.client.chat.watch(note('all'))[Symbol.asyncIterator]();
      const { id } = await peer.next('call');
      for (let n = 1; n <= 4; n++) item(id, n);
      await settled();
      await reader.next();
      await settled();
      await reader.next();
      expect(await peer.next('credit')).toEqual({ t: 'credit', call: id, consumed: 2 });
      await reader.next();
      await settled();
      rig.clock.advance(1_000);
      expect(await peer.next('credit')).toEqual({ t: 'credit', call: id, consumed: 3 });
    });

    it('gives credit for large items at once', async () => {
      await connected();
      const reader = rig.client.chat.watch(note('all'))[Symbol.asyncIterator]();
      const { id } = await peer.next('call');
      item(id, 1, 'x'.repeat(30_000));
      await reader.next();

      expect(await peer.next('credit')).toMatchObject({ consumed: 1 });
    });

    it('gives no credit for items that nobody reads', async () => {
      await connected();
      rig.client.chat.watch(note('all'));
      const { id } = await peer.next('call');
      for (let n = 1; n <= 4; n++) item(id, n);
      await settled();
      rig.clock.advance(10_000);
      await settled();
    });

    it('ends when an item is missing', async () => {
      await connected();
      const reading = read(rig.client.chat.watch(note('all')));
      const { id } = await peer.next('call');
      item(id, 1);
      item(id, 3);

      expect(await reading).toEqual(['item 1', 'CALL_LOST']);
      await peer.next('cancel');
    });
  });

  describe('with items of the client', () => {
    const texts = async (count: number) => {
      const all: unknown[] = [];
      for (let index = 0; index < count; index++) all.push((await peer.next('item')).data.text);
      return all;
    };

    it('sends them and their end, and resolves with the reply', async () => {
      await connected();
      const uploading = rig.client.chat.upload(note('file'), [note('a'), note('b')]);
      const { id, items } = await peer.next('call');
      expect(items).toBe(true);
      expect(await peer.next('item')).toEqual({
        t: 'item',
        call: id,
        type: 'spec.note',
        data: { text: 'a' },
      });
      expect(await texts(1)).toEqual(['b']);
      expect(await peer.next('end')).toEqual({ t: 'end', call: id });
      peer.send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'done' } });

      expect((await uploading).text).toBe('done');
    });

    it('sends no more than the window of the server', async () => {
      await connected();
      let given = 0;
      const items = (function* () {
        while (given < 9) yield note(`${++given}`);
      })();
      void rig.client.chat.upload(note('file'), items);
      const { id } = await peer.next('call');
      expect(await texts(4)).toEqual(['1', '2', '3', '4']);
      await settled();
      expect(given).toBe(5);
      peer.send({ t: 'credit', call: id, consumed: 3 });
      expect(await texts(3)).toEqual(['5', '6', '7']);
      await settled();
      peer.send({ t: 'credit', call: id, consumed: 7 });
      expect(await texts(2)).toEqual(['8', '9']);
      await peer.next('end');
      peer.send({ t: 'reply', call: id });
      await settled();
    });

    it('sends no more bytes than the window, except for one item', async () => {
      await connected({}, { callWindowBytes: 1_000 });
      const sizes = [400, 400, 400, 4_000];
      void rig.client.chat.upload(
        note('file'),
        sizes.map((size) => note('x'.repeat(size))),
      );
      const { id } = await peer.next('call');
      await texts(2);
      await settled();
      peer.send({ t: 'credit', call: id, consumed: 2 });
      await texts(1);
      await settled();
      peer.send({ t: 'credit', call: id, consumed: 3 });
      await texts(1);
      await peer.next('end');
      peer.send({ t: 'reply', call: id });
      await settled();
    });

    it('ends with the error of the iterable, and tells the server', async () => {
      await connected();
      const failing = (async function* () {
        yield note('a');
        throw new Error('the file is gone');
      })();
      const uploading = rig.client.chat.upload(note('file'), failing);
      const { id } = await peer.next('call');
      await texts(1);
      expect(await peer.next('cancel')).toEqual({ t: 'cancel', call: id });

      await expect(uploading).rejects.toThrow('the file is gone');
    });

    it('leaves the iterable when the call ends before it', async () => {
      await connected();
      let isLeft = false;
      const items = (async function* () {
        try {
          for (let index = 0; ; index++) yield note(`${index}`);
        } finally {
          isLeft = true;
        }
      })();
      const uploading = rig.client.chat.upload(note('file'), items);
      const { id } = await peer.next('call');
      await texts(4);
      peer.send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'enough' } });

      expect((await uploading).text).toBe('enough');
      await until(() => isLeft);
    });

    it('converts them: items in both directions', async () => {
      await connected();
      const reading = read(rig.client.chat.convert(note('upper'), [note('a')]));
      const { id } = await peer.next('call');
      await texts(1);
      await peer.next('end');
      item(id, 1, 'A');
      peer.send({ t: 'end', call: id });

      expect(await reading).toEqual(['A', 'end']);
    });

    it('takes options after the items', async () => {
      await connected();
      void rig.client.chat.upload(note('file'), [], { timeoutMs: 7 });
      expect(await peer.next('call')).toMatchObject({ timeoutMs: 7, items: true });
      await peer.next('end');
    });
  });

  describe('whose connection is lost', () => {
    it('is sent again with its id, and gets its reply', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'), { timeoutMs: 60_000 });
      const first = await peer.next('call');
      rig.clock.advance(2_000);
      await reconnected();
      const again = await peer.next('call');
      expect(again).toEqual({ ...first, redelivered: true, timeoutMs: again.timeoutMs });
      expect(again.timeoutMs).toBeLessThanOrEqual(58_000);
      peer.send({ t: 'reply', call: again.id, type: 'spec.note', data: { text: 'page' } });

      expect((await loading).text).toBe('page');
    });

    it.each(['BUSY', 'UNAVAILABLE', 'CALL_UNKNOWN'])(
      'is uncertain when the repetition is refused with %s',
      async (code) => {
        await connected();
        const loading = rig.client.chat.load(note('older'));
        await peer.next('call');
        await reconnected();
        fail((await peer.next('call')).id, code);

        await expect(loading).rejects.toMatchObject({ code: 'UNCERTAIN', cause: { code } });
      },
    );

    it('gets another error of the repetition', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      await peer.next('call');
      await reconnected();
      fail((await peer.next('call')).id, 'FORBIDDEN');

      expect(await codeOf(loading)).toBe('FORBIDDEN');
    });

    it('is uncertain when its stream is refused on the next connection', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      await peer.next('call');
      peer.socket.terminate();
      peer = await rig.reconnected(FIGURES);
      fail((await peer.next('open')).id, 'FORBIDDEN');

      await expect(loading).rejects.toMatchObject({ code: 'UNCERTAIN', cause: { code: 'FORBIDDEN' } });
    });

    it('is not sent again after the resend window: it asks for a resumable call', async () => {
      await connected({}, { resendMs: 500 });
      const loading = rig.client.chat.load(note('older'));
      await peer.next('call');
      rig.clock.advance(500);
      await reconnected();
      fail((await peer.next('attach')).id, 'NOT_RESUMABLE');

      await expect(loading).rejects.toMatchObject({ code: 'UNCERTAIN' });
    });

    it('is uncertain for another user', async () => {
      let user = 'ann';
      await connected({ auth: () => user });
      const loading = rig.client.chat.load(note('older'));
      await peer.next('call');
      user = 'bob';
      await reconnected();

      expect(await codeOf(loading)).toBe('UNCERTAIN');
      await settled();
    });

    it('continues after the items that it has, with the rest of its window', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const reader = watching[Symbol.asyncIterator]();
      const { id, callId } = await peer.next('call');
      item(id, 1);
      item(id, 2);
      item(id, 3);
      await settled();
      await reader.next();
      await reconnected();
      expect(await peer.next('attach')).toEqual({
        ...{ t: 'attach', id, stream: 'chat', method: 'watch', callId },
        ...{ received: 3, consumed: 1, window: 4 },
      });
      item(id, 4);
      peer.send({ t: 'end', call: id });

      expect(await read({ ...watching, [Symbol.asyncIterator]: () => reader })).toEqual([
        'item 2',
        'item 3',
        'item 4',
        'end',
      ]);
    });

    it('is lost with the number of its items when it is not resumable', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const { id } = await peer.next('call');
      item(id, 1);
      await settled();
      await reconnected();
      fail((await peer.next('attach')).id, 'NOT_RESUMABLE');
      const reader = watching[Symbol.asyncIterator]();
      await reader.next();

      await expect(reader.next()).rejects.toMatchObject({
        code: 'CALL_LOST',
        received: 1,
        cause: { code: 'NOT_RESUMABLE' },
      });
    });

    it('is uncertain when it has sent items', async () => {
      await connected();
      const uploading = rig.client.chat.upload(note('file'), [note('a')]);
      await peer.next('call');
      await peer.next('item');
      await peer.next('end');
      await reconnected();
      fail((await peer.next('attach')).id, 'NOT_RESUMABLE');

      expect(await codeOf(uploading)).toBe('UNCERTAIN');
    });

    it('is cancelled on the next connection when it was cancelled meanwhile', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const reading = read(watching);
      const { id, callId } = await peer.next('call');
      item(id, 1);
      await settled();
      peer.socket.terminate();
      await rig.status('waiting');
      const cancelled = watching.cancel();
      expect(await reading).toEqual(['item 1', 'CANCELLED']);
      peer = await rig.reconnected(FIGURES);
      await peer.open('s2');
      expect(await peer.next('cancel')).toEqual({ t: 'cancel', id, stream: 'chat', method: 'watch', callId });
      fail(id, 'CALL_UNKNOWN');
      await cancelled;
    });

    it('is forgotten when its loop was left meanwhile', async () => {
      await connected();
      const reader = rig.client.chat.watch(note('all'))[Symbol.asyncIterator]();
      item((await peer.next('call')).id, 1);
      await reader.next();
      peer.socket.terminate();
      await rig.status('waiting');
      await reader.return!();
      peer = await rig.reconnected(FIGURES);
      await peer.open('s2');
      await settled();
    });

    it('ends with the client', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      const reading = read(rig.client.chat.watch(note('all')));
      const codes = Promise.all([codeOf(loading), reading]);
      await peer.next('call');
      item((await peer.next('call')).id, 1);
      await settled();
      await rig.client.close();

      expect(await codes).toEqual(['UNCERTAIN', ['item 1', 'CALL_LOST']]);
      expect(await codeOf(rig.client.chat.load(note('more')))).toBe('CLIENT_CLOSED');
    });
  });

  describe('at a handover', () => {
    /** Lets the client connect to the next server. */
    async function handedOver(): Promise<Peer> {
      peer.send({ t: 'goaway', spreadMs: 0 });
      await settled();
      rig.clock.advance(0);
      const next = await rig.server.welcome({ ...FIGURES, connection: 'c2' });
      await next.open('s2');
      return next;
    }

    it('is finished by the former server', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      const { id } = await peer.next('call');
      const next = await handedOver();
      void rig.client.chat.load(note('newer'));
      expect((await next.next('call')).data.text).toBe('newer');
      peer.send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'page' } });

      expect((await loading).text).toBe('page');
      await peer.closed;
    });

    it('gives its credit and its cancellation to the former server', async () => {
      await connected();
      const watching = rig.client.chat.watch(note('all'));
      const reader = watching[Symbol.asyncIterator]();
      const { id } = await peer.next('call');
      await handedOver();
      item(id, 1);
      item(id, 2);
      await reader.next();
      await reader.next();
      expect(await peer.next('credit')).toMatchObject({ consumed: 2 });
      const cancelled = watching.cancel();
      await peer.next('cancel');
      fail(id, 'CANCELLED');
      await cancelled;
      await expect(reader.next()).rejects.toMatchObject({ code: 'CANCELLED' });
    });

    it('moves to the next server when the former one closes', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      const reading = read(rig.client.chat.watch(note('all')));
      const { id } = await peer.next('call');
      const { id: watched } = await peer.next('call');
      const next = await handedOver();
      item(watched, 1);
      await settled();
      peer.socket.close(1001);
      expect(await next.next('call')).toMatchObject({ id, redelivered: true });
      expect(await next.next('attach')).toMatchObject({ id: watched, received: 1 });
      const send = (frame: ServerFrame) => next.send(frame);
      send({ t: 'reply', call: id, type: 'spec.note', data: { text: 'page' } });
      send({ t: 'item', call: watched, n: 2, type: 'spec.note', data: { text: 'item 2' } });
      send({ t: 'end', call: watched });

      expect((await loading).text).toBe('page');
      expect(await reading).toEqual(['item 1', 'item 2', 'end']);
    });
  });

  describe('that is resumed by its id', () => {
    it('attaches to it from its first item', async () => {
      await connected();
      const id = 'y'.repeat(22);
      const reading = read(rig.client.chat.watch.resume(id));
      const frame = await peer.next('attach');
      expect(frame).toMatchObject({ stream: 'chat', method: 'watch', callId: id, received: 0 });
      item(frame.id, 1);
      peer.send({ t: 'end', call: frame.id });

      expect(await reading).toEqual(['item 1', 'end']);
    });

    it.each(['NOT_RESUMABLE', 'CALL_UNKNOWN', 'UNAUTHENTICATED'])('throws %s', async (code) => {
      await connected();
      const reading = read(rig.client.chat.watch.resume('y'.repeat(22)));
      fail((await peer.next('attach')).id, code);

      expect(await reading).toEqual([code]);
    });

    it('cancels it', async () => {
      await connected();
      const call = rig.client.chat.watch.resume('y'.repeat(22));
      const { id } = await peer.next('attach');
      const cancelled = call.cancel();
      expect(await peer.next('cancel')).toEqual({ t: 'cancel', call: id });
      fail(id, 'CANCELLED');
      await cancelled;
    });

    it('cancels it without an attach when it is cancelled at once', async () => {
      await connected();
      const callId = 'y'.repeat(22);
      const cancelled = rig.client.chat.watch.resume(callId).cancel();
      const frame = await peer.frames.take();
      expect(frame).toMatchObject({ t: 'cancel', stream: 'chat', method: 'watch', callId });
      peer.send({ t: 'reply', call: (frame as { id: number }).id });
      await cancelled;
    });

    it.each(['throw', 'queue'] as const)('cancels it on the next connection, with %s', async (offline) => {
      rig = await Rig.start({ offline });
      const callId = 'y'.repeat(22);
      const cancelled = rig.client.chat.watch.resume(callId).cancel();
      peer = await rig.connected(FIGURES);
      await peer.open();
      const frame = await peer.frames.take();
      expect(frame).toMatchObject({ t: 'cancel', callId });
      fail((frame as { id: number }).id, 'CALL_UNKNOWN');
      await cancelled;
    });
  });

  describe('and the stream that ends', () => {
    it('ends with the error of the call, which the server sends first', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      fail((await peer.next('call')).id, 'SESSION_CLOSED');
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'access-lost', message: 'no access' } });

      expect(await codeOf(loading)).toBe('SESSION_CLOSED');
    });

    it('ends a call that has no error', async () => {
      await connected();
      const loading = rig.client.chat.load(note('older'));
      await peer.next('call');
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'access-lost', message: 'no access' } });

      await expect(loading).rejects.toMatchObject({ code: 'UNCERTAIN', cause: { code: 'access-lost' } });
    });
  });
});
