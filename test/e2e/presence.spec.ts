import { Logger } from '@nestjs/common';
import { PresenceService, type PresenceChange, type PresenceMember } from '@nestwire/messages';
import { SAFE_CLIENT_OPTIONS } from '@nestwire/messages/redis';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { Redis } from 'ioredis';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note } from './messages.js';
import { collect, failureOf, startApp, stopAll, type RunningApp } from './start-app.js';
import { TokenUsers } from '../rig/users.js';

const ROOM = 'presence:room';
const LEASE_MS = 900;

type Out = Note | PresenceChange;

@StreamEndpoint('room')
class RoomEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Out, StreamUser | null>) {
    const changes = session.presence.changes(ROOM);
    await changes.attached;
    await session.presence.join(ROOM);
    return changes;
  }

  @OnStreamMessage(Note)
  async say(session: StreamSession<Out, StreamUser | null>, { text }: Note): Promise<void> {
    if (text === 'leave') await session.presence.leave(ROOM);
    else if (text.startsWith('join ')) await session.presence.join(text.slice(5));
    else await session.presence.join(ROOM, { text });
  }
}

@StreamEndpoint('members', { requireLogin: true })
class MembersEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Out, StreamUser>): Promise<void> {
    await session.presence.join(ROOM);
  }
}

/** A server, what it is asked, and what it heard. */
interface Server extends RunningApp {
  readonly presence: PresenceService;
  readonly heard: () => string[];
}

async function start(options: StreamsModuleOptions = {}): Promise<Server> {
  const app = await startApp({
    options: { authenticator: TokenUsers, ...options },
    providers: [RoomEndpoint, MembersEndpoint],
  });
  const presence = app.get(PresenceService);
  const changes = presence.changes(ROOM);
  const heard = collect(changes);
  await changes.attached;
  const words = () => heard.map(({ $type, userId }) => `${$type.split('.').pop()} ${userId ?? 'nobody'}`);
  return { ...app, presence, heard: words };
}

const inRoom = (members: readonly PresenceMember[]) =>
  members.map(({ userId, connections }) => `${userId} ${connections.length}`).toSorted();

async function enter(server: RunningApp, token?: string): Promise<RawSocket> {
  const raw = await RawSocket.hello(server.port, token);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'room' });
  await raw.frame('opened', 1);
  return raw;
}

const say = (id: number, text: string) => ({
  t: 'message',
  id,
  stream: 'room',
  type: 'e2e.note',
  data: { text },
});

beforeAll(() => Logger.overrideLogger(false));
afterEach(stopAll);

describe('Presence on one server', () => {
  it('counts a user once, with all connections, and nobody by connection', async () => {
    const server = await start();
    const [first, second] = [await enter(server, 'ada'), await enter(server, 'ada')];
    await enter(server);
    await enter(server);

    expect(inRoom(await server.presence.list(ROOM))).toEqual(['ada 2', 'null 1', 'null 1']);
    expect(server.heard()).toEqual(['joined ada', 'joined nobody', 'joined nobody']);
    first.destroy();
    await until(async () => inRoom(await server.presence.list(ROOM)).includes('ada 1'));
    second.destroy();
    await until(() => server.heard().length === 4);
    expect(server.heard().at(-1)).toBe('left ada');
    expect(server.messages.counters()).toMatchObject({ posted: 0, received: 0 });
  });

  it('reaches clients as messages, in the stream of an endpoint that returns the changes', async () => {
    const server = await start();
    const ada = await enter(server, 'ada');
    const bob = await enter(server, 'bob');
    bob.sendJson(say(2, 'leave'));
    await ada.until(() => ada.frames.filter(({ t }) => t === 'message').length === 3);

    expect(ada.frames.filter(({ t }) => t === 'message').map(({ type, data }) => [type, data])).toEqual([
      ['nestwire.presence.joined', { channel: ROOM, id: 'ada', userId: 'ada' }],
      ['nestwire.presence.joined', { channel: ROOM, id: 'bob', userId: 'bob' }],
      ['nestwire.presence.left', { channel: ROOM, id: 'bob', userId: 'bob' }],
    ]);
  });

  it('keeps the data of the latest join, and refuses what is too large', async () => {
    const server = await start({ messages: { presence: { maxDataBytes: 40 } } });
    const ada = await enter(server, 'ada');
    ada.sendJson(say(2, 'busy'));
    await ada.frame('ack');
    ada.sendJson(say(3, 'x'.repeat(40)));

    expect(await ada.frame('error', 3)).toMatchObject({ error: { code: 'BAD_PRESENCE' } });
    expect(await server.presence.list(ROOM)).toMatchObject([{ id: 'ada', data: { text: 'busy' } }]);
    expect(server.heard()).toEqual(['joined ada']);
  });

  it('is refused in a full channel, and in more channels than a session may be in', async () => {
    const server = await start({
      messages: { presence: { maxConnections: 1 } },
      limits: { maxSubscriptions: 2 },
    });
    const ada = await enter(server, 'ada');
    const raw = await RawSocket.hello(server.port, 'bob');
    raw.sendJson({ t: 'open', id: 1, endpoint: 'room' });

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'PRESENCE_FULL' } });
    for (const [id, text] of [
      [2, 'join b'],
      [3, 'join c'],
    ] as const)
      ada.sendJson(say(id, text));
    expect(await ada.frame('error', 3)).toMatchObject({ error: { code: 'TOO_MANY_PRESENCES' } });
  });

  it('ends with the identity: the former user has left before the next one joins', async () => {
    const server = await start();
    const ada = await enter(server, 'ada');
    ada.sendJson({ t: 'auth', id: 2, token: null });
    await ada.frame('authenticated', 2);
    expect(await ada.frame('closed')).toMatchObject({ reason: { code: 'identity-changed' } });
    ada.sendJson({ t: 'open', id: 3, endpoint: 'room' });
    await until(() => server.heard().length === 3);

    expect(server.heard()).toEqual(['joined ada', 'left ada', 'joined nobody']);
    expect(inRoom(await server.presence.list(ROOM))).toEqual(['null 1']);
  });

  it('does not go on as nobody where the stream has to end', async () => {
    const server = await start();
    const ada = await RawSocket.hello(server.port, 'ada');
    ada.sendJson({ t: 'open', id: 1, endpoint: 'members' });
    await ada.frame('opened', 1);
    ada.sendJson({ t: 'auth', id: 2, token: null });
    await ada.frame('closed');
    await until(() => server.heard().includes('left ada'));

    expect(server.heard()).toEqual(['joined ada', 'left ada']);
  });

  it('is over with the application', async () => {
    const server = await start();
    await server.app.close();

    expect(await failureOf(server.presence.list(ROOM))).toMatchObject({ code: 'MESSAGES_CLOSED' });
    expect(await failureOf(server.presence.join(ROOM, { id: '1' }))).toMatchObject({
      code: 'MESSAGES_CLOSED',
    });
  });

  it('refuses an id that is none, and data that is no JSON', async () => {
    const { presence } = await start();
    const wrong = [{ id: '' }, { id: 'x'.repeat(129) }, { id: '1', data: 1n }, { id: '1', data: () => 1 }];

    for (const one of wrong)
      expect(await failureOf(presence.join(ROOM, one))).toMatchObject({ code: 'BAD_PRESENCE' });
  });
});

