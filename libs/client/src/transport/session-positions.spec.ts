import type { ResumePosition, ServerFrame } from '@nestwire/protocol/codec';
import { FakeClock } from '../../spec/fake-clock.js';
import { Rig, take } from '../../spec/rig.js';
import { WELCOME, type Peer } from '../../spec/scripted-server.js';
import {
  PositionStore,
  sessionPositions,
  type ConnectionOptions,
  type FollowedStream,
  type SessionPositionsOptions,
} from '../index.node.js';

const KEY = 'nestwire.positions';

/** A `sessionStorage` without a browser. */
class MapStorage {
  readonly entries = new Map<string, string>();
  writes = 0;
  failure?: Error;

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }

  setItem(key: string, text: string): void {
    if (this.failure) throw this.failure;
    this.writes++;
    this.entries.set(key, text);
  }

  removeItem(key: string): void {
    this.entries.delete(key);
  }
}

/** Stores received instead of read positions: the negative control. */
class ReceivedPositions extends PositionStore {
  kept: ResumePosition[] = [];
  readonly #streams = new Set<FollowedStream>();

  load(): ResumePosition[] {
    return this.kept;
  }

  override moved(stream: FollowedStream): void {
    this.#streams.add(stream);
    this.changed();
  }

  clear(): void {}

  protected changed(): void {
    this.kept = [...this.#streams].flatMap(({ name, positions }) =>
      [...positions].flatMap(([channel, { resumeToken, position }]) =>
        resumeToken ? [[name, channel, resumeToken, ...position] as const] : [],
      ),
    );
  }
}

