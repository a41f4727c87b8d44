import { Logger, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesModule, MessagesService, type MessagesModuleOptions } from '@nestwire/messages';
import { SAFE_CLIENT_OPTIONS, type RedisConnection, type RedisTuning } from '@nestwire/messages/redis';
import { create, StreamMessage } from '@nestwire/protocol';
import { Redis } from 'ioredis';
import { redisKey } from '../rig/redis-key.js';
import { redisEnvelope } from '../rig/redis-envelope.js';
import { startRedis, startSentinels, type RedisServer } from '../rig/redis-server.mjs';
import { describeIfRedis, describeWithRedis } from '../rig/redis.js';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { until } from '../rig/until.js';

@StreamMessage('redis-backend.note')
class Note {
  declare readonly $type: 'redis-backend.note';
  text = '';
}

const PASSWORD = 'correct-horse-battery-staple';
const QUICK: RedisTuning = {
  commandTimeoutMs: 500,
  connectTimeoutMs: 1_000,
  maxReconnectDelayMs: 200,
  probeIntervalMs: 100,
  probeTimeoutMs: 400,
};

const apps: INestApplicationContext[] = [];
const closers: Array<() => unknown> = [];
const lines: string[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

interface Opened extends Omit<MessagesModuleOptions, 'redis'>, RedisTuning {
  readonly redis: RedisConnection;
}

async function open({
  redis,
  maxPendingPosts,
  maxMessageBytes,
  ...tuning
}: Opened): Promise<MessagesService> {
  const options = { redis: { connection: redis, ...QUICK, ...tuning }, maxPendingPosts, maxMessageBytes };
  const app = await Test.createTestingModule({
    imports: [MessagesModule.forRoot(options)],
  }).compile();
  apps.push(app);
  await app.init();
  return app.get(MessagesService);
}

function note(text: string): Note {
  return create(Note, { text });
}

const NOTE = 'redis-backend.note';

async function listen(messages: MessagesService, channel: string): Promise<string[]> {
  const heard: string[] = [];
  await messages.addListener(channel, (message: Note) => heard.push(message.text));
  return heard;
}

beforeAll(() => {
  const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
  const logger: LoggerService = {
    log: write,
    error: write,
    warn: write,
    debug: write,
    verbose: write,
    fatal: write,
  };
  Logger.overrideLogger(logger);
  process.on('unhandledRejection', onUnhandled);
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  for (const close of closers.splice(0)) await close();
  expect(unhandled).toEqual([]);
  expect(lines.join('\n')).not.toContain(PASSWORD);
  lines.length = 0;
});

afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
});

/** Takes the payloads that are published on some keys. */
async function spy(url: string, ...keys: string[]): Promise<string[]> {
  const client = new Redis(url);
  closers.push(() => client.disconnect());
  const payloads: string[] = [];
  client.on('message', (_key, payload: string) => payloads.push(payload));
  await client.subscribe(...keys);
  return payloads;
}

