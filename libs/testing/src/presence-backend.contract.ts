import type {
  MessagesBackend,
  PresenceBackend,
  PresenceDelta,
  PresenceRecord,
  PresenceState,
} from '@nestwire/messages';

/** How far a backend knows who is where. */
export interface PresenceBackendTraits {
  /** Whether backends opened one after the other belong to one cluster. */
  readonly cluster: boolean;
}

interface Node {
  readonly backend: MessagesBackend;
  readonly presence: PresenceBackend;
  readonly deltas: PresenceDelta[];
}

const MOST = 5;

/**
 * Describes what every backend does that knows who is in a channel; runs under jest and what has its globals.
 *
 * @param open makes a messages backend that has not been started
 */
export function describePresenceBackend(
  name: string,
  open: () => MessagesBackend | Promise<MessagesBackend>,
  { cluster }: PresenceBackendTraits,
): void {
  describe(`${name} as a presence backend`, () => {
    const nodes: Node[] = [];
    let rooms = 0;
    const newRoom = () => `room:${process.pid}-${++rooms}-${Math.random()}`;

    const start = async (): Promise<Node> => {
      const backend = await open();
      const node: Node = { backend, presence: backend.presence, deltas: [] };
      await backend.start({ receive: () => undefined, statusChanged: () => undefined });
      node.presence.start({
        leaseMs: 15_000,
        maxConnections: MOST,
        changed: (delta) => node.deltas.push(delta),
      });
      nodes.push(node);
      return node;
    };

    afterEach(async () => {
      await Promise.all(nodes.map(({ presence }) => presence.close()));
      await Promise.all(nodes.splice(0).map(({ backend }) => backend.close()));
    });

    it('holds who has joined, until they leave', async () => {
      const { presence } = await start();
      const room = newRoom();

      expect(await presence.join(room, record('1', 'ada', '{"a":1}'))).toBe(true);
      expect(await presence.join(room, record('2', null))).toBe(true);
      expect(contentOf(await presence.read(room))).toEqual(['1 ada {"a":1}', '2 null ']);
      expect(await presence.leave(room, '1')).toBe(true);
      expect(contentOf(await presence.read(room))).toEqual(['2 null ']);
      expect(contentOf(await presence.read(newRoom()))).toEqual([]);
    });

    it('counts changes, and tells each of them once', async () => {
      const { presence, deltas } = await start();
      const room = newRoom();
      await presence.join(room, record('1', 'ada'));
      await presence.join(room, record('1', 'ada'));
      await presence.join(room, record('1', 'ada', '"busy"'));
      await presence.leave(room, 'nobody');
      await presence.join(room, record('2', 'bob'));
      await presence.leave(room, '1');

      const { epoch, number, entries } = await presence.read(room);
      expect(await presence.version(room)).toEqual({ epoch, number });
      expect(deltas.map((delta) => [delta.epoch, delta.number])).toEqual(
        [1, 2, 3, 4].map((change) => [epoch, change]),
      );
      expect(deltas.map(({ set, removed }) => [set.map(({ data }) => data), removed.length])).toEqual([
        [[''], 0],
        [['"busy"'], 0],
        [[''], 0],
        [[], 1],
      ]);
      expect(deltas[2]!.set).toEqual(entries);
      expect(deltas[3]!.removed).toEqual([`${deltas[0]!.set[0]!.server}|1`]);
    });

    it('begins another epoch in a channel that was empty', async () => {
      const { presence } = await start();
      const room = newRoom();
      expect(await presence.version(room)).toEqual({ epoch: '', number: 0 });
      await presence.join(room, record('1', 'ada'));
      const { epoch } = await presence.version(room);
      await presence.leave(room, '1');

      expect(await presence.version(room)).toEqual({ epoch: '', number: 0 });
      await presence.join(room, record('1', 'ada'));
      expect(await presence.version(room)).toMatchObject({ number: 1 });
      expect((await presence.version(room)).epoch).not.toBe(epoch);
    });

    it('lets no more in than may be, and those who are in change their data', async () => {
      const { presence } = await start();
      const room = newRoom();
      const joins = Array.from({ length: MOST + 2 }, (_, at) => presence.join(room, record(`${at}`, 'ada')));
      const settled = await Promise.allSettled(joins);

      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST);
      expect(settled.at(-1)).toMatchObject({ reason: { code: 'PRESENCE_FULL' } });
      expect(await presence.join(room, record('0', 'ada', '1'))).toBe(true);
      await presence.leave(room, '0');
      expect(await presence.join(room, record('new', 'ada'))).toBe(true);
      expect((await presence.read(room)).entries).toHaveLength(MOST);
    });

    it('ends with what was last said of a connection, however quickly it came', async () => {
      const { presence } = await start();
      const room = newRoom();
      const all = Array.from({ length: 20 }, (_, at) =>
        at % 3 === 2 ? presence.leave(room, '1') : presence.join(room, record('1', 'ada', `${at}`)),
      );
      await Promise.all(all);

      expect(contentOf(await presence.read(room))).toEqual(['1 ada 19']);
    });

    if (!cluster) return;

    it('shows a process who is connected to another', async () => {
      const [one, two] = [await start(), await start()];
      const room = newRoom();
      await one.presence.join(room, record('1', 'ada'));
      await two.presence.join(room, record('2', 'ada'));

      const state = await two.presence.read(room);
      expect(contentOf(state)).toEqual(['1 ada ', '2 ada ']);
      expect(contentOf(await one.presence.read(room))).toEqual(contentOf(state));
      expect(new Set(state.entries.map(({ server }) => server)).size).toBe(2);
      expect(state.lost.size).toBe(0);
      expect([one.deltas.length, two.deltas.length]).toEqual([1, 1]);
    });

    it('lets nobody of a process behind that has closed', async () => {
      const [one, two] = [await start(), await start()];
      const [first, second] = [newRoom(), newRoom()];
      await one.presence.join(first, record('1', 'ada'));
      await one.presence.join(second, record('1', 'ada'));
      await two.presence.join(first, record('2', 'bob'));
      await one.presence.close();

      expect(contentOf(await two.presence.read(first))).toEqual(['2 bob ']);
      expect(contentOf(await two.presence.read(second))).toEqual([]);
      expect(one.deltas.filter(({ removed }) => removed.length)).toHaveLength(2);
    });

    it('does not let two processes bring in more than may be', async () => {
      const both = [await start(), await start()];
      const room = newRoom();
      const joins = Array.from({ length: 2 * MOST }, (_, at) =>
        both[at % 2]!.presence.join(room, record(`${at}`, null)),
      );
      await Promise.allSettled(joins);

      expect((await both[0]!.presence.read(room)).entries).toHaveLength(MOST);
    });
  });
}

function record(id: string, userId: string | null, data = ''): PresenceRecord {
  return { id, userId, data };
}

function contentOf({ entries }: PresenceState): string[] {
  return entries.map(({ id, userId, data }) => `${id} ${userId} ${data}`).toSorted();
}
