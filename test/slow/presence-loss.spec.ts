import { Logger } from '@nestjs/common';
import { PresenceService } from '@nestwire/messages';
import { SAFE_CLIENT_OPTIONS } from '@nestwire/messages/redis';
import { applyPresence, EMPTY_PRESENCE, type PresenceView } from '@nestwire/protocol';
import { Redis } from 'ioredis';
import { startApp, stopAll } from '../e2e/start-app.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

const LEASE_MS = 900;
const PATIENCE_MS = 12 * LEASE_MS;
const ROOM = 'lost:room';

beforeAll(() => Logger.overrideLogger(false));
afterEach(stopAll);

describeWithRedis('Presence after Redis lost keys', (redis) => {
  const clients: Redis[] = [];
  const start = async (client: string | Redis = redis().url): Promise<PresenceService> => {
    const options = {
      redis: { connection: client, commandTimeoutMs: 500 },
      messages: { presence: { leaseMs: LEASE_MS } },
    };
    return (await startApp({ options })).get(PresenceService);
  };
  const listed = async (presence: PresenceService) =>
    (await presence.list(ROOM))
      .map(({ id }) => id)
      .toSorted()
      .join();
  /** Folds a watch, and counts how often the members came from the first page on. */
  const follow = (presence: PresenceService) => {
    const followed = { view: EMPTY_PRESENCE as PresenceView, lists: 0, ids: () => '' };
    followed.ids = () =>
      followed.view.members
        .map(({ id }) => id)
        .toSorted()
        .join();
    void (async () => {
      for await (const event of presence.watch(ROOM)) {
        if (event.$type === 'nestwire.presence.members' && event.isFirst) followed.lists++;
        followed.view = applyPresence(followed.view, event);
      }
    })();
    return followed;
  };
  const keysLike = async (pattern: string) =>
    (await redis().call('KEYS', pattern)).split('\r\n').filter((line) => line.startsWith('nestwire'));

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await redis().call('FLUSHALL');
  });

  // `changes` continued a state that still had the members, and `list` did not have them: nobody reported them.
  it('shows all members to a reader that begins right after FLUSHALL beside an older one', async () => {
    const [one, two] = [await start(), await start()];
    await one.join(ROOM, { id: '1', userId: 'ada' });
    await two.join(ROOM, { id: '2', userId: 'bob' });
    const older = follow(one);
    await until(() => older.ids() === 'ada,bob');
    await redis().call('FLUSHALL');
    const newer = follow(one);

    await until(() => newer.view.isComplete);
    await until(async () => (await listed(one)) === 'ada,bob', PATIENCE_MS);
    await until(() => older.lists > 1, PATIENCE_MS);
    await until(() => older.ids() === 'ada,bob' && newer.ids() === 'ada,bob', PATIENCE_MS);
    await two.leave(ROOM, '2');
    await until(() => older.ids() === 'ada' && newer.ids() === 'ada');
  });

  // Only a lost lease made a server bring its members back.
  it('has the members again after the keys of their channel were evicted', async () => {
    const [one, two] = [await start(), await start()];
    await one.join(ROOM, { id: '1', userId: 'ada' });
    await two.join(ROOM, { id: '2', userId: 'bob' });
    const watched = follow(two);
    await until(() => watched.ids() === 'ada,bob');
    const keys = await keysLike('nestwire:p:*');
    expect(keys).toHaveLength(1);
    await redis().call('DEL', keys[0]!);

    await until(async () => (await listed(one)) === 'ada,bob', PATIENCE_MS);
    await two.leave(ROOM, '2');
    await until(() => watched.view.isComplete && watched.ids() === 'ada', PATIENCE_MS);
  });

  // The set of servers and the set of a server's channels were written once.
  it('loses the members of a server that dies after what is known of it was evicted', async () => {
    const one = await start();
    const client = new Redis(redis().url, { ...SAFE_CLIENT_OPTIONS, retryStrategy: null });
    client.on('error', () => undefined);
    clients.push(client);
    const mortal = await start(client);
    await mortal.join(ROOM, { id: '2', userId: 'bob' });
    await one.join(ROOM, { id: '1', userId: 'ada' });
    const watched = follow(one);
    await until(() => watched.ids() === 'ada,bob');
    client.disconnect();
    await redis().call('DEL', 'nestwire:n', ...(await keysLike('nestwire:nc:*')));

    await until(async () => (await listed(one)) === 'ada', PATIENCE_MS);
    await until(() => watched.ids() === 'ada', PATIENCE_MS);
    await until(async () => (await keysLike('nestwire:nc:*')).length === 1, PATIENCE_MS);
  });

  // A record that Redis brought back, as a replica does that lagged behind, belonged to nobody.
  it('removes a connection that Redis brought back after it had left', async () => {
    const one = await start();
    await one.join(ROOM, { id: '1', userId: 'ada' });
    await one.join(ROOM, { id: '2', userId: 'bob' });
    const watched = follow(one);
    await until(() => watched.ids() === 'ada,bob');
    const [key] = await keysLike('nestwire:p:*');
    const client = new Redis(redis().url);
    clients.push(client);
    const before = await client.dumpBuffer(key!);
    await one.leave(ROOM, '2');
    await one.leave(ROOM, '1');
    await until(() => watched.ids() === '');
    await client.restore(key!, 0, before!, 'REPLACE');

    expect(await listed(one)).toBe('ada,bob');
    await until(async () => (await listed(one)) === '', PATIENCE_MS);
    await until(() => watched.ids() === '', PATIENCE_MS);
  });
});

describe('A watch of presence with a signal that has aborted', () => {
  // The stream was released before it was made, and the watch of the channel stayed.
  it('has ended, and so has the stream of changes', async () => {
    const presence = (await startApp({ options: {} })).get(PresenceService);
    const signal = AbortSignal.abort();

    for (const stream of [presence.watch(ROOM, { signal }), presence.changes(ROOM, { signal })])
      expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