describeWithRedis('Presence on several servers', (redis) => {
  const tuning = {
    commandTimeoutMs: 300,
    connectTimeoutMs: 300,
    maxReconnectDelayMs: 100,
    probeIntervalMs: 200,
  };
  const clients: Redis[] = [];
  const join = (leaseMs = LEASE_MS, client?: Redis) =>
    start({
      redis: { connection: client ?? redis().url, ...tuning },
      messages: { presence: { leaseMs } },
    });
  /** A server that the test can cut off from Redis, which is what the cluster sees of one that died or stands still. */
  const joinMortal = async (leaseMs = LEASE_MS) => {
    const client = new Redis(redis().url, { ...SAFE_CLIENT_OPTIONS, retryStrategy: null });
    client.on('error', () => undefined);
    clients.push(client);
    return { server: await join(leaseMs, client), client };
  };
  const waitMs = async (ms: number) => {
    const atMs = performance.now();
    await until(() => performance.now() - atMs > ms, ms + 1_000);
  };

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await redis().call('FLUSHALL');
  });

  it('tells all of them once of a user who joins on two', async () => {
    const [one, two] = [await join(), await join()];
    const [here, there] = [await enter(one, 'ada'), await enter(two, 'ada')];
    await until(async () => inRoom(await one.presence.list(ROOM)).includes('ada 2'));
    here.destroy();
    await until(async () => inRoom(await one.presence.list(ROOM)).includes('ada 1'));
    there.destroy();
    await until(() => [one, two].every(({ heard }) => heard().length === 2));

    for (const { heard } of [one, two]) expect(heard()).toEqual(['joined ada', 'left ada']);
    expect(await two.presence.list(ROOM)).toEqual([]);
    await until(async () => (await redis().call('KEYS', 'nestwire:p:*')).trim() === '*0');
  });

  it('loses the members of a server that has died, and each of the others hears of it once', async () => {
    const others = [await join(), await join()];
    const { server, client } = await joinMortal();
    await enter(server, 'ada');
    await enter(others[0]!, 'bob');
    await until(() => others.every(({ heard }) => heard().length === 2));
    const atMs = performance.now();
    client.disconnect();

    await until(async () => inRoom(await others[0]!.presence.list(ROOM)).join() === 'bob 1');
    const listMs = performance.now() - atMs;
    await until(() => others.every(({ heard }) => heard().includes('left ada')));
    const heardMs = performance.now() - atMs;
    console.info(
      `gone from the list after ${(listMs / LEASE_MS).toFixed(2)} leases, told after ${(heardMs / LEASE_MS).toFixed(2)}`,
    );
    expect(heardMs).toBeLessThan(4 * LEASE_MS);
    await waitMs(LEASE_MS);
    for (const { heard } of others) expect(heard().filter((word) => word === 'left ada')).toHaveLength(1);
    expect(await redis().call('SCARD', 'nestwire:n')).toBe(':1\r\n');
  });

  it('keeps them for as long as the lease: with one of an hour they stay', async () => {
    const other = await join(3_600_000);
    const { server, client } = await joinMortal(3_600_000);
    await enter(server, 'ada');
    client.disconnect();
    await waitMs(3 * LEASE_MS);

    expect(inRoom(await other.presence.list(ROOM))).toEqual(['ada 1']);
    expect(other.heard()).toEqual(['joined ada']);
  });

  it('has them again when a server comes back that was taken for dead', async () => {
    const other = await join();
    const { server, client } = await joinMortal();
    const ada = await enter(server, 'ada');
    await enter(server, 'bob');
    await until(() => other.heard().length === 2);
    client.disconnect();
    await until(() => other.heard().length === 4);
    ada.destroy();
    await until(() => server.streams.counters().connections === 1);
    await client.connect();
    await until(() => other.heard().length === 5);
    await waitMs(2 * LEASE_MS);

    expect(other.heard().slice(2).toSorted()).toEqual(['joined bob', 'left ada', 'left bob']);
    expect(inRoom(await other.presence.list(ROOM))).toEqual(['bob 1']);
  });

  it('has them again after Redis lost everything, and nobody hears that they were away', async () => {
    const [one, two] = [await join(), await join()];
    await enter(one, 'ada');
    const bob = await enter(two, 'bob');
    await until(() => [one, two].every(({ heard }) => heard().length === 2));
    await redis().restart();
    await until(() => one.messages.status === 'connected' && two.messages.status === 'connected');
    await until(async () => inRoom(await one.presence.list(ROOM)).join() === 'ada 1,bob 1');
    bob.destroy();
    await until(() => [one, two].every(({ heard }) => heard().length === 3));
    await waitMs(2 * LEASE_MS);

    for (const { heard } of [one, two])
      expect(heard().toSorted()).toEqual(['joined ada', 'joined bob', 'left bob']);
  });

  it('goes on after Redis stood still for longer than a lease, and nobody hears of it', async () => {
    const servers = [await join(), await join()];
    await enter(servers[0]!, 'ada');
    await enter(servers[1]!, 'bob');
    await until(() => servers.every(({ heard }) => heard().length === 2));
    redis().pause();
    await waitMs(2 * LEASE_MS);
    redis().resume();
    await until(() => servers.every(({ messages }) => messages.status === 'connected'));
    await waitMs(3 * LEASE_MS);

    for (const { heard } of servers) expect(heard().toSorted()).toEqual(['joined ada', 'joined bob']);
    expect(inRoom(await servers[0]!.presence.list(ROOM))).toEqual(['ada 1', 'bob 1']);
  });

  it('takes who joins while Redis is away, and says how far it got', async () => {
    const [one, two] = [await join(), await join()];
    await redis().kill();
    await until(() => one.messages.status === 'degraded');

    expect(await one.presence.join(ROOM, { id: '1', userId: 'ada' })).toEqual({ delivered: 'degraded' });
    await one.presence.join(ROOM, { id: '2', userId: 'bob' });
    expect(await one.presence.leave(ROOM, '2')).toEqual({ delivered: 'degraded' });
    expect(await failureOf(one.presence.list(ROOM))).toMatchObject({ code: 'UNAVAILABLE' });
    await redis().restart();
    await until(() => two.heard().length > 0);
    expect(inRoom(await two.presence.list(ROOM))).toEqual(['ada 1']);
    expect(await one.presence.leave(ROOM, '1')).toEqual({ delivered: 'global' });
  });

  it('is the set of the live sessions after a storm of them', async () => {
    const servers = [await join(), await join()];
    const sockets = new Set<RawSocket>();
    for (let round = 0; round < 6; round++) {
      const all = Array.from({ length: 10 }, (_, at) => enter(servers[at % 2]!, `user-${at % 7}`));
      for (const raw of await Promise.all(all)) sockets.add(raw);
      if (round === 3) await redis().call('CLIENT', 'KILL', 'TYPE', 'normal');
      for (const raw of [...sockets].filter((_, at) => at % 3 === round % 3)) {
        raw.destroy();
        sockets.delete(raw);
      }
    }
    const live = () => servers.reduce((sum, { streams }) => sum + streams.counters().sessions, 0);
    await until(() => live() === sockets.size);
    await until(async () => {
      const members = await servers[0]!.presence.list(ROOM).catch(() => []);
      return members.reduce((sum, { connections }) => sum + connections.length, 0) === sockets.size;
    });
    const names = (await servers[1]!.presence.list(ROOM)).map(({ id }) => id).toSorted();
    const present = (heard: readonly string[]) => {
      const here = new Set<string>();
      for (const word of heard) {
        const [verb, name] = word.split(' ') as [string, string];
        if (verb === 'joined') here.add(name);
        else here.delete(name);
      }
      return [...here].toSorted();
    };
    for (const { heard } of servers) await until(() => present(heard()).join() === names.join());
  });
});