function textsOf(payload: string): string[] {
  return [...payload.matchAll(/\{"text":"([^"]*)"\}/g)].map(([, text]) => text!);
}

describeWithRedis('RedisBroker', (redis) => {
  const keys = async (pattern: string) =>
    (await redis().call('PUBSUB', 'CHANNELS', pattern))
      .split('\r\n')
      .filter((line) => line.startsWith('nestwire'));

  it('holds one subscription while somebody listens, and none afterwards', async () => {
    const messages = await open({ redis: redis().url });
    const session = new AbortController();
    const first = await messages.addListener('a', () => 0, { signal: session.signal });
    await messages.addListener('a', () => 0, { signal: session.signal });

    expect(await keys('nestwire:c:*')).toEqual([redisKey('c', 'a')]);
    first.remove();
    expect(await keys('nestwire:c:*')).toHaveLength(1);
    session.abort();

    await until(async () => (await keys('nestwire:c:*')).length === 0);
  });

  it('keeps prefixes apart', async () => {
    const [one, two] = [
      await open({ redis: redis().url }),
      await open({ redis: redis().url, prefix: 'other' }),
    ];
    const heard = await listen(two, 'a');
    const control = await listen(await open({ redis: redis().url }), 'a');

    await one.postMessage('a', note('x'));
    await until(() => control.length === 1);

    expect(heard).toEqual([]);
  });

  it('delivers a local post in this process only', async () => {
    const [one, two] = [await open({ redis: redis().url }), await open({ redis: redis().url })];
    const heard = await listen(two, 'a');

    expect(await one.postMessage('a', note('here'), { scope: 'local' })).toEqual({ delivered: 'local' });
    expect(await one.postMessage('a', note('everywhere'), { scope: 'global' })).toEqual({
      delivered: 'global',
    });
    await until(() => heard.length === 1);

    expect(heard).toEqual(['everywhere']);
  });

  it('drops and counts what it cannot read, with one line in the log', async () => {
    const messages = await open({ redis: redis().url, maxMessageBytes: 1_000 });
    const heard = await listen(messages, 'a');
    const poison = [
      'garbage',
      '',
      'null\n{}',
      redisEnvelope([NOTE, '{}']).replace('"v":1', '"v":2'),
      '{"v":1,"origin":"x"}\n{}',
      '{"v":1,"origin":"x","messages":[]}\n',
      '{"v":1,"origin":"x","messages":["redis-backend.note"]}\n{}',
      '{"v":1,"origin":"x","messages":[["redis-backend.note",1]]}\n{}',
      '{"v":1,"origin":"x","messages":[["redis-backend.note",3]]}\n{}',
      '{"v":1,"origin":"x","messages":[["redis-backend.note",-2],["redis-backend.note",4]]}\n{}',
      redisEnvelope([NOTE, '[1]']),
      redisEnvelope([NOTE, '"text"']),
      redisEnvelope([NOTE, '{"text":']),
      redisEnvelope([NOTE, `{"text":"${'x'.repeat(1_000)}"}`]),
      redisEnvelope([NOTE, '{"__proto__":{"text":"polluted"}}']),
      redisEnvelope([NOTE, '{"text":{"$date":"never"}}']),
      redisEnvelope(['nobody.knows', '{}']),
      redisEnvelope([NOTE, '{}']).padEnd(400_000),
    ];

    for (const text of poison) await redis().call('PUBLISH', redisKey('c', 'a'), text);
    await redis().call(
      'PUBLISH',
      redisKey('c', 'a'),
      '{"v":1,"new":true,"messages":[["redis-backend.note",15,"new"]],"newer":{}}\n{"text":"good"}',
    );
    await until(() => heard.length > 0);

    expect(heard).toEqual(['good']);
    expect(messages.counters()).toMatchObject({
      undecodable: poison.length,
      listenerErrors: 0,
      reconnects: 0,
    });
    expect(lines.filter((line) => line.includes('dropped')).length).toBeLessThanOrEqual(2);
    expect(({} as { text?: string }).text).toBeUndefined();
  });

  it('drops a broken message of several, and gives the others', async () => {
    const messages = await open({ redis: redis().url, maxMessageBytes: 1_000 });
    const heard = await listen(messages, 'a');

    const text = redisEnvelope(
      [NOTE, '{"text":"1"}'],
      [NOTE, '{"text":'],
      ['nobody.knows', '{}'],
      [NOTE, '{"text":"2"}'],
      [NOTE, `{"text":"${'x'.repeat(1_000)}"}`],
      [NOTE, ''],
      [NOTE, '{"text":"€ 3"}'],
    );
    await redis().call('PUBLISH', redisKey('c', 'a'), text);
    await until(() => heard.length === 3);

    expect(heard).toEqual(['1', '2', '€ 3']);
    expect(messages.counters()).toMatchObject({ undecodable: 4, received: 4 });
  });

  it('takes no text for another message, whatever it holds', async () => {
    const messages = await open({ redis: redis().url });
    const heard = await listen(messages, 'a');
    const inner = redisEnvelope([NOTE, '{"text":"smuggled"}']);

    // As a text, as JSON with line breaks between its tokens, and as what follows a text.
    await redis().call('PUBLISH', redisKey('c', 'a'), redisEnvelope([NOTE, JSON.stringify({ text: inner })]));
    await redis().call('PUBLISH', redisKey('c', 'a'), redisEnvelope([NOTE, `{\n"text":\n"lines"\n}\n`]));
    await redis().call('PUBLISH', redisKey('c', 'a'), redisEnvelope([NOTE, `{"text":"1"}\n${inner}`]));
    await redis().call('PUBLISH', redisKey('c', 'a'), redisEnvelope([NOTE, '{"text":"1"},{"text":"2"}']));
    await redis().call('PUBLISH', redisKey('c', 'a'), inner);
    await until(() => heard.includes('smuggled'));

    expect(heard).toEqual([inner, 'lines', 'smuggled']);
    expect(messages.counters().undecodable).toBe(2);
  });

  it('lets what one turn posts to a channel leave in one publication', async () => {
    const messages = await open({ redis: redis().url, probeIntervalMs: 60_000 });
    const payloads = await spy(redis().url, redisKey('c', 'a'), redisKey('c', 'b'));
    const post = (channel: string, text: string) => messages.postMessage(channel, note(text));

    await Promise.all([post('a', '1'), post('b', '2'), post('a', '3'), post('a', '4')]);
    await post('a', '5');
    await until(() => payloads.length === 3);

    expect(payloads.map(textsOf)).toEqual([['1', '3', '4'], ['2'], ['5']]);
  });

  it('bounds what one publication holds, in messages and in bytes', async () => {
    const messages = await open({ redis: redis().url });
    const payloads = await spy(redis().url, redisKey('c', 'many'), redisKey('c', 'large'));
    const many = Array.from({ length: 600 }, (_, index) => `${index}`);
    const large = [30_000, 30_000, 30_000, 300_000, 1].map((length, index) => `${index}`.repeat(length));

    await Promise.all(many.map((text) => messages.postMessage('many', note(text))));
    await Promise.all(large.map((text) => messages.postMessage('large', note(text))));
    await until(() => payloads.length === 7);

    const texts = payloads.map(textsOf);
    expect(texts.slice(0, 3).map(({ length }) => length)).toEqual([256, 256, 88]);
    expect(texts.slice(0, 3).flat()).toEqual(many);
    expect(texts.slice(3)).toEqual([large.slice(0, 2), large.slice(2, 3), large.slice(3, 4), large.slice(4)]);
  });

  it('takes a message of exactly maxMessageBytes, and none above', async () => {
    const options = { redis: redis().url, maxMessageBytes: 200_000 };
    const [one, two] = [await open(options), await open(options)];
    await until(() => [one, two].every(({ status }) => status === 'connected'));
    const heard = await listen(two, 'a');
    const room = 200_000 - '{"text":""}'.length;

    await one.postMessage('a', note('x'.repeat(room)));
    await expect(one.postMessage('a', note('x'.repeat(room + 1)))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    });
    await until(() => heard.length === 1);

    expect(two.counters().undecodable).toBe(0);
  });

  it('tells each post of a turn what became of it', async () => {
    await redis().call('ACL', 'SETUSER', 'mute', 'on', '>mute', '~*', '+@all', 'resetchannels');
    await redis().call('ACL', 'SETUSER', 'mute', `&${redisKey('c', 'open')}`, '&nestwire:probe:*');
    const messages = await open({ redis: { port: redis().port, username: 'mute', password: 'mute' } });
    const post = (channel: string) => messages.postMessage(channel, note('x'), { scope: 'global' });

    const results = await Promise.allSettled(['open', 'closed', 'open', 'closed'].map(post));

    const reached = { status: 'fulfilled', value: { delivered: 'global' } };
    const refused = { status: 'rejected', reason: { code: 'UNAVAILABLE' } };
    expect(results).toMatchObject([reached, refused, reached, refused]);
    expect(messages.counters().degraded).toBe(2);
  });

  it('tells every post of a turn that Redis died before it answered', async () => {
    const messages = await open({ redis: redis().url, commandTimeoutMs: 60_000, probeIntervalMs: 60_000 });
    redis().pause();
    const auto = ['a', 'b', 'a', 'a'].map((channel) => messages.postMessage(channel, note('x')));
    const global = ['a', 'b'].map((channel) => messages.postMessage(channel, note('x'), { scope: 'global' }));
    const settled = Promise.allSettled(global);
    await new Promise(setImmediate);

    await redis().kill();

    expect(await Promise.all(auto)).toEqual(auto.map(() => ({ delivered: 'degraded' })));
    for (const result of await settled)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'UNCERTAIN' } });
    expect(messages.counters()).toMatchObject({ posted: 6, degraded: 6 });
    await redis().restart();
  });

  it('bounds what waits for Redis', async () => {
    const messages = await open({ redis: redis().url, maxPendingPosts: 3, probeIntervalMs: 60_000 });
    const heard = await listen(messages, 'a');
    redis().pause();
    closers.push(() => redis().resume());

    const pending = [1, 2, 3].map((number) =>
      messages.postMessage('a', note(`${number}`), { scope: 'global' }),
    );
    const settled = Promise.allSettled(pending);

    await expect(messages.postMessage('a', note('4'), { scope: 'global' })).rejects.toMatchObject({
      code: 'OVERLOADED',
    });
    expect(await messages.postMessage('a', note('5'))).toEqual({ delivered: 'degraded' });
    for (const result of await settled)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'UNCERTAIN' } });
    expect(heard).toEqual(['1', '2', '3', '5']);
    await expect(messages.postMessage('a', note('6'), { scope: 'global' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    redis().resume();
    await until(() => messages.status === 'connected');
  });

  it('refuses a given client that may post twice or hang, and says what to set', async () => {
    const client = new Redis(redis().url, { lazyConnect: true });

    const opening = open({ redis: client });

    await expect(opening).rejects.toMatchObject({ code: 'MESSAGES_CONFIGURATION' });
    await expect(opening).rejects.toThrow(
      /autoResendUnfulfilledCommands: false[\s\S]*maxRetriesPerRequest: 0/,
    );
    client.disconnect();
  });

  it('takes a given client, duplicates it for subscriptions, and leaves it open', async () => {
    const client = new Redis(redis().url, { ...SAFE_CLIENT_OPTIONS, commandTimeout: 500 });
    closers.push(() => client.disconnect());
    const [one, two] = [await open({ redis: client }), await open({ redis: redis().url })];
    const [heardByOne, heardByTwo] = [await listen(one, 'a'), await listen(two, 'b')];

    await two.postMessage('a', note('to one'));
    await one.postMessage('b', note('to two'));
    await until(() => heardByOne.length === 1 && heardByTwo.length === 1);
    await Promise.all(apps.splice(0).map((app) => app.close()));

    expect(await client.ping()).toBe('PONG');
    expect(client.listenerCount('error')).toBe(0);
  });

  it('refuses a keyPrefix, and figures that make no sense', async () => {
    await expect(open({ redis: { port: redis().port, keyPrefix: 'x:' } })).rejects.toThrow(
      /use the option prefix/,
    );
    await expect(open({ redis: redis().url, prefix: 'a:b' })).rejects.toThrow(
      /prefix must have 1 to 64 characters/,
    );
    await expect(open({ redis: redis().url, maxPendingPosts: -1 })).rejects.toThrow(
      /maxPendingPosts must be a number/,
    );
  });

  it('keeps a channel that Redis refuses apart from the others', async () => {
    await redis().call(
      'ACL',
      'SETUSER',
      'narrow',
      'on',
      `>${PASSWORD}`,
      '~*',
      '+@all',
      'resetchannels',
      `&${redisKey('c', 'open')}`,
      '&nestwire:probe:*',
    );
    const messages = await open({ redis: { port: redis().port, username: 'narrow', password: PASSWORD } });
    const other = await open({ redis: redis().url });
    const refused = await listen(messages, 'closed');
    const heard = await listen(messages, 'open');

    expect(messages.status).toBe('degraded');
    await other.postMessage('open', note('x'));
    await until(() => heard.length === 1);
    await redis().call('ACL', 'SETUSER', 'narrow', `&${redisKey('c', 'closed')}`);
    await until(() => messages.status === 'connected');
    await other.postMessage('closed', note('now'));
    await until(() => refused.length === 1);

    expect(messages.counters().reconnects).toBe(0);
  });
});

