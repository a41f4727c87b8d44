import { MessagesService, PresenceService } from '@nestwire/messages';
import type {
  Broker,
  PresenceStore,
  PresenceDelta,
  PresenceRecord,
  PresenceState,
} from '@nestwire/messages/backend';
import { brokerWith } from './broker-with.js';
import { applyPresence, EMPTY_PRESENCE, type PresenceView } from '@nestwire/protocol';

/** The reach of a presence backend, and means of a test to disturb it. */
export interface PresenceStoreTraits {
  /** True when successively opened backends belong to one cluster. */
  readonly cluster: boolean;
  /** Makes the cluster lose everything that it holds, as FLUSHALL does; without it that is not tested. */
  readonly lose?: () => Promise<unknown>;
}

interface Node {
  readonly backend: Broker;
  readonly presence: PresenceStore;
  readonly deltas: PresenceDelta[];
}

/** A watch, folded. */
interface Watcher {
  view: PresenceView;
  /** How often the members came from the first page on. */
  lists: number;
  readonly ids: () => string;
}

interface Service {
  readonly presence: PresenceService;
  readonly watch: (room: string) => Watcher;
}

const MOST = 5;
/** The most members of the watched channels. */
const MOST_WATCHED = 250;
const LEASE_MS = 600;
const DEADLINE_MS = 15_000;

/**
 * Describes what every backend does that knows who is in a channel; runs under jest and what has its globals.
 *
 * @param open makes a messages backend that has not been started
 */
export function describePresenceStore(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster, lose }: PresenceStoreTraits,
): void {
  describe(`${name} as a presence backend`, () => {
    const nodes: Node[] = [];
    const closing: Array<() => Promise<void>> = [];
    let rooms = 0;
    const newRoom = () => `room:${process.pid}-${++rooms}-${Math.random()}`;

    const start = async (): Promise<Node> => {
      const backend = brokerWith(await open(), 'presence');
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

    const serve = async (): Promise<Service> => {
      const backend = await open();
      const messages = new MessagesService(backend);
      const presence = new PresenceService(messages, backend, {
        presence: { leaseMs: LEASE_MS, maxConnections: MOST_WATCHED },
      });
      await messages.onModuleInit();
      closing.push(async () => {
        await presence.beforeApplicationShutdown();
        await messages.onApplicationShutdown();
      });
      return { presence, watch: (room) => watcherOf(presence, room) };
    };

    afterEach(async () => {
      await Promise.all(closing.splice(0).map((close) => close()));
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

    it('lets a watch begin with the members and follow the changes', async () => {
      const { presence, watch } = await serve();
      const room = newRoom();
      await presence.join(room, { id: '1', userId: 'ada' });
      const first = watch(room);
      await settled(() => first.ids() === 'ada');
      await presence.join(room, { id: '2', userId: 'bob', data: 'calm' });
      await presence.join(room, { id: '2', userId: 'bob', data: 'busy' });
      await presence.leave(room, '1');
      const second = watch(room);

      for (const watcher of [first, second]) await settled(() => watcher.ids() === 'bob');
      expect(first.view).toEqual(second.view);
      expect(second.view.members).toEqual([{ id: 'bob', userId: 'bob', data: 'busy' }]);
      expect([first.lists, second.lists]).toEqual([1, 1]);
    });

    it('lets a watch read many members in pages while they come and go', async () => {
      const { presence, watch } = await serve();
      const room = newRoom();
      const ids = Array.from({ length: MOST_WATCHED }, (_, at) => `${at}`);
      await Promise.all(ids.map((id) => presence.join(room, { id })));
      const watcher = watch(room);
      await Promise.all(ids.slice(50).map((id) => presence.leave(room, id)));

      await settled(() => watcher.view.members.length === 50);
      expect(watcher.ids()).toBe(ids.slice(0, 50).toSorted().join());
    });

    it('lets a watch begin that found the channel empty', async () => {
      const { presence, watch } = await serve();
      const room = newRoom();
      const watcher = watch(room);
      await settled(() => watcher.view.isComplete);
      await presence.join(room, { id: '1', userId: 'ada' });

      await settled(() => watcher.ids() === 'ada');
    });

    if (!cluster) return;

    it('lets watches of all processes agree', async () => {
      const [one, two] = [await serve(), await serve()];
      const room = newRoom();
      await one.presence.join(room, { id: '1', userId: 'ada' });
      await two.presence.join(room, { id: '2', userId: 'ada' });
      await two.presence.join(room, { id: '3', userId: 'bob' });
      const watchers = [one, two].map(({ watch }) => watch(room));
      for (const watcher of watchers) await settled(() => watcher.ids() === 'ada,bob');
      await one.presence.leave(room, '1');
      await two.presence.leave(room, '3');

      for (const watcher of watchers) await settled(() => watcher.ids() === 'ada');
    });

    if (lose)
      it('brings its members back after the cluster lost them, and watches get them again', async () => {
        const [one, two] = [await serve(), await serve()];
        const room = newRoom();
        await one.presence.join(room, { id: '1', userId: 'ada' });
        await two.presence.join(room, { id: '2', userId: 'bob' });
        const watchers = [one, two].map(({ watch }) => watch(room));
        for (const watcher of watchers) await settled(() => watcher.ids() === 'ada,bob');
        await lose();
        for (const watcher of watchers) await settled(() => watcher.lists > 1);
        const late = one.watch(room);

        for (const watcher of [...watchers, late]) await settled(() => watcher.ids() === 'ada,bob');
        await settled(async () => (await two.presence.list(room)).length === 2);
        await two.presence.leave(room, '2');
        for (const watcher of [...watchers, late]) await settled(() => watcher.ids() === 'ada');
      });

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

function watcherOf(presence: PresenceService, room: string): Watcher {
  const watcher: Watcher = {
    view: EMPTY_PRESENCE,
    lists: 0,
    ids: () =>
      watcher.view.members
        .map(({ id }) => id)
        .toSorted()
        .join(),
  };
  void (async () => {
    for await (const event of presence.watch(room)) {
      if (event.$type === 'nestwire.presence.members' && event.isFirst) watcher.lists++;
      watcher.view = applyPresence(watcher.view, event);
    }
  })();
  return watcher;
}

async function settled(fact: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await fact())) {
    if (performance.now() > endMs) throw new Error(`Not within ${DEADLINE_MS} ms: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
