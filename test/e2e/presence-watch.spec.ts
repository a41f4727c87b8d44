import { Logger } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { PresenceService } from '@nestwire/messages';
import {
  applyPresence,
  create,
  EMPTY_PRESENCE,
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type PresenceEvent,
  type PresenceView,
} from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { until } from '../rig/until.js';
import { Task, task } from './messages.js';
import { collect, connected, failureOf, startApp, stopAll, towards, type RunningApp } from './start-app.js';
import { seedOf } from '../rig/seed.js';
import { TokenUsers } from '../rig/users.js';

const ROOM = 'watch:room';
const LEASE_MS = 900;
const EVENTS = [PresenceMembers, PresenceJoined, PresenceUpdated, PresenceLeft] as const;

@StreamEndpoint('room')
class RoomEndpoint {
  readonly opened: Array<{ readonly ended: boolean }> = [];

  @OnStreamOpened()
  async open(session: StreamSession<PresenceEvent, StreamUser | null>) {
    if (session.user) await session.presence.join(ROOM);
    return session.presence.watch(ROOM);
  }

  @OnStreamMessage(Task)
  redelivered(session: StreamSession<PresenceEvent, StreamUser | null>, { text }: Task) {
    const stream = session.presence.watch(text);
    this.opened.push(stream);
    return stream;
  }
}

type Streams = StreamsOf<{ room: RoomEndpoint }>;

/** A server, and what it is asked. */
interface Server extends RunningApp {
  readonly presence: PresenceService;
}

/** The state of a reader of a watch. */
interface Followed {
  view: PresenceView;
  /** How often the members came from the first page on. */
  lists: number;
  pages: number;
  readonly ids: () => string;
}

async function start(options: StreamsModuleOptions = {}): Promise<Server> {
  const app = await startApp({
    options: { authenticator: TokenUsers, ...options },
    providers: [RoomEndpoint],
  });
  return { ...app, presence: app.get(PresenceService) };
}

const idsOf = (members: ReadonlyArray<{ readonly id: string }>) =>
  members
    .map(({ id }) => id)
    .toSorted()
    .join();

function follow(stream: AsyncIterable<unknown>): Followed {
  const followed: Followed = {
    view: EMPTY_PRESENCE,
    lists: 0,
    pages: 0,
    ids: () => idsOf(followed.view.members),
  };
  void (async () => {
    for await (const event of stream as AsyncIterable<PresenceEvent>) {
      if (event.$type === 'nestwire.presence.members') {
        followed.pages++;
        if (event.isFirst) followed.lists++;
      }
      followed.view = applyPresence(followed.view, event);
    }
  })().catch(() => undefined);
  return followed;
}

const clientOf = (target: { readonly port: number }, token: string | null = null) =>
  connected(
    createStreamClient<Streams>()({ ...towards(target), messages: [Task, ...EVENTS], auth: () => token }),
  );

beforeAll(() => Logger.overrideLogger(false));
afterEach(stopAll);