describeWithRedis('The probe', (redis) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await TcpProxy.to(redis().port);
    closers.push(() => proxy.stop());
  });

  it('notices a stalled subscriber, and reconnects it', async () => {
    const [one, two] = [await open({ redis: redis().url }), await open({ redis: proxy.url })];
    const heard = await listen(two, 'a');

    proxy.starve();
    await until(() => two.counters().stalled > 0 && two.status === 'connected');
    await one.postMessage('a', note('after'));

    await until(() => heard.includes('after'));
  });

  it('is what notices: without it the subscriber starves', async () => {
    const [one, two] = [
      await open({ redis: redis().url }),
      await open({ redis: proxy.url, probeIntervalMs: 0 }),
    ];
    const control = await open({ redis: proxy.url });
    const [heard, heardByControl] = [await listen(two, 'a'), await listen(control, 'a')];

    proxy.starve();
    await until(() => control.counters().stalled > 0 && control.status === 'connected');
    await one.postMessage('a', note('after'));
    await until(() => heardByControl.length === 1);

    expect(heard).toEqual([]);
    expect(two.status).toBe('connected');
  });
});

describeIfRedis('Signing in to Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ args: ['--requirepass', PASSWORD] });
  });
  afterAll(() => redis.stop());

  it('works with the password in the URL', async () => {
    const messages = await open({ redis: `redis://:${PASSWORD}@127.0.0.1:${redis.port}` });

    expect(messages.status).toBe('connected');
  });

  it.each([
    ['a wrong password', () => `redis://:${PASSWORD}-not@127.0.0.1:${redis.port}`],
    ['none', () => redis.url],
  ])('fails the bootstrap with %s, and does not show it', async (_name, url) => {
    const error = (await open({ redis: url() }).catch((thrown: unknown) => thrown)) as Error;

    expect(error).toMatchObject({ code: 'MESSAGES_CONFIGURATION' });
    expect(error.message).toMatch(/refused the credentials/);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(PASSWORD);
  });

  it('does not show the password of a URL that cannot be read', async () => {
    const error = (await open({ redis: `redis://:${PASSWORD}@host:port:more` }).catch(
      (thrown: unknown) => thrown,
    )) as Error;

    expect(error).toMatchObject({ code: 'MESSAGES_CONFIGURATION' });
    expect(String(error.stack) + String(error.cause)).not.toContain(PASSWORD);
  });
});

describeIfRedis('A Sentinel group', () => {
  it('is followed to its new master', async () => {
    const group = await startSentinels({ downAfterMs: 500 });
    closers.push(() => group.stop());
    const redis = { sentinels: [...group.sentinels], name: group.name };
    const [one, two] = [await open({ redis }), await open({ redis })];
    const heard = await listen(two, 'a');

    await group.master.kill();
    await until(() => one.status === 'degraded' && two.status === 'degraded');
    // The replica cuts all connections when it becomes the master: who was there before is degraded once more.
    await until(async () => {
      // The Sentinels may need another election.
      await until(() => one.status === 'connected' && two.status === 'connected', 30_000);
      const { delivered } = await one.postMessage('a', note('after'));
      if (delivered !== 'global') return false;
      return until(() => heard.includes('after'), 2_000).then(
        () => true,
        () => false,
      );
    });
  }, 60_000);
});
