import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create } from '@nestwire/protocol';
import { Note, Rig, take } from '../../spec/rig.js';
import type { Peer } from '../../spec/scripted-server.js';
import { UNUSED_MS } from '../limits.js';
import { PositionStore, type ConnectionOptions } from '../index.node.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const note = (text: string) => create(Note, { text });

describe('an endpoint with parameters', () => {
  let rig: Rig;
  let peer: Peer;

  async function connected(options?: Partial<ConnectionOptions>): Promise<void> {
    rig = await Rig.start(options);
    // The tests move the clock without a ping between.
    peer = await rig.connected({ pingMs: 1e6, pongMs: 1e6 });
  }

  /** Waits until the client has handled all sent frames. */
  async function settled(): Promise<void> {
    peer.send({ t: 'ping' });
    await peer.next('pong');
  }

  /** Takes an `open` and answers it; returns the key of the stream. */
  async function opened(session = 's1'): Promise<string> {
    const { id, stream } = await peer.next('open');
    peer.send({ t: 'opened', id, stream: stream!, session });
    return stream!;
  }

  function deliver(stream: string, text: string): void {
    peer.send({ t: 'message', stream, type: 'spec.note', data: { text } });
  }

  const roomOf = (roomId: string) => rig.client.room({ roomId });
  const textsOf = (notes: readonly Note[]) => notes.map(({ text }) => text);

  afterEach(() => rig.stop());

  it('returns the same object for equal parameters, and another for others', async () => {
    await connected();
    const room = rig.client.room({ roomId: 'a', page: 1 });
    expect(rig.client.room({ page: 1, roomId: 'a' })).toBe(room);
    expect(rig.client.room({ page: 1, roomId: 'a' }).stream).toBe(room.stream);
    expect(rig.client.room({ roomId: 'a' })).not.toBe(room);
    expect(rig.client.room({ roomId: 'a', page: undefined })).toBe(rig.client.room({ roomId: 'a' }));
  });

  it('opens one stream for each set, under a key of its own', async () => {
    await connected();
    const parameters = { roomId: '{"}#ä' };
    const first = take(rig.client.room(parameters).stream, 1);
    const second = take(roomOf('b').stream, 1);
    void take(rig.client.room({ ...parameters }).stream, 1);
    const opens = [await peer.next('open'), await peer.next('open')];
    expect(opens).toMatchObject([
      { endpoint: 'room', params: parameters },
      { endpoint: 'room', params: { roomId: 'b' } },
    ]);
    const keys = opens.map(({ stream }) => stream!);
    expect(keys).toEqual([expect.stringMatching(/^#/), expect.stringMatching(/^#/)]);
    opens.forEach(({ id }, at) => peer.send({ t: 'opened', id, stream: keys[at]!, session: `s${at}` }));
    deliver(keys[1]!, 'to b');
    deliver(keys[0]!, 'to a');

    expect([textsOf(await first), textsOf(await second)]).toEqual([['to a'], ['to b']]);
  });

  it('sends messages and calls by its key', async () => {
    await connected();
    const sent = roomOf('a').sendStreamMessage(note('hello'));
    const key = await opened();
    const { id, stream } = await peer.next('message');
    peer.send({ t: 'ack', stream: key, id });
    await sent;
    void roomOf('a').load(note('older'));
    expect([stream, (await peer.next('call')).stream]).toEqual([key, key]);
  });

  it('opens its streams again after a reconnect', async () => {
    await connected();
    const reading = take(roomOf('a').stream, 1);
    await opened();
    peer.socket.terminate();
    peer = await rig.reconnected();
    deliver(await opened('s2'), 'again');

    expect(textsOf(await reading)).toEqual(['again']);
  });

  it('opens its streams again as another user', async () => {
    await connected();
    const reading = take(roomOf('a').stream, 1);
    const key = await opened();
    const reason = { code: 'identity-changed', message: 'another user' };
    const signingIn = rig.client.authenticate();
    const { id } = await peer.next('auth');
    peer.send({ t: 'closed', stream: key, reason });
    peer.send({ t: 'authenticated', id, user: 'ann' });
    await signingIn;
    deliver(await opened('s2'), 'for ann');

    expect(textsOf(await reading)).toEqual(['for ann']);
  });

  it('stays closed after an eviction until its next use', async () => {
    await connected();
    const reading = take(roomOf('a').stream, 1);
    const remove = roomOf('a').addStreamOpenedListener(() => {});
    const key = await opened();
    peer.send({ t: 'closed', stream: key, reason: { code: 'evicted', message: 'out' } });
    await expect(reading).rejects.toMatchObject({ code: 'evicted', message: 'out' });
    peer.socket.terminate();
    peer = await rig.reconnected();
    await settled();
    void take(roomOf('a').stream, 1).catch(() => undefined);
    expect(await opened('s2')).toBe(key);
    remove();
  });

  it('fails its readers when the server has too many streams', async () => {
    await connected();
    const reading = take(roomOf('a').stream, 1);
    const { id } = await peer.next('open');
    peer.send({ t: 'error', id, error: { code: 'TOO_MANY_STREAMS', message: 'at most 64' } });

    await expect(reading).rejects.toMatchObject({ code: 'TOO_MANY_STREAMS' });
  });

  describe('closes a stream', () => {
    it('that nothing uses any more', async () => {
      await connected();
      const reading = take(roomOf('a').stream, 1);
      const key = await opened();
      rig.clock.advance(2 * UNUSED_MS);
      await settled();
      deliver(key, 'last');
      await reading;
      rig.clock.advance(UNUSED_MS);
      const { id, stream } = await peer.next('close');
      expect(stream).toBe(key);
      peer.send({ t: 'closed', id, stream: key, reason: { code: 'closed-by-client', message: '' } });
      await settled();
      peer.socket.terminate();
      peer = await rig.reconnected();
      await settled();
    });

    it('but opens it again for the same object, also before the answer', async () => {
      await connected();
      const room = roomOf('a');
      const sent = room.sendStreamMessage(note('a'));
      const key = await opened();
      peer.send({ t: 'ack', stream: key, id: (await peer.next('message')).id });
      await sent;
      rig.clock.advance(2 * UNUSED_MS);
      const { id } = await peer.next('close');
      const reading = take(room.stream, 1);
      expect(await opened('s2')).toBe(key);
      peer.send({ t: 'closed', id, stream: key, reason: { code: 'closed-by-client', message: '' } });
      deliver(key, 'again');

      expect(textsOf(await reading)).toEqual(['again']);
      expect(roomOf('a')).toBe(room);
    });

    it.each<[string, () => unknown, ...string[]]>([
      ['a reader', () => roomOf('a').stream[Symbol.asyncIterator]()],
      ['a listener', () => roomOf('a').addStreamOpenedListener(() => {})],
      [
        'a message',
        () =>
          void roomOf('a')
            .sendStreamMessage(note('a'), { timeoutMs: 1e6 })
            .catch(() => {}),
        'message',
      ],
      ['a call', () => void roomOf('a').load(note('a')), 'call'],
    ])('unless %s uses it', async (_what, use, ...frames) => {
      await connected();
      use();
      await opened();
      for (const t of frames) await peer.next(t as 'message');
      for (let round = 0; round < 4; round++) {
        rig.clock.advance(UNUSED_MS - 1);
        await settled();
      }
    });

    it('and collects its garbage', async () => {
      await connected();
      const kept = roomOf('kept');
      const rooms: Array<WeakRef<object>> = [];
      for (let index = 0; index < 50; index++) {
        const reader = roomOf(`r${index}`).stream[Symbol.asyncIterator]();
        rooms.push(new WeakRef(roomOf(`r${index}`)));
        await opened();
        void reader.return?.();
      }
      rig.clock.advance(2 * UNUSED_MS);
      for (let index = 0; index < 50; index++) await peer.next('close');
      await settled();
      collectGarbage();

      expect(rooms.filter((room) => room.deref()).length).toBeLessThan(5);
      expect(roomOf('kept')).toBe(kept);
    });
  });

  it('keeps its positions over a reload of the page', async () => {
    class Positions extends PositionStore {
      saved: ReturnType<PositionStore['taken']> = [];
      load() {
        return this.saved;
      }
      clear(): void {}
      protected changed(): void {
        this.saved = this.taken();
      }
    }
    const positions = new Positions();
    await connected({ positions });
    const reading = take(roomOf('a').stream, 1);
    const stream = await opened();
    const position = ['e', 1, 'x'] as const;
    peer.send({ t: 'subscribed', stream, channel: 'news', position, resumeToken: 'token' });
    peer.send({
      t: 'publication',
      channel: 'news',
      offset: 2,
      id: 'y',
      type: 'spec.note',
      data: { text: 'n' },
    });
    await reading;
    const next = new Positions();
    next.saved = positions.saved;
    expect(next.saved).toEqual([['room{"roomId":"a"}', 'news', 'token', 'e', 2, 'y']]);
    await rig.stop();

    rig = await Rig.start({ positions: next });
    void take(roomOf('a').stream, 1);
    const connecting = rig.client.connectWebSocket();
    peer = await rig.server.peers.take();
    const { resume } = await peer.next('hello');
    peer.raw(JSON.stringify({ t: 'welcome', v: 1, connection: 'c', user: null, pingMs: 9e4, pongMs: 9e4 }));
    await connecting;
    expect(resume).toEqual([['room', 'news', 'token', 'e', 2, 'y', { roomId: 'a' }]]);
    await opened();
  });
});

describe('a member of a client', () => {
  it('is undefined for the names that promises and tools look for', async () => {
    const rig = await Rig.start();
    const { client } = rig as unknown as { client: Record<string | symbol, never> };
    for (const key of ['then', 'toJSON', '$$typeof', '_x', '@@iterator', 'nodeType', Symbol.iterator, '0'])
      expect([key, client[key], client.chat![key]]).toEqual([key, undefined, undefined]);
    expect(await Promise.resolve(client)).toBe(client);
    await rig.stop();
  });

  it('is the same each time, as are its methods', async () => {
    const rig = await Rig.start();
    const { chat } = rig.client;
    expect(rig.client.chat).toBe(chat);
    expect(chat.load).toBe(chat.load);
    const { sendStreamMessage, stream } = chat;
    expect(stream).toBe(chat.stream);
    await expect(sendStreamMessage(note('unbound'))).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await rig.stop();
  });
});
