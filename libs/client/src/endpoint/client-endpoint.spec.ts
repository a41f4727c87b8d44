import { create, metaOf } from '@nestwire/protocol';
import type { ServerFrame } from '@nestwire/protocol/codec';
import { Note, Rig, take, Unlisted } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';
import { until } from '../../../../test/rig/until.js';
import type { ConnectionOptions, MessageStream } from '../index.node.js';

const note = (text: string) => create(Note, { text });

describe('endpoint', () => {
  let rig: Rig;
  let peer: Peer;

  async function connected(options?: Partial<ConnectionOptions>, figures?: object): Promise<void> {
    rig = await Rig.start(options);
    peer = await rig.connected(figures);
  }

  /** Waits until the client has handled all sent frames. */
  async function settled(): Promise<void> {
    peer.send({ t: 'ping' });
    await peer.next('pong');
  }

  function deliver(text: string, endpoint = 'chat'): void {
    peer.send({ t: 'message', stream: endpoint, type: 'spec.note', data: { text } });
  }

  const texts = (notes: Note[]) => notes.map(({ text }) => text);
  const sent = async () => (await peer.next('message')).data.text;

  afterEach(() => rig.stop());

  describe('stream', () => {
    it('is opened by the first use of its endpoint, and by no other', async () => {
      await connected();
      await settled();
      rig.client.chat.stream[Symbol.asyncIterator]();
      expect(await peer.open()).toBe('chat');
      rig.client.chat.stream[Symbol.asyncIterator]();
      rig.client.game.addStreamOpenedListener(() => {});
      expect(await peer.open()).toBe('game');

      await settled();
    });

    it('that was used before connecting is opened with the connection', async () => {
      rig = await Rig.start();
      const reading = take(rig.client.chat.stream, 1);
      peer = await rig.connected();
      await peer.open();
      deliver('a');

      expect(texts(await reading)).toEqual(['a']);
    });

    it('carries instances of the class, in order', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 2);
      await peer.open();
      const at = new Date('2026-11-23T10:00:00.000Z');
      deliver('a');
      peer.raw(
        `{"t":"message","stream":"chat","type":"spec.note","data":{"text":"b","at":{"$date":"${at.toISOString()}"}}}`,
      );

      const notes = await reading;
      expect(notes[0]).toBeInstanceOf(Note);
      expect(notes[1]).toEqual(create(Note, { text: 'b', at }));
    });

    it('keeps what comes without a reader for the first one', async () => {
      await connected();
      rig.client.chat.addStreamOpenedListener(() => {});
      await peer.open();
      deliver('a');
      deliver('b');
      await settled();
      const first = take(rig.client.chat.stream, 3);
      const second = take(rig.client.chat.stream, 1);
      deliver('c');

      expect(texts(await first)).toEqual(['a', 'b', 'c']);
      expect(texts(await second)).toEqual(['c']);
    });

    it('keeps again once the last reader has left', async () => {
      await connected();
      const first = take(rig.client.chat.stream, 1);
      await peer.open();
      deliver('a');
      await first;
      deliver('b');
      await settled();

      expect(texts(await take(rig.client.chat.stream, 1))).toEqual(['b']);
    });

    it('outlives a reconnect', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 2);
      await peer.open('s1');
      deliver('a');
      await settled();
      peer.socket.terminate();
      peer = await rig.reconnected();
      await peer.open('s2');
      deliver('b');

      expect(texts(await reading)).toEqual(['a', 'b']);
    });

    it('ends when the client is closed, after what has come', async () => {
      await connected();
      const reader = rig.client.chat.stream[Symbol.asyncIterator]();
      const waiting = rig.client.chat.stream[Symbol.asyncIterator]().next();
      await peer.open();
      deliver('a');
      await settled();
      await rig.client.close();

      expect(await reader.next()).toMatchObject({ value: { text: 'a' } });
      expect(await reader.next()).toEqual({ value: undefined, done: true });
      expect(await waiting).toMatchObject({ done: false });
    });

    it('throws when the server closes the client for good', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 1);
      peer.socket.close(4502, 'banned');

      await expect(reading).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    });

    it('throws the reason when the server closes it, and opens again by the next use', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 2);
      await peer.open();
      deliver('a');
      peer.send({
        t: 'closed',
        stream: 'chat',
        reason: { code: 'access-lost', message: 'You were removed.' },
      });

      await expect(reading).rejects.toMatchObject({ code: 'access-lost', message: 'You were removed.' });
      void take(rig.client.chat.stream, 1);
      await peer.open('s2');
    });

    it('throws the error when the server refuses to open it', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 1);
      const sending = rig.client.chat.sendStreamMessage(note('a'));
      const { id } = await peer.next('open');
      const message = await peer.next('message');
      const error = { code: 'UNAUTHENTICATED', message: 'Sign in first.' };
      peer.send({ t: 'error', id, error });
      peer.send({ t: 'error', id: message.id, error });

      await expect(reading).rejects.toMatchObject(error);
      await expect(sending).rejects.toMatchObject(error);
    });

    it('that was refused is opened again for another user, while a listener is there', async () => {
      await connected();
      rig.client.chat.addStreamOpenedListener(() => {});
      const { id } = await peer.next('open');
      peer.send({ t: 'error', id, error: { code: 'UNAUTHENTICATED', message: 'no' } });
      const signing = rig.client.authenticate();
      const auth = await peer.next('auth');
      peer.send({ t: 'authenticated', id: auth.id, user: 'alice' });

      await signing;
      await peer.open();
    });

    it('goes on when a server that goes away closes it or refuses to open it', async () => {
      await connected();
      const chat = take(rig.client.chat.stream, 1);
      await peer.open();
      peer.send({ t: 'goaway', spreadMs: 10 });
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'drain', message: 'The server drains.' } });
      await settled();
      const game = take(rig.client.game.stream, 1);
      const { id } = await peer.next('open');
      peer.send({ t: 'error', id, error: { code: 'DRAINING', message: 'The server drains.' } });
      peer.socket.close(4006);
      peer = await rig.reconnected();
      deliver('a', await peer.open());
      deliver('b', await peer.open());

      expect(texts([...(await chat), ...(await game)])).toEqual(['a', 'b']);
    });

    it('that the server opens by itself is there for a later reader', async () => {
      await connected();
      peer.send({ t: 'opened', stream: 'chat', session: 's1' });
      deliver('a');
      await settled();

      expect(texts(await take(rig.client.chat.stream, 1))).toEqual(['a']);
    });

    it('returns from a reader that waits', async () => {
      await connected();
      const reader = rig.client.chat.stream[Symbol.asyncIterator]();
      const next = reader.next();
      await reader.return?.();

      expect(await next).toEqual({ value: undefined, done: true });
    });

    it('receives the publications of its channels from subscribed to unsubscribed', async () => {
      await connected();
      const chat = take(rig.client.chat.stream, 2);
      const game = take(rig.client.game.stream, 1);
      await peer.open('s1');
      await peer.open('s2');
      const publish = (text: string) =>
        peer.send({ t: 'publication', channel: 'room', type: 'spec.note', data: { text } });
      publish('early');
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'room' });
      publish('a');
      peer.send({ t: 'unsubscribed', stream: 'chat', channel: 'room' });
      publish('late');
      deliver('b');
      deliver('c', 'game');

      expect(texts(await chat)).toEqual(['a', 'b']);
      expect(texts(await game)).toEqual(['c']);
    });

    it('tells the channel and position of a message that came by a channel', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 4);
      await peer.open();
      const position = ['E', 1, 'm1'] as const;
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'room:a', position, resumeToken: 'T' });
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'news' });
      const publication = { t: 'publication', type: 'spec.note', data: { text: '' } } as const;
      peer.send({ ...publication, channel: 'room:a', offset: 2, id: 'm2' });
      peer.send({ ...publication, channel: 'room:a', epoch: 'F', offset: 1, id: 'f1' });
      peer.send({ ...publication, channel: 'news' });
      deliver('of no channel');

      expect((await reading).map((message) => metaOf(message))).toEqual([
        { channel: 'room:a', position: ['E', 2, 'm2'] },
        { channel: 'room:a', position: ['F', 1, 'f1'] },
        { channel: 'news', position: undefined },
        undefined,
      ]);
    });

    it('receives no publication of a channel after a reconnect', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 1);
      await peer.open('s1');
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'room' });
      peer.socket.close(1012);
      peer = await rig.reconnected();
      await peer.open('s2');
      peer.send({ t: 'publication', channel: 'room', type: 'spec.note', data: { text: 'stale' } });
      deliver('a');

      expect(texts(await reading)).toEqual(['a']);
    });

    it('ignores and counts what it cannot read, and warns once', async () => {
      await connected();
      const reading = take(rig.client.chat.stream, 1);
      await peer.open();
      peer.send({ t: 'message', stream: 'chat', type: 'spec.unlisted', data: {} });
      peer.send({ t: 'message', stream: 'chat', type: 'spec.unlisted', data: {} });
      peer.raw('{"t":"message","stream":"chat","type":"spec.note","data":{"at":{"$date":"never"}}}');
      peer.raw('{"t":"message","stream":"chat","type":"spec.note","data":{"__proto__":{"polluted":true}}}');
      peer.raw('{"t":"message","stream":"chat","type":"spec.note"}');
      deliver('a');

      expect(texts(await reading)).toEqual(['a']);
      expect(rig.client.chat.stream.ignored).toBe(5);
      expect(rig.warnings).toEqual([expect.stringContaining('spec.unlisted')]);
      expect({}).not.toHaveProperty('polluted');
    });
  });

  describe('reader that comes late', () => {
    /** Lets one reader read a message, and starts another one. */
    async function readTwice(): Promise<void> {
      const first = rig.client.chat.stream[Symbol.asyncIterator]();
      await peer.open();
      deliver('a');
      expect((await first.next()).value?.text).toBe('a');
      for (let reader = 0; reader < 2; reader++) rig.client.chat.stream[Symbol.asyncIterator]();
    }

    it('causes one warning that it has no snapshot, if a channel has one', async () => {
      await connected();
      const position = ['e', 1, 'a'] as const;
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'kept', resumeToken: 't', position });
      await readTwice();

      expect(rig.warnings).toEqual([
        'nestwire: chat: a late reader gets no snapshot: read once, into a store',
      ]);
    });

    it('causes no warning on a stream without such a channel', async () => {
      await connected();
      await readTwice();

      expect(rig.warnings).toEqual([]);
    });
  });

  describe('reader that does not keep up', () => {
    async function overflow(overflow: ConnectionOptions['overflow']): Promise<AsyncIterator<Note>> {
      await connected({ overflow, maxUnreadMessages: 2 });
      const slow = rig.client.chat.stream[Symbol.asyncIterator]();
      const fast = take(rig.client.chat.stream, 3);
      await peer.open();
      for (const text of ['a', 'b', 'c']) {
        deliver(text);
        await settled();
      }
      expect(texts(await fast)).toEqual(['a', 'b', 'c']);
      return slow;
    }
    const read = async (reader: AsyncIterator<Note>) => (await reader.next()).value?.text;

    it('loses the oldest message, with a count and one warning', async () => {
      const reader = await overflow(undefined);
      deliver('d');
      await settled();

      expect([await read(reader), await read(reader)]).toEqual(['c', 'd']);
      expect(rig.client.chat.stream.dropped).toBe(2);
      expect(rig.warnings).toHaveLength(1);
    });

    it('loses the newest message with drop-newest', async () => {
      const reader = await overflow('drop-newest');

      expect([await read(reader), await read(reader)]).toEqual(['a', 'b']);
      expect(rig.client.chat.stream.dropped).toBe(1);
    });

    it('throws after what it had with fail', async () => {
      const reader = await overflow('fail');

      expect([await read(reader), await read(reader)]).toEqual(['a', 'b']);
      await expect(reader.next()).rejects.toMatchObject({ code: 'READER_OVERFLOW' });
    });
  });

  describe('sendStreamMessage()', () => {
    it('resolves with the ack, and all before it with it', async () => {
      await connected();
      const order: string[] = [];
      const all = ['a', 'b', 'c'].map((text) =>
        rig.client.chat.sendStreamMessage(note(text)).then(() => order.push(text)),
      );
      const other = rig.client.game.sendStreamMessage(note('other'));
      await peer.open();
      const ids = [await peer.next('message'), await peer.next('message'), await peer.next('message')];
      await peer.open();
      const { id } = await peer.next('message');
      peer.send({ t: 'ack', stream: 'chat', id: ids[1]!.id });
      await Promise.all(all.slice(0, 2));
      expect(order).toEqual(['a', 'b']);

      peer.send({ t: 'ack', stream: 'chat', id: ids[2]!.id });
      peer.send({ t: 'ack', stream: 'game', id });
      await Promise.all([...all, other]);
    });

    it('rejects with the error of its own message alone', async () => {
      await connected();
      const first = rig.client.chat.sendStreamMessage(note('a'));
      const second = rig.client.chat.sendStreamMessage(note('b'));
      await peer.open();
      const { id } = await peer.next('message');
      const details = [{ path: 'text', message: 'too short' }];
      peer.send({
        t: 'error',
        id,
        error: { code: 'INVALID_MESSAGE', message: 'no', details, retryAfterMs: 7 },
      });
      peer.send({ t: 'ack', stream: 'chat', id: (await peer.next('message')).id });

      await expect(first).rejects.toMatchObject({
        code: 'INVALID_MESSAGE',
        message: 'no',
        details,
        retryAfterMs: 7,
      });
      await second;
    });

    it('sends at most maxPendingMessages ahead of their answers, and the rest in order', async () => {
      await connected({}, { maxPendingMessages: 2 });
      const all = ['a', 'b', 'c', 'd'].map((text) => rig.client.chat.sendStreamMessage(note(text)));
      await peer.open();
      const first = await peer.next('message');
      const second = await peer.next('message');
      await settled();
      peer.send({ t: 'ack', stream: 'chat', id: first.id });
      expect(await sent()).toBe('c');
      await settled();
      peer.send({ t: 'error', id: second.id, error: { code: 'X', message: 'no' } });
      const last = await peer.next('message');
      expect(last.data.text).toBe('d');
      peer.send({ t: 'ack', stream: 'chat', id: last.id });

      expect((await Promise.allSettled(all)).map(({ status }) => status[0])).toEqual(['f', 'r', 'f', 'f']);
    });

    it('refuses what is not a listed message', async () => {
      await connected();
      const send = (message: object) => rig.client.chat.sendStreamMessage(message as Note);

      await expect(send(new Unlisted())).rejects.toMatchObject({ code: 'NOT_A_MESSAGE' });
      await expect(send({ text: 'plain' })).rejects.toMatchObject({ code: 'NOT_A_MESSAGE' });
      await expect(send(create(Note, { at: new Date(NaN) }))).rejects.toMatchObject({
        code: 'NOT_ENCODABLE',
      });
    });

    it('refuses a message that is too large for the server, and sends the next', async () => {
      await connected({}, { maxPayloadBytes: 200 });
      const large = rig.client.chat.sendStreamMessage(note('é'.repeat(70)));
      await expect(large).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
      void rig.client.chat.sendStreamMessage(note('e'.repeat(60))).catch(() => {});
      await peer.open();

      expect(await sent()).toBe('e'.repeat(60));
    });

    it('rejects when no answer comes in time, and keeps its place in the window', async () => {
      await connected({}, { maxPendingMessages: 1 });
      const late = rig.client.chat.sendStreamMessage(note('a'), { timeoutMs: 100 });
      const unsent = rig.client.chat.sendStreamMessage(note('b'), { timeoutMs: 200 });
      const last = rig.client.chat.sendStreamMessage(note('c'));
      await peer.open();
      const { id } = await peer.next('message');
      rig.clock.advance(200);

      await expect(late).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
      await expect(unsent).rejects.toMatchObject({ code: 'BUSY' });
      await settled();
      peer.send({ t: 'ack', stream: 'chat', id });
      const next = await peer.next('message');
      expect(next.data.text).toBe('c');
      peer.send({ t: 'ack', stream: 'chat', id: next.id });
      await last;
    });

    it('waits 30 s for an answer by default', async () => {
      await connected();
      const sending = rig.client.chat.sendStreamMessage(note('a'), { timeoutMs: undefined });
      await peer.open();
      await peer.next('message');
      for (let probes = 0; probes < 2; probes++) {
        rig.clock.advance(10_000);
        await peer.next('ping');
        await settled();
      }
      rig.clock.advance(9_999);
      await settled();
      rig.clock.advance(1);

      await expect(sending).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
    });

    it('rejects when its signal aborts, and does not send what waits', async () => {
      await connected({}, { maxPendingMessages: 1 });
      const abort = new AbortController();
      const { signal } = abort;
      const flying = rig.client.chat.sendStreamMessage(note('a'), { signal });
      const waiting = rig.client.chat.sendStreamMessage(note('b'), { signal });
      void rig.client.chat.sendStreamMessage(note('c')).catch(() => {});
      await peer.open();
      const { id } = await peer.next('message');
      abort.abort(new Error('changed my mind'));

      await expect(flying).rejects.toMatchObject({ code: 'ABORTED', cause: new Error('changed my mind') });
      await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(rig.client.chat.sendStreamMessage(note('d'), { signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
      peer.send({ t: 'ack', stream: 'chat', id });
      expect(await sent()).toBe('c');
    });

    it('rejects with UNCERTAIN when the connection is lost before the answer', async () => {
      await connected();
      const sending = rig.client.chat.sendStreamMessage(note('a'));
      await peer.open();
      await peer.next('message');
      peer.socket.close(1009);

      await expect(sending).rejects.toMatchObject({ code: 'UNCERTAIN' });
      peer = await rig.reconnected();
      await peer.open();
      await settled();
    });

    it('rejects with UNCERTAIN when the stream is closed before the answer', async () => {
      await connected();
      const sending = rig.client.chat.sendStreamMessage(note('a'));
      await peer.open();
      await peer.next('message');
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'x', message: 'y' } });

      await expect(sending).rejects.toMatchObject({ code: 'UNCERTAIN' });
    });

    it('leaves nothing behind when the client is closed', async () => {
      await connected({}, { maxPendingMessages: 1 });
      const flying = rig.client.chat.sendStreamMessage(note('a'));
      const waiting = rig.client.chat.sendStreamMessage(note('b'));
      const closing = rig.client.close();

      await expect(flying).rejects.toMatchObject({ code: 'UNCERTAIN' });
      await expect(waiting).rejects.toMatchObject({
        code: expect.stringMatching(/NOT_CONNECTED|CLIENT_CLOSED/),
      });
      await expect(rig.client.chat.sendStreamMessage(note('c'))).rejects.toMatchObject({
        code: 'CLIENT_CLOSED',
      });
      await closing;
      expect(rig.clock.pending).toBe(0);
    });

    it('refuses more than the bounds of what may wait', async () => {
      await connected({ maxWaitingMessages: 2, maxWaitingBytes: 1_000 }, { maxPendingMessages: 1 });
      const send = (text: string) => rig.client.chat.sendStreamMessage(note(text));
      for (const text of ['a', 'b', 'c']) void send(text).catch(() => {});

      await expect(send('d')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      await expect(rig.client.game.sendStreamMessage(note('e'.repeat(1_000)))).rejects.toMatchObject({
        code: 'QUEUE_FULL',
      });
    });
  });

  describe('a message whose connection is lost', () => {
    const figures = { resendMs: 120_000 };
    const send = (text: string, options?: object) =>
      rig.client.chat.sendStreamMessage(note(text), options as never);

    /** Sends messages, and drops the connection before their answers. */
    async function lose(...given: string[]): Promise<Array<Promise<void>>> {
      const all = given.map((text) => send(text));
      for (const one of all) one.catch(() => {});
      await peer.open();
      for (const _ of given) await peer.next('message');
      peer.socket.terminate();
      return all;
    }

    it('is sent again with its id, after the open and in order, before what waits', async () => {
      await connected({}, figures);
      const all = [send('a'), send('b')];
      await peer.open('s1');
      const ids = [await peer.next('message'), await peer.next('message')].map(({ id }) => id);
      peer.socket.terminate();
      await rig.status('waiting');
      all.push(send('c', { offline: 'queue' }));
      peer = await rig.reconnected(figures);
      const open = await peer.next('open');
      await settled();
      peer.send({ t: 'opened', id: open.id, stream: 'chat', session: 's2' });
      const frames = [await peer.next('message'), await peer.next('message'), await peer.next('message')];

      expect(frames.map(({ id, redelivered, data }) => [id, redelivered, data.text])).toEqual([
        [ids[0], true, 'a'],
        [ids[1], true, 'b'],
        [expect.any(Number), undefined, 'c'],
      ]);
      expect(frames[2]!.id).toBeGreaterThan(open.id);
      peer.send({ t: 'ack', stream: 'chat', id: frames[2]!.id });
      await Promise.all(all);
    });

    it('is sent again in time when the link died in silence just before', async () => {
      await connected({ offline: 'queue' }, figures);
      const sending = send('a');
      const outcome = sending.then(
        () => 'answered',
        ({ code }: { code: string }) => code,
      );
      await peer.open('s1');
      const { id } = await peer.next('message');
      // From here on this connection delivers nothing.
      const silent = peer;
      rig.clock.advance(10_000);
      await silent.next('ping');
      rig.clock.advance(10_000);
      peer = await rig.reconnected(figures);
      await peer.open('s2');

      expect(await peer.next('message')).toMatchObject({ id, redelivered: true });
      expect(rig.clock.now()).toBeLessThan(30_000);
      peer.send({ t: 'ack', stream: 'chat', id });
      expect(await outcome).toBe('answered');
    });

    it('is awaited on a connection that answers pings, which is probed as long as it takes', async () => {
      await connected({}, figures);
      const sending = send('a');
      await peer.open('s1');
      const { id } = await peer.next('message');
      for (let probes = 0; probes < 2; probes++) {
        rig.clock.advance(10_000);
        await peer.next('ping');
        peer.send({ t: 'pong' });
        await settled();
      }
      peer.send({ t: 'ack', stream: 'chat', id });
      await sending;
      rig.clock.advance(12_000);
      await settled();

      expect(peer.frames.size).toBe(0);
    });

    it.each(['BUSY', 'RATE_LIMITED', 'DRAINING', 'STREAM_NOT_OPEN', 'UNAVAILABLE', 'OVERLOADED'])(
      'stays uncertain when its repetition is refused with %s',
      async (code) => {
        await connected({}, figures);
        const [sending] = await lose('a');
        peer = await rig.reconnected(figures);
        await peer.open('s2');
        const { id } = await peer.next('message');
        peer.send({ t: 'error', id, error: { code, message: 'refused' } });

        await expect(sending).rejects.toMatchObject({ code: 'UNCERTAIN', cause: { code } });
        const first = send('b');
        const next = await peer.next('message');
        peer.send({ t: 'error', id: next.id, error: { code, message: 'refused' } });
        await expect(first).rejects.toMatchObject({ code });
      },
    );

    it('is sent again on as many connections as it takes, and rejects with the error of the last', async () => {
      await connected({}, figures);
      const [sent] = await lose('a');
      for (const session of ['s2', 's3']) {
        peer = await rig.reconnected(figures);
        await peer.open(session);
        await peer.next('message');
        if (session === 's2') peer.socket.terminate();
      }
      peer.send({ t: 'error', id: 2, error: { code: 'X', message: 'no' } });

      await expect(sent).rejects.toMatchObject({ code: 'X' });
    });

    it.each([
      ['its window is over', { resendMs: 100 }, figures, 1],
      ['the next server has no window', figures, {}, 0],
      ['the next server has none any more', figures, { resendMs: 0 }, 0],
      ['the client is somebody else', figures, { ...figures, user: 'mallory' }, 0],
      ['the window is nothing', { resendMs: 'x' }, figures, 0],
    ])('is UNCERTAIN when %s', async (_, before, after, chance) => {
      await connected({}, before);
      rig.clock.chance = chance;
      const [sent] = await lose('a');
      peer = await rig.reconnected(after);
      await peer.open('s2');

      await expect(sent).rejects.toMatchObject({ code: 'UNCERTAIN' });
      await settled();
    });

    it('is UNCERTAIN when another user signed in before the loss', async () => {
      await connected({}, figures);
      const sent = send('a');
      await peer.open();
      await peer.next('message');
      const signing = rig.client.authenticate();
      const { id } = await peer.next('auth');
      peer.send({ t: 'authenticated', id, user: 'ada' });
      await signing;
      peer.socket.terminate();

      await expect(sent).rejects.toMatchObject({ code: 'UNCERTAIN' });
    });

    it('is UNCERTAIN when the frame was too large for something between, or the stream does not open', async () => {
      await connected({}, figures);
      const large = send('a');
      await peer.open();
      await peer.next('message');
      peer.socket.close(1009);
      await expect(large).rejects.toMatchObject({ code: 'UNCERTAIN' });

      peer = await rig.reconnected(figures);
      const [sent] = await lose('b');
      peer = await rig.reconnected(figures);
      const { id } = await peer.next('open');
      peer.send({ t: 'error', id, error: { code: 'FORBIDDEN', message: 'no' } });
      await expect(sent).rejects.toMatchObject({ code: 'UNCERTAIN' });
    });

    it('goes on with its timeout and its signal', async () => {
      await connected({}, figures);
      const abort = new AbortController();
      const late = send('a', { timeoutMs: 1_000 });
      const aborted = send('b', { signal: abort.signal });
      await peer.open();
      await peer.next('message');
      await peer.next('message');
      peer.socket.terminate();
      await rig.status('waiting');
      abort.abort();
      await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
      peer = await rig.reconnected(figures);
      await peer.open('s2');
      expect(await sent()).toBe('a');
      rig.clock.advance(1_000);

      await expect(late).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
      await settled();
    });

    it('is not sent again when a listener sends it at each open', async () => {
      await connected({}, figures);
      const joins: Array<Promise<unknown>> = [];
      rig.client.chat.addStreamOpenedListener(() => {
        joins.push(send('join').catch(({ code }) => code as string));
      });
      await peer.open('s1');
      expect(await sent()).toBe('join');
      const message = send('a');
      expect(await sent()).toBe('a');
      peer.socket.terminate();
      peer = await rig.reconnected(figures);
      await peer.open('s2');
      expect([await sent(), await sent()]).toEqual(['join', 'a']);
      await settled();

      expect(await joins[0]).toBe('UNCERTAIN');
      message.catch(() => {});
    });

    it('is not sent again when it is the second that a listener sends at each open', async () => {
      await connected({}, figures);
      const joins: Array<Promise<unknown>> = [];
      rig.client.chat.addStreamOpenedListener(() => {
        for (const text of ['join', 'hello']) joins.push(send(text).catch(({ code }) => code as string));
      });
      await peer.open('s1');
      expect([await sent(), await sent()]).toEqual(['join', 'hello']);
      peer.socket.terminate();
      peer = await rig.reconnected(figures);
      await peer.open('s2');
      expect([await sent(), await sent()]).toEqual(['join', 'hello']);

      expect(await Promise.all(joins.slice(0, 2))).toEqual(['UNCERTAIN', 'UNCERTAIN']);
    });

    it('is UNCERTAIN when the client is closed', async () => {
      await connected({}, figures);
      const [sent] = await lose('a');
      await rig.status('waiting');
      await rig.client.close();

      await expect(sent).rejects.toMatchObject({ code: 'UNCERTAIN' });
      expect(rig.clock.pending).toBe(0);
    });
  });

  describe('a server that goes away', () => {
    const figures = { resendMs: 120_000 };
    const send = (text: string, options?: object) =>
      rig.client.chat.sendStreamMessage(note(text), options as never);
    let next: Peer;

    /** Sends `goaway` with an unanswered message; returns its frame, and its promise in an object. */
    async function leave(options?: object, auth?: () => string) {
      await connected(auth && { auth }, figures);
      const sending = send('a', options);
      sending.catch(() => {});
      await peer.open('s1');
      const frame = await peer.next('message');
      peer.send({ t: 'goaway', spreadMs: 1_000 });
      await settled();
      rig.clock.advance(1_000);
      return { frame, sending };
    }

    const ack = (from: Peer, { id }: { id: number }) => from.send({ t: 'ack', stream: 'chat', id });

    it('is left for the next one when that has opened the streams and all is answered', async () => {
      const { frame, sending } = await leave();
      next = await rig.server.peers.take();
      const between = send('b');
      const second = await peer.next('message');
      await next.welcome({ ...figures, connection: 'c2' });
      const open = await next.next('open');
      const after = send('c');
      peer.send({ t: 'subscribed', stream: 'chat', channel: 'late' });
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'shutdown', message: '' } });
      deliver('of the old');
      ack(peer, frame);
      ack(peer, second);
      await Promise.all([sending, between]);
      await settled();
      next.send({ t: 'opened', id: open.id, stream: 'chat', session: 's2' });

      expect(await peer.closed).toBe(4505);
      const third = await next.next('message');
      expect(third).toMatchObject({ data: { text: 'c' } });
      ack(next, third);
      await after;
      expect(rig.statuses.map(({ kind }) => kind)).toEqual(['connecting', 'connected', 'connected']);
      expect(rig.client.connectionStatus).toMatchObject({ connection: 'c2' });
    });

    it('stays connected while the next one fails, which is retried with backoff', async () => {
      const { frame, sending } = await leave();
      for (const code of [1011, 4504]) {
        (await rig.server.peers.take()).socket.close(code);
        await until(() => {
          rig.clock.advance(100);
          return rig.server.peers.size;
        });
      }
      next = await rig.server.welcome(figures);
      await next.open('s2');
      ack(peer, frame);

      await sending;
      expect(await peer.closed).toBe(4505);
      expect(rig.statuses.map(({ kind }) => kind)).toEqual(['connecting', 'connected', 'connected']);
    });

    it('that breaks before its answer leaves the message to the next one', async () => {
      const { frame, sending } = await leave();
      next = await rig.server.welcome(figures);
      await next.open('s2');
      const waiting = send('b');
      peer.socket.terminate();

      expect(await next.next('message')).toMatchObject({ id: frame.id, redelivered: true });
      const last = await next.next('message');
      expect(last).toMatchObject({ data: { text: 'b' } });
      ack(next, last);
      await Promise.all([sending, waiting]);
      expect(rig.client.connectionStatus.kind).toBe('connected');
    });

    it('that breaks before the next one stands is lost', async () => {
      await leave();
      next = await rig.server.peers.take();
      peer.socket.close(4006);

      expect(await rig.status('waiting')).toMatchObject({ code: 4006, retryInMs: 1_000 });
      await next.closed;
      peer = await rig.reconnected(figures);
    });

    it('is not waited for when its messages have timed out', async () => {
      const { sending } = await leave({ timeoutMs: 2_000 });
      next = await rig.server.welcome(figures);
      await next.open('s2');
      const after = send('b');
      rig.clock.advance(1_000);
      await expect(sending).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
      next.send({ t: 'ping' });

      expect(await peer.closed).toBe(4505);
      ack(next, await next.next('message').catch(() => next.next('message')));
      await after;
    });

    it('is signed in to with the credential that the next one gets too', async () => {
      let token = 'ada';
      const { frame } = await leave({}, () => token);
      const stale = await rig.server.peers.take();
      await stale.next('hello');
      token = 'ada 2';
      const signing = rig.client.authenticate();
      await stale.closed;
      const { id } = await peer.next('auth');
      peer.send({ t: 'authenticated', id, user: 'ada' });
      await signing;
      rig.clock.advance(1_000);

      next = await rig.server.peers.take();
      expect(await next.welcome(figures)).toBe('ada 2');
      await next.open('s2');
      ack(peer, frame);
      expect(await peer.closed).toBe(4505);
    });

    it('is closed after the next one has failed', async () => {
      const { sending } = await leave();
      next = await rig.server.peers.take();
      next.socket.terminate();
      await until(() => {
        rig.clock.advance(100);
        return rig.server.peers.size;
      });
      (await rig.server.peers.take()).socket.terminate();
      await settled();
      await rig.client.close();

      await expect(sending).rejects.toMatchObject({ code: 'UNCERTAIN' });
      expect(await peer.closed).toBe(1000);
      expect(rig.clock.pending).toBe(0);
    });

    it('is closed with the next one when the client is closed', async () => {
      const { sending } = await leave();
      next = await rig.server.welcome(figures);
      await next.next('open');
      await rig.client.close();

      await expect(sending).rejects.toMatchObject({ code: 'UNCERTAIN' });
      expect(await Promise.all([peer.closed, next.closed])).toEqual([1000, 1000]);
      expect(rig.clock.pending).toBe(0);
    });
  });

  describe('without a connection', () => {
    const send = (text: string, offline?: ConnectionOptions['offline']) =>
      rig.client.chat.sendStreamMessage(note(text), { offline });

    it('refuses messages, before connecting and while waiting', async () => {
      rig = await Rig.start();
      await expect(send('a')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      peer = await rig.connected();
      await peer.open();
      peer.socket.close(1011);
      await rig.status('waiting');

      await expect(send('b')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    });

    it('queues messages that ask for it, and sends them in order once connected', async () => {
      rig = await Rig.start({ offline: 'queue' });
      const all = [send('a'), send('b'), send('c')];
      peer = await rig.connected();
      await peer.open();
      expect([await sent(), await sent()]).toEqual(['a', 'b']);
      const { id } = await peer.next('message');
      peer.send({ t: 'ack', stream: 'chat', id });

      await Promise.all(all);
    });

    it('keeps queued messages, and no others, over the loss of a connection', async () => {
      await connected({}, { maxPendingMessages: 1 });
      const flying = send('a');
      const all = [send('b', 'throw'), send('c', 'queue'), send('d', 'drop')];
      await peer.open();
      await peer.next('message');
      peer.socket.terminate();

      await expect(flying).rejects.toMatchObject({ code: 'UNCERTAIN' });
      await expect(all[0]).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await all[2];
      peer = await rig.reconnected();
      await peer.open();
      const { id, data } = await peer.next('message');
      expect(data.text).toBe('c');
      peer.send({ t: 'ack', stream: 'chat', id });
      await all[1];
    });

    it('bounds the queue by count, bytes and time', async () => {
      rig = await Rig.start({ offline: 'queue' });
      const first = Array.from({ length: 100 }, () => send('a'));
      const results = Promise.allSettled(first);
      await expect(send('b')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
      await expect(rig.client.game.sendStreamMessage(note('x'.repeat(262_144)))).rejects.toMatchObject({
        code: 'QUEUE_FULL',
      });
      rig.clock.advance(30_000);

      for (const result of await results) expect(result).toMatchObject({ reason: { code: 'NOT_CONNECTED' } });
      void send('c').catch(() => {});
      expect(rig.clock.pending).toBe(1);
    });

    it('drops messages that ask for it', async () => {
      rig = await Rig.start();
      await send('a', 'drop');
      peer = await rig.connected();
      await peer.open();

      await settled();
    });
  });

  describe('addStreamOpenedListener()', () => {
    it('calls after each open, before what waits is sent', async () => {
      rig = await Rig.start();
      let opens = 0;
      const stop = rig.client.chat.addStreamOpenedListener(() => {
        void rig.client.chat.sendStreamMessage(note(`join ${++opens}`)).catch(() => {});
        void rig.client.chat.sendStreamMessage(note(`room ${opens}`)).catch(() => {});
      });
      const queued = rig.client.chat.sendStreamMessage(note('queued'), { offline: 'queue' });
      peer = await rig.connected();
      await peer.open('s1');
      expect([await sent(), await sent()]).toEqual(['join 1', 'room 1']);
      const { id, data } = await peer.next('message');
      expect(data.text).toBe('queued');
      peer.send({ t: 'ack', stream: 'chat', id });
      await queued;
      peer.socket.close(1012);
      peer = await rig.reconnected();
      await peer.open('s2');
      expect(await sent()).toBe('join 2');

      stop();
      peer.socket.close(1012);
      peer = await rig.reconnected();
      await peer.open('s3');
      await settled();
      expect(opens).toBe(2);
    });

    it('calls at once when the stream is open, and once a session', async () => {
      await connected();
      peer.send({ t: 'opened', stream: 'chat', session: 's1' });
      await settled();
      let opens = 0;
      rig.client.chat.addStreamOpenedListener(() => void opens++);
      expect(opens).toBe(1);
      peer.send({ t: 'opened', stream: 'chat', session: 's1' });
      await settled();

      expect(opens).toBe(1);
    });

    it('opens again after a listener closed the client', async () => {
      await connected();
      const stop = rig.client.chat.addStreamOpenedListener(() => void rig.client.close());
      await peer.open('s1');
      await rig.status('closed');
      stop();
      peer = await rig.connected();
      const reading = take(rig.client.chat.stream, 1);
      await peer.open('s2');
      deliver('a');

      expect(texts(await reading)).toEqual(['a']);
    });
  });

  describe('idle()', () => {
    it('resolves when all messages have their answers, those that are sent meanwhile too', async () => {
      await connected({ offline: 'queue' }, { maxPendingMessages: 1 });
      let isIdle = false;
      const sending = ['a', 'b', 'c'].map((text) => rig.client.chat.sendStreamMessage(note(text)));
      sending[1]!.catch(() => undefined);
      const idle = rig.client.idle().then(() => (isIdle = true));
      await peer.open();
      const first = await peer.next('message');
      peer.send({ t: 'ack', stream: 'chat', id: first.id });
      const second = await peer.next('message');
      const more = rig.client.game.sendStreamMessage(note('d'));
      more.catch(() => undefined);
      peer.send({ t: 'error', id: second.id, error: { code: 'NO', message: '' } });
      await peer.next('open');
      await peer.next('message');
      const third = await peer.next('message');
      peer.send({ t: 'ack', stream: 'chat', id: third.id });
      await sending[2];
      await settled();
      expect(isIdle).toBe(false);

      await rig.client.close();
      await expect(more).rejects.toMatchObject({ code: 'UNCERTAIN' });
      await idle;
    });

    it('resolves at once when nothing was sent, or the client is closed', async () => {
      await connected();
      await rig.client.idle();
      await rig.client.close();
      await rig.client.idle();
    });

    it('waits for a message that has no connection, until its deadline', async () => {
      rig = await Rig.start({ offline: 'queue' });
      const sending = rig.client.chat.sendStreamMessage(note('a'), { timeoutMs: 100 });
      const outcome = expect(sending).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      const idle = rig.client.idle();
      rig.clock.advance(100);

      await idle;
      await outcome;
    });
  });

  it('survives a hostile server', async () => {
    await connected();
    const reading = take(rig.client.chat.stream, 1);
    const sending = rig.client.chat.sendStreamMessage(note('a'));
    await peer.open();
    const { id } = await peer.next('message');
    const frames: unknown[] = [
      ...['', 'null', '[]', '7', '"x"', '{', '{}', '{"t":null}', '{"t":"constructor"}', '{"t":"__proto__"}'],
      '['.repeat(100_000),
      ...[{ t: 'welcome' }, { t: 'welcome', connection: 'other', user: 'mallory' }, { t: 'hello' }],
      ...['opened', 'closed', 'message', 'ack', 'error', 'subscribed', 'publication', 'goaway'].flatMap(
        (t) => [
          { t },
          { t, stream: null, id: null, reason: null, error: null, channel: {}, data: null, type: null },
          {
            t,
            stream: { toString: 'no' },
            id: {},
            reason: 7,
            error: 7,
            channel: 7,
            data: 'text',
            type: [],
          },
        ],
      ),
      { t: 'ack', stream: 'chat', id: 4_711 },
      { t: 'ack', stream: 'game', id },
      { t: 'error', id: 4_711, error: { code: 'X', message: 'x' } },
      { t: 'closed', stream: 'game', reason: { code: 'x', message: 'y' } },
      { t: 'message', stream: 'constructor', type: 'toString', data: {} },
      { t: 'authenticated', id: 4_711, user: 7 },
    ];
    for (const frame of frames) peer.raw(typeof frame === 'string' ? frame : JSON.stringify(frame));
    peer.socket.send(Buffer.from([1, 2, 3]));
    for (let n = 0; n < 2_000; n++) peer.send({ t: 'opened', stream: `e${n}`, session: 's' } as ServerFrame);
    deliver('a');
    peer.send({ t: 'ack', stream: 'chat', id });

    expect(texts(await reading)).toEqual(['a']);
    await sending;
    expect(rig.client.connectionStatus).toMatchObject({ kind: 'connected', connection: 'c1' });
  });

  it.each([0, -1, 10 ** 12, null, 'x'])('survives a welcome with figures of %p', async (figure) => {
    rig = await Rig.start();
    const figures = { pingMs: figure, pongMs: figure, maxPayloadBytes: figure, maxPendingMessages: figure };
    peer = await rig.connected(figures);
    void rig.client.chat.sendStreamMessage(note('a')).catch(() => {});
    await peer.open();

    expect(rig.client.connectionStatus.kind).toBe('connected');
  });

  it('has streams that are their own', async () => {
    await connected();
    const stream: MessageStream<Note> = rig.client.chat.stream;

    expect(rig.client.chat).toBe(rig.client.chat);
    expect(stream).toBe(rig.client.chat.stream);
    expect(rig.client.chat).not.toBe(rig.client.game);
    expect(await Promise.resolve(rig.client)).toBe(rig.client);
  });
});
