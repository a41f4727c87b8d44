import { Logger, type LoggerService } from '@nestjs/common';
import type { Draft, HistoryStore, HistoryChannel, StoredMessage } from '@nestwire/messages/backend';
import { messageIdOf } from '@nestwire/messages/internal';
import { RedisBroker, type RedisBrokerOptions, type RedisConnection } from '@nestwire/messages/redis';
import { readFileSync } from 'node:fs';
import { redisKey } from '../rig/redis-key.js';
import { startCluster, startRedis, startSentinels, type RedisServer } from '../rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../rig/redis.js';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { until } from '../rig/until.js';

const PASSWORD = 'correct-horse-battery-staple';
const QUICK: RedisBrokerOptions = {
  commandTimeoutMs: 500,
  connectTimeoutMs: 1_000,
  maxReconnectDelayMs: 200,
  probeIntervalMs: 100,
  probeTimeoutMs: 400,
};
const ALL = { messages: 10_000, bytes: 1e9 };

interface Node {
  readonly backend: RedisBroker;
  readonly history: HistoryStore;
  readonly heard: StoredMessage[];
  readonly suspected: string[];
}

const closers: Array<() => unknown> = [];
const lines: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
let count = 0;

async function open(redis: RedisConnection, options: RedisBrokerOptions = {}): Promise<Node> {
  const backend = new RedisBroker(redis, { ...QUICK, ...options });
  const node: Node = { backend, history: backend.history, heard: [], suspected: [] };
  node.history.attach({
    stored: (_channel, messages) => node.heard.push(...messages),
    suspected: (channels) => node.suspected.push(...channels),
  });
  closers.unshift(() => backend.close());
  await backend.start({ receive: () => undefined, statusChanged: () => undefined });
  return node;
}

function fresh(durability: HistoryChannel['durability'] = 'memory'): HistoryChannel {
  return { name: `room:${++count}`, history: { messages: 1_000, ageMs: 60_000 }, durability };
}

function drafts(length: number): Draft[] {
  return Array.from({ length }, () => ({ id: `d${++count}`, type: 'history.note', data: `{"n":${count}}` }));
}

function bulk(reply: string): string {
  return reply.split('\r\n')[1]!;
}

const yes = () => true;
const no = () => false;

/** Moves the slot of a key from the master that has it to another, as an operator does. */
async function moveSlot(servers: readonly RedisServer[], key: string): Promise<void> {
  const slot = (await servers[0]!.call('CLUSTER', 'KEYSLOT', key)).slice(1).trim();
  const isOwner = await Promise.all(
    servers.map((server) =>
      server.call('EXISTS', key).then(
        (reply) => reply.startsWith(':1'),
        () => false,
      ),
    ),
  );
  const from = servers[isOwner.indexOf(true)]!;
  const to = servers[isOwner.indexOf(false)]!;
  const [fromId, toId] = [bulk(await from.call('CLUSTER', 'MYID')), bulk(await to.call('CLUSTER', 'MYID'))];
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, '100'))
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .filter((line) => !line.startsWith(':'));
    if (keys.length === 0) break;
    await from.call('MIGRATE', to.host, `${to.port}`, '', '0', '1000', 'KEYS', ...keys);
  }
  for (const server of [to, from, ...servers])
    await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId).catch(() => undefined);
}

beforeAll(() => {
  const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
  const logger: LoggerService = { log: write, error: write, warn: write, debug: write, verbose: write };
  Logger.overrideLogger(logger);
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  expect(unhandled).toEqual([]);
  expect(lines.join('\n')).not.toContain(PASSWORD);
  lines.length = 0;
});

afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
});

