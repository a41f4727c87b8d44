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

/** Keeps what has come in place of what was taken: what nobody may do. */
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
  /** The positions that are kept; the name of the client stands behind them. */
  const kept = () =>
    (JSON.parse(storage.getItem(KEY) ?? 'null') as unknown[] | null)?.filter((entry) =>
      Array.isArray(entry),
    ) ?? null;
  const place = (offset: number, channel = 'room', endpoint = 'chat') => [
    endpoint,
    channel,
    `ticket of ${channel}`,
    'e',
    offset,
    `m${offset}`,
  ];

  const positions = (options: SessionPositionsOptions = {}) =>
    sessionPositions({ clock, onWarning: (text) => void warnings.push(text), ...options });

  /** Connects a client; returns what its first frame brings back. */
  async function load(options: Partial<ConnectionOptions> = {}): Promise<unknown> {
    rig = await Rig.start({ positions: positions(), ...options });
    const connecting = rig.client.connectWebSocket();
    peer = await rig.server.peers.take();
    const { resume: held } = await peer.next('hello');
    peer.raw(JSON.stringify(WELCOME));
    await connecting;
    return held;
  }

  /** Leaves the page and loads it anew; returns what the first frame brings back. */
  async function reload(options?: Partial<ConnectionOptions>): Promise<unknown> {
    hide();
    const before = new Map(storage.entries);
    await rig.stop();
    for (const [key, text] of before) storage.entries.set(key, text);
    return load(options);
  }

  function subscribed(offset: number, channel = 'room', endpoint = 'chat'): void {
    const [, , resumeToken] = place(offset, channel) as string[];
    const position = ['e', offset, `m${offset}`] as const;
    peer.send({ t: 'subscribed', endpoint, channel, position, resumeToken: resumeToken! });
  }

  function publish(...offsets: number[]): void {
    for (const offset of offsets) {
      const data = { text: `${offset}` };
      const at = { channel: 'room', offset, id: `m${offset}` };
      peer.send({ t: 'publication', endpoint: 'chat', type: 'spec.note', data, ...at } as ServerFrame);
    }
  }

  /** Lets the client handle all that was sent to it so far. */
  async function settled(): Promise<void> {
    peer.send({ t: 'ping' });
    while ((await peer.frames.take()).t !== 'pong');
  }

  const read = async (count: number) => (await take(rig.client.chat.stream, count)).map(({ text }) => text);

  /** Starts a reader that takes only what it is asked for, and stays. */
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

  describe('over a reload', () => {
    it('goes on behind the last message that the reader has taken', async () => {
      expect(await load()).toBeUndefined();
      const first = reader();
      subscribed(5);
      publish(6, 7, 8);
      expect([(await first.next()).value?.text, (await first.next()).value?.text]).toEqual(['6', '7']);
      await settled();

      expect(await reload()).toEqual([place(7)]);
      const reading = read(2);
      publish(7, 8, 9);
      expect(await reading).toEqual(['8', '9']);
    });

    it('would lose what waits unread if places were kept as messages come', async () => {
      const received = new ReceivedPositions();
      await load({ positions: received });
      const first = reader();
      subscribed(5);
      publish(6, 7, 8);
      await first.next();
      await settled();

      expect(received.kept).toEqual([place(8)]);
    });

    it('brings back the channels of endpoints that the page has not used yet, again and again', async () => {
      storage.setItem(KEY, JSON.stringify([place(3), place(4, 'table', 'game')]));

      expect(await load()).toEqual([place(3), place(4, 'table', 'game')]);
      const reading = read(1);
      publish(4);
      await reading;
      expect(await reload()).toEqual([place(4), place(4, 'table', 'game')]);
    });

    it('waits for the slowest reader, and not for one that has left', async () => {
      await load();
      const [slow, quick] = [reader(), reader()];
      subscribed(5);
      publish(6, 7);
      await slow.next();
      await quick.next();
      await quick.next();
      await settled();
      hide();
      expect(kept()).toEqual([place(6)]);

      await slow.return!();
      hide();
      expect(kept()).toEqual([place(7)]);
    });

    it('keeps the place while nobody reads', async () => {
      await load();
      rig.client.chat.addStreamOpenedListener(() => {});
      subscribed(5);
      publish(6);
      await settled();

      expect(await reload()).toEqual([place(5)]);
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
        expect(kept()).toEqual([place(overflow === 'drop-oldest' ? 6 : 5)]);

        await first.next();
        await first.next();
        hide();
        expect(kept()).toEqual([place(8)]);
      },
    );

    it('keeps no place before the messages that stand for all before it are read', async () => {
      await load();
      const first = reader();
      peer.send({ t: 'message', endpoint: 'chat', type: 'spec.note', data: { text: 'all' } });
      subscribed(5);
      await settled();
      hide();
      expect(kept()).toEqual([]);

      await first.next();
      hide();
      expect(kept()).toEqual([place(5)]);
    });

    it('keeps the newest ticket', async () => {
      await load();
      subscribed(5);
      peer.send({ t: 'position', endpoint: 'chat', channel: 'room', resumeToken: 'newer' });
      await settled();

      expect(await reload()).toEqual([['chat', 'room', 'newer', 'e', 5, 'm5']]);
    });

    it('goes on from what has come, not from what was read, while the page stays', async () => {
      await load();
      reader();
      subscribed(5);
      publish(6, 7);
      await settled();
      peer.socket.terminate();
      const { retryInMs } = await rig.status('waiting');
      rig.clock.advance(retryInMs);
      peer = await rig.server.peers.take();

      expect((await peer.next('hello')).resume).toEqual([place(7)]);
    });
  });

  describe('forgets', () => {
    it('a channel that does not flow any more, and a stream that was closed', async () => {
      await load();
      reader();
      const { id } = await peer.next('open');
      peer.send({ t: 'opened', id, endpoint: 'chat', session: 's' });
      subscribed(5);
      subscribed(6, 'other');
      await settled();
      hide();
      expect(kept()).toEqual([place(5), place(6, 'other')]);
      const left = { endpoint: 'chat', channel: 'room', reason: { code: 'left', message: '' } };
      peer.send({ t: 'unsubscribed', ...left } as ServerFrame);
      await settled();
      hide();
      expect(kept()).toEqual([place(6, 'other')]);
      peer.send({ t: 'closed', endpoint: 'chat', reason: { code: 'access-lost', message: '' } });
      await settled();
      hide();

      expect(kept()).toEqual([]);
    });

    it('all when the client is closed, and leaves no timer and no listener', async () => {
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

    it('all when a client is closed that never connected', async () => {
      storage.setItem(KEY, JSON.stringify([place(3)]));
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

      expect(await reload()).toEqual([place(5)]);
    });
  });

  describe('writes', () => {
    it('once in a while, and not what stands there already', async () => {
      await load();
      const first = reader();
      subscribed(5);
      for (let offset = 6; offset < 20; offset++) publish(offset);
      for (let offset = 6; offset < 20; offset++) await first.next();
      await settled();
      clock.advance(999);
      expect(storage.writes).toBe(0);
      clock.advance(1);
      expect([storage.writes, kept()]).toEqual([1, [place(19)]]);
      peer.send({ t: 'publication', channel: 'none', type: 'spec.note', data: {} });
      await settled();
      clock.advance(1_000);

      expect(storage.writes).toBe(1);
    });

    it('only the channels that are wanted', async () => {
      await load({
        positions: positions({ only: (endpoint, channel) => `${endpoint} ${channel}` === 'chat b' }),
      });
      subscribed(5, 'a');
      subscribed(6, 'b');
      await settled();
      hide();

      expect(kept()).toEqual([place(6, 'b')]);
    });

    it.each([{ maxChannels: 2 }, { maxBytes: 180 }])(
      'what came last of more than fits (%o)',
      async (bound) => {
        await load({ positions: positions(bound) });
        for (const channel of ['a', 'b', 'c']) subscribed(5, channel);
        await settled();
        hide();

        expect(kept()).toEqual([place(5, 'b'), place(5, 'c')]);
        expect(warnings).toEqual([expect.stringContaining('too many')]);
      },
    );
  });

  describe('where the storage fails', () => {
    it('warns once that it is full, and the client goes on', async () => {
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
      expect(warnings).toEqual(['nestwire: positions cannot be kept']);
      storage.failure = undefined;
      await settled();
      hide();
      expect(kept()).toEqual([place(7)]);
    });

    it('warns once that it is forbidden, and the client goes on', async () => {
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
      expect(warnings).toEqual(['nestwire: positions cannot be kept']);
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