describe('sessionPositions()', () => {
  const globals = globalThis as Record<string, unknown>;
  let storage: MapStorage;
  let page: EventTarget;
  let clock: FakeClock;
  let warnings: string[];
  let rig: Rig;
  let peer: Peer;

  const hide = () => page.dispatchEvent(new Event('pagehide'));
  /** The stored positions, followed by the client id. */
  const storedPositions = () =>
    (JSON.parse(storage.getItem(KEY) ?? 'null') as unknown[] | null)?.filter((entry) =>
      Array.isArray(entry),
    ) ?? null;
  const positionAt = (offset: number, channel = 'room', endpoint = 'chat') => [
    endpoint,
    channel,
    `token of ${channel}`,
    'e',
    offset,
    `m${offset}`,
  ];

  const positions = (options: SessionPositionsOptions = {}) =>
    sessionPositions({ clock, onWarning: (text) => void warnings.push(text), ...options });

  /** Connects a client; returns the positions of its `hello`. */
  async function load(options: Partial<ConnectionOptions> = {}): Promise<unknown> {
    rig = await Rig.start({ positions: positions(), ...options });
    const connecting = rig.client.connectWebSocket();
    peer = await rig.server.peers.take();
    const { resume: held } = await peer.next('hello');
    peer.raw(JSON.stringify(WELCOME));
    await connecting;
    return held;
  }

  /** Reloads the page; returns the positions of the next `hello`. */
  async function reload(options?: Partial<ConnectionOptions>): Promise<unknown> {
    hide();
    const before = new Map(storage.entries);
    await rig.stop();
    for (const [key, text] of before) storage.entries.set(key, text);
    return load(options);
  }

  function subscribed(offset: number, channel = 'room', endpoint = 'chat'): void {
    const [, , resumeToken] = positionAt(offset, channel) as string[];
    const position = ['e', offset, `m${offset}`] as const;
    peer.send({ t: 'subscribed', stream: endpoint, channel, position, resumeToken: resumeToken! });
  }

  function publish(...offsets: number[]): void {
    for (const offset of offsets) {
      const data = { text: `${offset}` };
      const at = { channel: 'room', offset, id: `m${offset}` };
      peer.send({ t: 'publication', stream: 'chat', type: 'spec.note', data, ...at } as ServerFrame);
    }
  }

  /** Waits until the client has handled all sent frames. */
  async function settled(): Promise<void> {
    peer.send({ t: 'ping' });
    while ((await peer.frames.take()).t !== 'pong');
  }

  const read = async (count: number) => (await take(rig.client.chat.stream, count)).map(({ text }) => text);

  /** Starts a reader that reads only on request, and stays open. */
  const reader = () => rig.client.chat.stream[Symbol.asyncIterator]();

  beforeEach(() => {
    storage = new MapStorage();
    page = new EventTarget();
    clock = new FakeClock();
    warnings = [];
    Object.defineProperty(globals, 'sessionStorage', { configurable: true, get: () => storage });
    globals.addEventListener = page.addEventListener.bind(page);
  });

  afterEach(async () => {
    await rig.stop();
    delete globals.sessionStorage;
    delete globals.addEventListener;
  });

  describe('after a reload', () => {
    it('continues after the last message that the reader has read', async () => {
      expect(await load()).toBeUndefined();
      const first = reader();
      subscribed(5);
      publish(6, 7, 8);
      expect([(await first.next()).value?.text, (await first.next()).value?.text]).toEqual(['6', '7']);
      await settled();

      expect(await reload()).toEqual([positionAt(7)]);
      const reading = read(2);
      publish(7, 8, 9);
      expect(await reading).toEqual(['8', '9']);
    });

    it('would lose unread messages if received positions were stored', async () => {
      const received = new ReceivedPositions();
      await load({ positions: received });
      const first = reader();
      subscribed(5);
      publish(6, 7, 8);
      await first.next();
      await settled();

      expect(received.kept).toEqual([positionAt(8)]);
    });

    it('resumes channels of unused endpoints after each reload', async () => {
      storage.setItem(KEY, JSON.stringify([positionAt(3), positionAt(4, 'table', 'game')]));

      expect(await load()).toEqual([positionAt(3), positionAt(4, 'table', 'game')]);
      const reading = read(1);
      publish(4);
      await reading;
      expect(await reload()).toEqual([positionAt(4), positionAt(4, 'table', 'game')]);
    });

    it('waits for the slowest open reader', async () => {
      await load();
      const [slow, quick] = [reader(), reader()];
      subscribed(5);
      publish(6, 7);
      await slow.next();
      await quick.next();
      await quick.next();
      await settled();
      hide();
      expect(storedPositions()).toEqual([positionAt(6)]);

      await slow.return!();
      hide();
      expect(storedPositions()).toEqual([positionAt(7)]);
    });

    it('keeps the position without a reader', async () => {
      await load();
      rig.client.chat.addStreamOpenedListener(() => {});
      subscribed(5);
      publish(6);
      await settled();

      expect(await reload()).toEqual([positionAt(5)]);
    });

    it.each(['drop-oldest', 'drop-newest'] as const)(
      'takes for read what was dropped (%s)',
      async (overflow) => {
        await load({ maxUnreadMessages: 2, overflow });
        const first = reader();
        subscribed(5);
        publish(6, 7, 8);
        await settled();
        hide();
        expect(storedPositions()).toEqual([positionAt(overflow === 'drop-oldest' ? 6 : 5)]);

        await first.next();
        await first.next();
        hide();
        expect(storedPositions()).toEqual([positionAt(8)]);
      },
    );

    it('stores no position before the snapshot before it is read', async () => {
      await load();
      const first = reader();
      peer.send({ t: 'message', stream: 'chat', type: 'spec.note', data: { text: 'all' } });
      subscribed(5);
      await settled();
      hide();
      expect(storedPositions()).toEqual([]);

      await first.next();
      hide();
      expect(storedPositions()).toEqual([positionAt(5)]);
    });

    it('stores the newest resume token', async () => {
      await load();
      subscribed(5);
      peer.send({ t: 'position', stream: 'chat', channel: 'room', resumeToken: 'newer' });
      await settled();

      expect(await reload()).toEqual([['chat', 'room', 'newer', 'e', 5, 'm5']]);
    });

    it('resumes after the received messages, also unread ones, in the same page', async () => {
      await load();
      reader();
      subscribed(5);
      publish(6, 7);
      await settled();
      peer.socket.terminate();
      const { retryInMs } = await rig.status('waiting');
      rig.clock.advance(retryInMs);
      peer = await rig.server.peers.take();

      expect((await peer.next('hello')).resume).toEqual([positionAt(7)]);
    });
  });

  describe('forgets', () => {
    it('an unsubscribed channel, and a closed stream', async () => {
      await load();
      reader();
      const { id } = await peer.next('open');
      peer.send({ t: 'opened', id, stream: 'chat', session: 's' });
      subscribed(5);
      subscribed(6, 'other');
      await settled();
      hide();
      expect(storedPositions()).toEqual([positionAt(5), positionAt(6, 'other')]);
      const left = { stream: 'chat', channel: 'room', reason: { code: 'left', message: '' } };
      peer.send({ t: 'unsubscribed', ...left } as ServerFrame);
      await settled();
      hide();
      expect(storedPositions()).toEqual([positionAt(6, 'other')]);
      peer.send({ t: 'closed', stream: 'chat', reason: { code: 'access-lost', message: '' } });
      await settled();
      hide();

      expect(storedPositions()).toEqual([]);
    });

    it('everything when the client is closed, and leaves no timer and no listener', async () => {
      await load();
      subscribed(5);
      await settled();
      hide();
      publish(6);
      await rig.client.close();
      expect(storage.entries.size).toBe(0);
      expect(clock.pending).toBe(0);
      hide();

      expect(storage.entries.size).toBe(0);
    });

    it('everything when a client is closed that never connected', async () => {
      storage.setItem(KEY, JSON.stringify([positionAt(3)]));
      rig = await Rig.start({ positions: positions() });
      await rig.client.close();

      expect(storage.entries.size).toBe(0);
      expect(clock.pending).toBe(0);
      expect(rig.client.connectionStatus).toMatchObject({ kind: 'closed', code: 1000 });
    });

    it('nothing when the connection is lost or the server goes away', async () => {
      await load();
      subscribed(5);
      await settled();
      peer.socket.close(1012);
      await rig.status('waiting');

      expect(await reload()).toEqual([positionAt(5)]);
    });
  });

  describe('writes', () => {
    it('with a delay, and only changes', async () => {
      await load();
      const first = reader();
      subscribed(5);
      for (let offset = 6; offset < 20; offset++) publish(offset);
      for (let offset = 6; offset < 20; offset++) await first.next();
      await settled();
      clock.advance(999);
      expect(storage.writes).toBe(0);
      clock.advance(1);
      expect([storage.writes, storedPositions()]).toEqual([1, [positionAt(19)]]);
      peer.send({ t: 'publication', channel: 'none', type: 'spec.note', data: {} });
      await settled();
      clock.advance(1_000);

      expect(storage.writes).toBe(1);
    });

    it('only the selected channels', async () => {
      await load({
        positions: positions({ only: (endpoint, channel) => `${endpoint} ${channel}` === 'chat b' }),
      });
      subscribed(5, 'a');
      subscribed(6, 'b');
      await settled();
      hide();

      expect(storedPositions()).toEqual([positionAt(6, 'b')]);
    });

    it.each([{ maxChannels: 2 }, { maxBytes: 180 }])(
      'what came last of more than fits (%o)',
      async (bound) => {
        await load({ positions: positions(bound) });
        for (const channel of ['a', 'b', 'c']) subscribed(5, channel);
        await settled();
        hide();

        expect(storedPositions()).toEqual([positionAt(5, 'b'), positionAt(5, 'c')]);
        expect(warnings).toEqual([expect.stringContaining('exceed maxChannels or maxBytes')]);
      },
    );
  });

  describe('with a failing storage', () => {
    it('warns once that it is full, and the client works', async () => {
      await load();
      storage.failure = new DOMException('full', 'QuotaExceededError');
      const reading = read(1);
      for (const offset of [5, 6]) {
        subscribed(offset);
        await settled();
        hide();
      }
      publish(7);

      expect(await reading).toEqual(['7']);
      expect(warnings).toEqual(['nestwire: positions cannot be stored']);
      storage.failure = undefined;
      await settled();
      hide();
      expect(storedPositions()).toEqual([positionAt(7)]);
    });

    it('warns once that access is denied, and the client works', async () => {
      const refuse = () => {
        throw new DOMException('forbidden', 'SecurityError');
      };
      Object.defineProperty(globals, 'sessionStorage', { configurable: true, get: refuse });
      await load();
      const reading = read(1);
      subscribed(5);
      publish(6);

      expect(await reading).toEqual(['6']);
      hide();
      await rig.client.close();
      expect(warnings).toEqual(['nestwire: positions cannot be stored']);
    });

    it.each(['', '{', 'null', '7', '{"a":1}', '[null,7,[],["chat"],["chat","room","t","e",-1,"m"]]'])(
      'brings nothing of what is no list of places: %p',
      async (text) => {
        storage.setItem(KEY, text);

        expect(await load()).toBeUndefined();
      },
    );
  });
});