describe('A watch of presence in a client', () => {
  it('begins with the members, and goes on with the changes', async () => {
    const { presence, port } = await start();
    await presence.join(ROOM, { id: '1', userId: 'ada', data: { mood: 'calm' } });
    const client = await clientOf({ port });
    const events = collect(client.room.stream);
    await until(() => events.length === 1);
    await presence.join(ROOM, { id: '2', userId: 'bob' });
    await presence.join(ROOM, { id: '3', userId: 'ada', data: { mood: 'calm' } });
    await presence.join(ROOM, { id: '3', userId: 'ada', data: { mood: 'busy' } });
    await presence.leave(ROOM, '2');
    await until(() => events.length === 4);

    const ada = { id: 'ada', userId: 'ada', data: { mood: 'calm' } };
    expect(events).toEqual([
      create(PresenceMembers, { channel: ROOM, members: [ada], isFirst: true, isLast: true }),
      create(PresenceJoined, { channel: ROOM, id: 'bob', userId: 'bob' }),
      create(PresenceUpdated, { channel: ROOM, ...ada, data: { mood: 'busy' } }),
      create(PresenceLeft, { channel: ROOM, id: 'bob', userId: 'bob' }),
    ]);
  });

  it('has the members again after a reconnect, without those who left meanwhile', async () => {
    const { presence, port } = await start();
    const proxy = await TcpProxy.to(port);
    try {
      await presence.join(ROOM, { id: '1', userId: 'ada' });
      await presence.join(ROOM, { id: '2', userId: 'bob' });
      const client = await clientOf({ port: Number(new URL(proxy.url).port) });
      const followed = follow(client.room.stream);
      await until(() => followed.ids() === 'ada,bob');
      await proxy.refuse();
      proxy.reset();
      await presence.leave(ROOM, '2');
      await presence.join(ROOM, { id: '3', userId: 'cyd' });
      await proxy.pass();
      await until(() => followed.ids() === 'ada,cyd');

      expect(followed.lists).toBe(2);
    } finally {
      await proxy.stop();
    }
  });

  it('is bounded for a client that does not read, which gets the members again', async () => {
    const { presence, port } = await start({ limits: { slowConsumerMs: 60_000 } });
    const raw = await RawSocket.hello(port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'room' });
    await raw.frame('opened', 1);
    await raw.until(() => raw.frames.some(({ type }) => type === 'nestwire.presence.members'));
    raw.socket.pause();
    const padding = 'x'.repeat(900);
    // More than the buffers of both sockets, the outbound queue and the stream hold.
    for (let round = 0; round < 12_000; round++) {
      await presence.join(ROOM, {
        id: `${round % 40}`,
        userId: `user-${round % 40}`,
        data: [round, padding],
      });
      if (round % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await presence.leave(ROOM, '7');
    raw.socket.resume();
    const messages = () => raw.frames.filter(({ t }) => t === 'message');
    const view = () =>
      messages().reduce(
        (now, { type, data }) => applyPresence(now, { $type: type, ...(data as object) } as PresenceEvent),
        EMPTY_PRESENCE,
      );
    const expected = idsOf(await presence.list(ROOM));
    await until(() => {
      const now = view();
      return now.isComplete && idsOf(now.members) === expected;
    });

    expect(raw.status).toBe(101);
    expect(messages().filter(({ data }) => (data as PresenceMembers).isFirst).length).toBeGreaterThan(1);
    expect(messages().length).toBeLessThan(12_000);
    const latest = view().members.map(({ id, data }) => `${id} ${(data as [number])[0]}`);
    expect(latest).toEqual(
      (await presence.list(ROOM)).map(({ id, data }) => `${id} ${(data as [number])[0]}`),
    );
  });

  it('is refused beyond the streams that a session may have, and those that are not sent end', async () => {
    const server = await start({ limits: { maxResultStreams: 2, maxSubscriptions: 3 } });
    const client = await clientOf(server);
    const followed = follow(client.room.stream);
    await until(() => followed.view.isComplete);
    await client.room.sendStreamMessage(task('a'));

    for (const channel of ['b', 'c', 'd'])
      expect(await failureOf(client.room.sendStreamMessage(task(channel)))).toMatchObject({
        code: 'LIMIT_REACHED',
      });
    expect(server.get(RoomEndpoint).opened.map(({ ended }) => ended)).toEqual([false, true, true, true]);
  });

  it('is refused where a session has as many watches as it may have', async () => {
    const server = await start({ limits: { maxResultStreams: 20, maxSubscriptions: 3 } });
    const client = await clientOf(server);
    const followed = follow(client.room.stream);
    await until(() => followed.view.isComplete);
    for (const channel of ['a', 'b']) await client.room.sendStreamMessage(task(channel));

    expect(await failureOf(client.room.sendStreamMessage(task('c')))).toMatchObject({
      code: 'TOO_MANY_PRESENCES',
      message: expect.stringContaining('streams of presence') as string,
    });
  });

  it('ends with its session', async () => {
    const server = await start();
    const client = await clientOf(server);
    await client.room.sendStreamMessage(task('a'));
    await client.close();

    await until(() => server.get(RoomEndpoint).opened.every(({ ended }) => ended));
  });
});

describeWithRedis('A watch of presence on several servers', (redis) => {
  const join = (leaseMs = LEASE_MS) =>
    start({
      redis: { connection: redis().url, commandTimeoutMs: 1_000, maxReconnectDelayMs: 100 },
      messages: { presence: { leaseMs } },
    });

  afterEach(() => redis().call('FLUSHALL'));

  it('gives 1,000 members in pages, also to clients', async () => {
    const [one, two] = [await join(15_000), await join(15_000)];
    const joins = Array.from({ length: 1_000 }, (_, at) =>
      [one, two][at % 2]!.presence.join(ROOM, { id: `${at}`, userId: `user-${at}`, data: { at } }),
    );
    await Promise.all(joins);
    const client = await clientOf(two);
    const followed = [one.presence.watch(ROOM), two.presence.watch(ROOM), client.room.stream].map(follow);
    await until(() => followed.every(({ view }) => view.isComplete));

    const expected = idsOf(await one.presence.list(ROOM));
    for (const { view, pages, ids } of followed) {
      expect([view.members.length, pages]).toEqual([1_000, 10]);
      expect(ids()).toBe(expected);
    }
    await one.presence.leave(ROOM, '0');
    await until(() => followed.every(({ view }) => view.members.length === 999));
  });

  it('gives the members again in clients of all servers after FLUSHALL', async () => {
    const servers = [await join(), await join()];
    const clients = await Promise.all(
      servers.flatMap((server, at) => [clientOf(server, `user-${at}`), clientOf(server)]),
    );
    const followed = clients.map((client) => follow(client.room.stream));
    await until(() => followed.every(({ ids }) => ids() === 'user-0,user-1'));
    await redis().call('FLUSHALL');
    await until(() => followed.every(({ lists }) => lists > 1));
    await until(async () => idsOf(await servers[0]!.presence.list(ROOM)) === 'user-0,user-1');

    await until(() => followed.every(({ ids }) => ids() === 'user-0,user-1'));
    await clients[0]!.close();
    await until(() => followed.slice(1).every(({ ids }) => ids() === 'user-1'));
  });

  it('gives nothing while Redis is away, and the members when it is back', async () => {
    const [one, two] = [await join(), await join()];
    await redis().kill();
    await until(() => one.messages.status === 'degraded');
    const followed = follow(one.presence.watch(ROOM));
    await two.presence.join(ROOM, { id: '1', userId: 'ada' });
    expect(followed.pages).toBe(0);
    await redis().restart();

    await until(() => followed.view.isComplete && followed.ids() === 'ada');
  });

  it('ends with the true members in every reader, after joins, leaves and losses at random', async () => {
    const random = generator(seedOf('presence watch'));
    const servers = [await join(), await join()];
    const truth = new Map<string, string>();
    const followed = servers.map(({ presence }) => follow(presence.watch(ROOM)));
    for (let step = 0; step < 400; step++) {
      const at = random(2);
      const { presence } = servers[at]!;
      const id = `${at}-${random(12)}`;
      const userId = `user-${random(9)}`;
      const chance = random(100);
      if (chance < 55) {
        truth.set(id, userId);
        await presence.join(ROOM, { id, userId, data: step });
      } else if (chance < 90) {
        truth.delete(id);
        await presence.leave(ROOM, id);
      } else if (chance < 92) await redis().call('FLUSHALL');
      else if (chance < 94) await redis().call('DEL', ...(await roomKeys()));
      else if (chance < 95) await redis().call('CLIENT', 'KILL', 'TYPE', 'normal');
      else if (chance < 98) followed.push(follow(presence.watch(ROOM, { limit: 1 + random(20) })));
      else await new Promise((resolve) => setImmediate(resolve));
    }
    const expected = [...new Set(truth.values())].toSorted().join();
    await until(async () => idsOf(await servers[0]!.presence.list(ROOM).catch(() => [])) === expected);
    await until(() => followed.every(({ view, ids }) => view.isComplete && ids() === expected));

    const dataOf = (members: PresenceView['members']) =>
      members.map(({ id, data }) => `${id} ${data as number}`);
    await until(async () => {
      const listed = dataOf(await servers[1]!.presence.list(ROOM))
        .toSorted()
        .join();
      return followed.every(({ view }) => dataOf(view.members).toSorted().join() === listed);
    });
  }, 60_000);

  async function roomKeys(): Promise<string[]> {
    const keys = await redis().call('KEYS', 'nestwire:p:*');
    return ['none', ...keys.split('\r\n').filter((line) => line.startsWith('nestwire'))];
  }
});

/** Makes a generator of whole numbers below a bound, the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