describeWithRedis('RedisHistoryStore', (redis) => {
  const offsetOf = async ({ name }: HistoryChannel) =>
    bulk(await redis().call('HGET', redisKey('m', name), 's'));
  const headOf = async ({ name }: HistoryChannel) =>
    /(\d+)-0\r\n/.exec(await redis().call('XREVRANGE', redisKey('s', name), '+', '-', 'COUNT', '1'))?.[1];

  it('shows no name of a channel in its keys, and lets all of them expire', async () => {
    const { history } = await open(redis().url);
    const channel = { ...fresh(), name: 'secret-name' };
    await history.follow(channel.name);
    await history.append(channel, drafts(2));

    const [keys, channels] = [await redis().call('KEYS', '*'), await redis().call('PUBSUB', 'CHANNELS')];

    expect(channels).toContain(redisKey('l', channel.name));
    expect(keys + channels).not.toContain('secret-name');
    const tag = /\{.*\}/.exec(redisKey('m', channel.name))![0];
    const own = keys.split('\r\n').filter((key) => key.includes(tag));
    expect(own).toHaveLength(4);
    for (const key of own) expect(Number((await redis().call('PTTL', key)).slice(1))).toBeGreaterThan(0);
  });

  it('gives Redis the scripts again when it has forgotten them', async () => {
    const { history } = await open(redis().url);
    const channel = fresh();
    for (let round = 1; round <= 2; round++) {
      await redis().call('SCRIPT', 'FLUSH');
      expect(await history.append(channel, drafts(1))).toMatchObject([{ position: { offset: round } }]);
      await redis().call('SCRIPT', 'FLUSH');
      expect((await history.read(channel, { last: 9 }, ALL)).messages).toHaveLength(round);
    }
  });

  it('leaves no trace of what it has no memory for, and goes on when it has', async () => {
    // All that is sent at once is answered, however late on a busy machine: what is not would be UNCERTAIN.
    const node = await open(redis().url, { maxPendingPosts: 10_000, commandTimeoutMs: 30_000 });
    const channel = fresh();
    await node.history.follow(channel.name);
    await node.history.append(channel, drafts(3));
    closers.push(() => redis().call('CONFIG', 'SET', 'maxmemory', '0'));
    await redis().call('CONFIG', 'SET', 'maxmemory', '1mb');

    const refused = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => node.history.append(channel, drafts(1))),
    );
    const newChannel = fresh();
    const first = node.history.append(newChannel, drafts(1));

    await expect(first).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(node.history.read(newChannel, { last: 1 }, ALL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    for (const result of refused)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    expect((refused[0] as PromiseRejectedResult).reason.cause.message).toMatch(/OOM/);
    expect((refused[0] as PromiseRejectedResult).reason.message).not.toMatch(/OOM/);
    expect(lines.join('\n')).toMatch(/Redis refused a post: OOM/);
    expect((await node.history.read(channel, { last: 9 }, ALL)).messages).toHaveLength(3);
    expect([await offsetOf(channel), await headOf(channel)]).toEqual(['3', '3']);
    await redis().call('CONFIG', 'SET', 'maxmemory', '0');
    await node.history.append(channel, drafts(1));
    await until(() => node.heard.length === 4);
    expect(node.heard.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(await redis().call('EXISTS', redisKey('m', newChannel.name))).toBe(':0\r\n');
  });

  it.each([
    ['is of another type', (key: string) => [['SET', key, 'not a stream']]],
    [
      'can take no entry any more',
      (key: string) => [['XADD', key, '18446744073709551615-18446744073709551615', 'a', 'b']],
    ],
  ])('is created again when its stream %s', async (_what, junkOf) => {
    const { history } = await open(redis().url);
    const channel = fresh();
    await history.append(channel, drafts(2));
    const [before] = await history.heads([channel.name]);
    await redis().call('DEL', redisKey('s', channel.name));
    for (const command of junkOf(redisKey('s', channel.name))) await redis().call(...command);

    const results = await history.append(channel, drafts(2));

    expect(results).toMatchObject([{ position: { offset: 1 } }, { position: { offset: 2 } }]);
    const page = await history.read(channel, { last: 9 }, ALL);
    expect(page.messages).toHaveLength(2);
    expect(page.head.epoch).not.toBe(before!.epoch);
  });

  it('completes what came before when a batch fails half-way', async () => {
    const node = await open(redis().url);
    const channel = fresh();
    await node.history.follow(channel.name);
    await node.history.append(channel, drafts(1));
    await redis().call('HSET', redisKey('m', channel.name), 's', '9007199254740989');
    const batch = drafts(5);

    const results = await node.history.append(channel, [...batch.slice(0, 3), batch[0]!, batch[4]!]);

    expect(results).toMatchObject([
      { position: { offset: 9007199254740990 }, isDuplicate: false },
      { position: { offset: 9007199254740991 }, isDuplicate: false },
      { code: 'UNAVAILABLE' },
      { position: { offset: 9007199254740990 }, isDuplicate: true },
      { code: 'UNAVAILABLE' },
    ]);
    await until(() => node.heard.length === 3);
    expect(node.heard.map(messageIdOf).slice(1)).toEqual([batch[0]!.id, batch[1]!.id]);
    expect([await offsetOf(channel), await headOf(channel)]).toEqual([
      '9007199254740991',
      '9007199254740991',
    ]);
  });

  it('is created again when its head is lost, whatever messages are left', async () => {
    const { history } = await open(redis().url);
    const [channel, other] = [fresh(), fresh()];
    const before = await history.append(channel, drafts(5));
    await history.append(other, drafts(5));
    for (const { name } of [channel, other]) await redis().call('DEL', redisKey('m', name));

    const [first] = await history.append(channel, drafts(1));
    const page = await history.read(other, { last: 9 }, ALL);

    expect(first).toMatchObject({ position: { offset: 1 }, isDuplicate: false });
    expect((first as (typeof before)[number] & { position: { epoch: string } }).position.epoch).not.toBe(
      (before[0] as { position: { epoch: string } }).position.epoch,
    );
    expect((await history.read(channel, { last: 9 }, ALL)).messages).toHaveLength(1);
    expect(page).toMatchObject({ head: { offset: 0 }, messages: [] });
    expect(await redis().call('EXISTS', redisKey('s', other.name))).toBe(':0\r\n');
  });

  it('is created again when its stream was moved ahead of its head from outside', async () => {
    const { history } = await open(redis().url);
    const channel = fresh();
    await history.append(channel, drafts(2));
    const [before] = await history.heads([channel.name]);
    await redis().call('XADD', redisKey('s', channel.name), '3-0', 'i', 'x', 'p', '', 't', 'x', 'd', '{}');

    const results = await history.append(channel, drafts(2));

    expect(results).toMatchObject([{ position: { offset: 1 } }, { position: { offset: 2 } }]);
    const page = await history.read(channel, { last: 9 }, ALL);
    expect(page.messages.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(page.head.epoch).not.toBe(before!.epoch);
    expect(results).toMatchObject([{ position: { epoch: page.head.epoch } }, {}]);
  });

  it('says that a replica takes nothing, doubts what it follows, and goes on with a master', async () => {
    const { history, suspected } = await open(redis().url);
    const control = await open(redis().url, { probeIntervalMs: 0 });
    const channel = fresh();
    for (const node of [history, control.history]) await node.follow(channel.name);
    await history.append(channel, drafts(1));
    closers.push(() => redis().call('REPLICAOF', 'NO', 'ONE'));
    await redis().call('REPLICAOF', '127.0.0.1', '1');

    await expect(history.append(channel, drafts(1))).rejects.toThrow(/refused the post|cannot be reached/);
    await until(() => suspected.includes(channel.name));
    await redis().call('REPLICAOF', 'NO', 'ONE');

    await until(() => history.append(channel, drafts(1)).then(yes, no));
    expect([await offsetOf(channel), await headOf(channel)]).toEqual(['2', '2']);
    // Without the check nothing tells it: its connections stood all the time.
    expect(control.suspected).toEqual([]);
  });

  it('doubts what it follows when its subscriber got nothing; without a probe it does not notice', async () => {
    const proxy = await TcpProxy.to(redis().port);
    closers.push(() => proxy.stop());
    const [one, control] = [await open(proxy.url), await open(proxy.url, { probeIntervalMs: 0 })];
    const channel = fresh();
    for (const { history } of [one, control]) await history.follow(channel.name);

    proxy.starve();
    await one.history.append(channel, drafts(1));
    await until(() => one.suspected.includes(channel.name));
    await one.history.append(channel, drafts(1));
    await until(() => one.heard.length === 1);

    expect(one.heard[0]!.offset).toBe(2);
    expect([control.heard, control.suspected]).toEqual([[], []]);
  });

  it('extends the lifetime of the head when the channel or its head is read', async () => {
    const { history } = await open(redis().url);
    const [read, asked, control] = [fresh(), fresh(), fresh()];
    for (const channel of [read, asked, control]) {
      await history.append(channel, drafts(1));
      await redis().call('PEXPIRE', redisKey('m', channel.name), '60000');
    }

    await history.read(read, { last: 1 }, ALL);
    await history.heads([asked.name]);

    const leftMs = ({ name }: HistoryChannel) =>
      redis()
        .call('PTTL', redisKey('m', name))
        .then((reply) => Number(reply.slice(1)));
    for (const channel of [read, asked]) expect(await leftMs(channel)).toBeGreaterThan(600_000_000);
    expect(await leftMs(control)).toBeLessThanOrEqual(60_000);
  });

  it('doubts what it follows when its subscriptions were cut, and hears on', async () => {
    const [one, two] = [await open(redis().url), await open(redis().url)];
    const channel = fresh();
    await two.history.follow(channel.name);

    await redis().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => two.suspected.includes(channel.name));
    await one.history.append(channel, drafts(1));

    await until(() => two.heard.length === 1);
    expect(one.suspected).toEqual([]);
  });

  it('resyncs after Redis was away, stopped, or lost its data', async () => {
    const { history, suspected } = await open(redis().url);
    const channel = fresh();
    await history.follow(channel.name);
    redis().pause();
    await expect(history.append(channel, drafts(1))).rejects.toMatchObject({ code: 'UNCERTAIN' });
    await expect(history.append(channel, drafts(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    redis().resume();
    await until(() => suspected.length > 0);

    suspected.length = 0;
    await redis().restart();

    await until(() => suspected.length > 0);
    await until(() => history.append(channel, drafts(1)).then(yes, no));
  });

  it('doubts once a channel is in force that was followed while Redis was away', async () => {
    const node = await open(redis().url);
    await redis().kill();
    await until(() => node.backend.status === 'degraded');
    const channel = fresh();

    await node.history.follow(channel.name);
    expect(node.suspected).toEqual([]);
    await redis().restart();

    await until(() => node.suspected.includes(channel.name));
  });

  it('lets applications of two prefixes neither hear nor read each other', async () => {
    const [one, two] = [await open(redis().url), await open(redis().url, { prefix: 'nestwire2' })];
    const channel = fresh();
    for (const { history } of [one, two]) await history.follow(channel.name);

    await one.history.append(channel, drafts(3));
    await two.history.append(channel, drafts(1));
    await until(() => one.heard.length === 3 && two.heard.length === 1);

    expect((await two.history.read(channel, { last: 9 }, ALL)).messages).toHaveLength(1);
    expect(one.heard.some(({ id }) => id === two.heard[0]!.id)).toBe(false);
  });

  it('counts what it hears and cannot read, and doubts the channel', async () => {
    const node = await open(redis().url);
    const channel = fresh();
    await node.history.follow(channel.name);
    const poison = [
      'garbage',
      '{"v":2,"e":"e","o":1,"p":"","m":[["a","t",2]]}\n{}',
      '{"v":1,"e":"e","o":0,"p":"","m":[["a","t",2]]}\n{}',
      '{"v":1,"e":"e","o":1,"p":"","m":[["a","t",3]]}\n{}',
      '{"v":1,"e":"e","o":1,"p":"","m":[["a","t",-2],["b","t",4]]}\n{}',
      '{"v":1,"e":"e","o":1,"p":"","m":[]}\n',
      `{"v":1,"e":"e","o":1,"p":"","m":[["a","t",2]]}\n{}${' '.repeat(400_000)}`,
    ];

    for (const text of poison) await redis().call('PUBLISH', redisKey('l', channel.name), text);
    await redis().call(
      'PUBLISH',
      redisKey('l', channel.name),
      '{"v":1,"e":"e","o":1,"p":"","m":[["a","t",2,"new"]],"newer":1}\n{}',
    );
    await until(() => node.heard.length === 1);

    expect(node.backend.counters.undecodable).toBe(poison.length);
    expect(node.suspected).toHaveLength(poison.length);
  });

  it('needs no more of an ACL than the page on messages says, and tells when it has less', async () => {
    const user = async (name: string, ...rights: string[]) => {
      await redis().call(
        'ACL',
        'SETUSER',
        name,
        'on',
        '>word',
        'resetkeys',
        'resetchannels',
        '-@all',
        ...rights,
      );
      return open({ port: redis().port, username: name, password: 'word' });
    };
    const page = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8');
    const start = page.indexOf('A user of the ACL needs');
    const rights = page.slice(start, page.indexOf('.\n', start)).match(/[+~&][@\w:*]+/g)!;
    expect(rights).toContain('+xrange');
    const [allowed, mute] = [
      await user('narrow', ...rights.filter((right) => right !== '+cluster' && right !== '+command')),
      await user('mute', ...rights.filter((right) => !right.startsWith('&')), '&nestwire:probe:*'),
    ];
    const channel = fresh();
    await allowed.history.follow(channel.name);

    await allowed.history.append(channel, drafts(2));
    await until(() => allowed.heard.length === 2);
    const [unheard] = await mute.history.append(channel, drafts(1));

    expect(unheard).toMatchObject({ position: { offset: 3 } });
    expect(lines.join('\n')).toMatch(/did not publish it/);
    expect((await allowed.history.read(channel, { last: 9 }, ALL)).messages).toHaveLength(3);
    expect(await allowed.history.heads([channel.name])).toMatchObject([{ offset: 3 }]);
  });

  it('bounds what waits for Redis', async () => {
    const { history } = await open(redis().url, { maxPendingPosts: 3, probeIntervalMs: 60_000 });
    redis().pause();
    closers.push(() => redis().resume());

    const pending = Promise.allSettled([
      history.append(fresh(), drafts(2)),
      history.append(fresh(), drafts(1)),
    ]);

    await expect(history.append(fresh(), drafts(1))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await pending).toMatchObject([
      { reason: { code: 'UNCERTAIN' } },
      { reason: { code: 'UNCERTAIN' } },
    ]);
    redis().resume();
  });

  it('stores nothing twice when a reply was lost and the post is tried again', async () => {
    const proxy = await TcpProxy.to(redis().port);
    closers.push(() => proxy.stop());
    const { history } = await open(proxy.url);
    const [channel, control] = [fresh(), fresh()];
    const [sent, sentToControl] = [drafts(2), drafts(1)];

    // The server knows the script, so that it runs with the request whose reply is lost.
    await history.append(fresh(), drafts(1));
    proxy.dropReplies();
    await Promise.all([
      expect(history.append(channel, sent)).rejects.toMatchObject({ code: 'UNCERTAIN' }),
      expect(history.append(control, sentToControl)).rejects.toMatchObject({ code: 'UNCERTAIN' }),
    ]);
    proxy.reset();
    await proxy.pass();
    // The protection off: the ids are forgotten.
    await redis().call('DEL', `${redisKey('k', control.name)}:${sentToControl[0]!.id}`);
    const redelivered = async (on: HistoryChannel, batch: readonly Draft[]) => {
      let results: Awaited<ReturnType<HistoryStore['append']>> = [];
      await until(async () => {
        results = await history.append(on, batch).catch(() => []);
        return results.length > 0;
      });
      return results;
    };

    expect(await redelivered(channel, sent)).toMatchObject([
      { position: { offset: 1 }, isDuplicate: true },
      { position: { offset: 2 }, isDuplicate: true },
    ]);
    expect(await redelivered(control, sentToControl)).toMatchObject([{ position: { offset: 2 } }]);
    expect([await headOf(channel), await headOf(control)]).toEqual(['2', '2']);
  });
});

describeIfRedis('A post that counts when the replicas have it', () => {
  let [master, replica] = [undefined, undefined] as unknown as [RedisServer, RedisServer];
  let steps = 0;
  // The data that a replica got when it joined does not prove that it gets later writes.
  const inStep = async () => {
    const step = `step ${++steps}`;
    await master.call('SET', 'step', step);
    const isTaken = (await replica.call('GET', 'step')).includes(step);
    return isTaken && (await master.call('INFO', 'replication')).includes('state=online');
  };
  beforeAll(async () => {
    master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${master.port}`] });
    await until(inStep);
  }, 15_000);
  afterAll(async () => {
    await replica.stop();
    await master.stop();
  });

  it('is stored on the replica when it resolves', async () => {
    const { history } = await open(master.url);
    const channel = fresh('replicated');

    for (let round = 1; round <= 20; round++) {
      await history.append(channel, drafts(2));
      expect(bulk(await replica.call('HGET', redisKey('m', channel.name), 's'))).toBe(`${round * 2}`);
    }
  });

  it('works when Redis has forgotten the script', async () => {
    const { history } = await open(master.url);
    await master.call('SCRIPT', 'FLUSH');

    expect(await history.append(fresh('replicated'), drafts(1))).toMatchObject([{ isDuplicate: false }]);
  });

  it('is uncertain while a replica is stopped, holds up no other, and can be tried again', async () => {
    const { history, backend } = await open(master.url);
    const channel = fresh('replicated');
    await history.append(channel, drafts(1));
    replica.pause();
    closers.push(() => replica.resume());
    const sent = drafts(1);

    const waiting = history.append(channel, sent);
    const settled = waiting.then(
      () => 'stored',
      (error: { code: string }) => error.code,
    );
    await history.append(fresh(), drafts(1));
    await expect(Promise.race([settled, Promise.resolve('waits')])).resolves.toBe('waits');

    expect(await settled).toBe('UNCERTAIN');
    expect(backend.status).toBe('connected');
    await expect(history.append(channel, sent)).rejects.toMatchObject({ code: 'UNCERTAIN' });
    replica.resume();
    await until(async () => {
      const results = await history.append(channel, sent).catch(() => []);
      return results.length > 0;
    });
    expect(bulk(await replica.call('HGET', redisKey('m', channel.name), 's'))).toBe('2');
  });

  it('is refused without a replica, and leaves no trace', async () => {
    const lonely = await startRedis();
    closers.push(() => lonely.stop());
    const { history } = await open(lonely.url);
    const channel = fresh('replicated');

    await expect(history.append(channel, drafts(1))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/replica/),
    });
    expect(await history.heads([channel.name])).toEqual([undefined]);
  });
});

describeIfRedis('A Redis with a password', () => {
  it('shows it to nobody, whatever happens', async () => {
    const redis = await startRedis({ args: ['--requirepass', PASSWORD] });
    closers.push(() => redis.stop());
    const node = await open(`redis://:${PASSWORD}@127.0.0.1:${redis.port}`);
    const channel = fresh();
    await node.history.follow(channel.name);
    await node.history.append(channel, drafts(1));
    redis.pause();
    const error = await node.history.append(channel, drafts(1)).catch((thrown: unknown) => thrown as Error);
    await redis.kill();
    const refusal = await node.history
      .append(fresh('replicated'), drafts(1))
      .catch((thrown: unknown) => thrown as Error);

    for (const shown of [error, refusal] as Error[])
      expect(JSON.stringify([shown.message, shown.stack, shown.cause])).not.toContain(PASSWORD);
  });
});

describeIfRedis('Redis behind Sentinels with a history', () => {
  it('doubts what it follows when another becomes master, and goes on there', async () => {
    const group = await startSentinels({ downAfterMs: 500 });
    closers.push(() => group.stop());
    const { backend, history, suspected, heard } = await open({
      sentinels: [...group.sentinels],
      name: group.name,
    });
    const [channel, replicated] = [fresh(), fresh('replicated')];
    for (const { name } of [channel, replicated]) await history.follow(name);
    await history.append(channel, drafts(1));
    // A replica begins to follow some seconds after it was told to.
    await until(() => history.append(replicated, drafts(1)).then(yes, no), 15_000);
    const [before] = await history.heads([replicated.name]);
    await until(() => heard.length >= 2);
    heard.length = 0;

    await group.master.kill();
    await until(() => backend.status === 'degraded');
    await until(() => backend.status === 'connected', 15_000);
    expect(suspected).toEqual(expect.arrayContaining([channel.name, replicated.name]));
    await until(() => history.append(channel, drafts(1)).then(yes, no));

    expect((await history.read(replicated, { last: 1 }, ALL)).head).toEqual(before);
    // The subscriber does not receive earlier messages, so the channel is suspect.
    await until(() => history.append(channel, drafts(1)).then(() => heard.length >= 1, no), 15_000);
    await expect(history.append(replicated, drafts(1))).rejects.toThrow(/No replica/);
  }, 40_000);
});

describeIfRedis('A Redis Cluster with a history', () => {
  it('hears or doubts everything while a channel moves to another master', async () => {
    const group = await startCluster();
    closers.push(() => group.stop());
    const [one, two] = [await open({ nodes: [...group.nodes] }), await open({ nodes: [...group.nodes] })];
    const channel = fresh('memory');
    await two.history.follow(channel.name);
    const stored: Draft[] = [];
    const store = async () => {
      const [draft] = drafts(1);
      await until(() => one.history.append(channel, [draft!]).then(yes, no));
      stored.push(draft!);
    };
    for (let round = 0; round < 20; round++) await store();
    await until(() => two.heard.length === 20);

    const storing = (async () => {
      for (let round = 0; round < 100; round++) await store();
    })();
    await moveSlot(group.servers, redisKey('m', channel.name));
    await storing;
    await until(() => two.suspected.includes(channel.name));
    const doubts = two.suspected.length;
    await store();
    // Messages from before the subscription on the new master are not received, so the channel is suspect afterwards.
    const isHeard = () => messageIdOf(two.heard.at(-1)!) === stored.at(-1)!.id;
    await until(() => isHeard() || two.suspected.slice(doubts).includes(channel.name));
    await until(() => store().then(isHeard));

    const page = await two.history.read(channel, { last: 1_000 }, ALL);
    expect(page.messages.map(messageIdOf)).toEqual(stored.map(({ id }) => id));
    const offsets = two.heard.map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
  }, 30_000);

  it('receives again after a server ended its subscription because the slot has moved', async () => {
    const group = await startCluster();
    closers.push(() => group.stop());
    const { history, heard } = await open({ nodes: [...group.nodes] });
    const channel = fresh();
    await history.follow(channel.name);
    await history.append(channel, drafts(1));
    await until(() => heard.length === 1);
    const key = redisKey('m', channel.name);
    const slot = (await group.servers[0]!.call('CLUSTER', 'KEYSLOT', key)).slice(1).trim();
    const listening = async () =>
      (
        await Promise.all(group.servers.map((server) => server.call('PUBSUB', 'SHARDCHANNELS', '*:l:*')))
      ).join('');

    for (const server of group.servers) {
      const isOwner = await server.call('EXISTS', key).then((reply) => reply.startsWith(':1'), no);
      if (isOwner)
        await server.call('CLUSTER', 'SETSLOT', slot, 'NODE', bulk(await server.call('CLUSTER', 'MYID')));
    }
    await until(() => history.append(channel, drafts(1)).then(() => heard.length > 1, no));

    expect(await listening()).toContain(':l:');
  }, 20_000);

  it('refuses the channels of a master that is gone, and serves the others', async () => {
    const group = await startCluster({ args: ['--cluster-require-full-coverage', 'no'] });
    closers.push(() => group.stop());
    const { history } = await open({ nodes: [...group.nodes] });
    const channels = Array.from({ length: 60 }, () => fresh());
    for (const channel of channels) await history.append(channel, drafts(1));

    await group.servers[1]!.kill();
    const results = await Promise.allSettled(channels.map((channel) => history.append(channel, drafts(1))));

    const served = results.filter(({ status }) => status === 'fulfilled');
    expect(served.length).toBeGreaterThan(20);
    expect(served.length).toBeLessThan(60);
    for (const result of results)
      if (result.status === 'rejected')
        expect(['UNAVAILABLE', 'UNCERTAIN']).toContain((result.reason as { code: string }).code);
  }, 20_000);
});
