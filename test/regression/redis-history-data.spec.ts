import { Logger, type LoggerService } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { createMessageId, defineChannel, DurableConsumersService } from '@nestwire/messages';
import { Broker } from '@nestwire/messages/backend';
import type { RecoverableChannel } from '@nestwire/messages/internal';
import { StreamGap } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import { OnStreamOpened, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { Redis } from 'ioredis';
import { MESSAGES, Note, note } from '../e2e/messages.js';
import { collect, connected, startApp, stopAll, towards, type RunningApp } from '../e2e/start-app.js';
import { Link } from '../rig/link.js';
import { RawSocket } from '../rig/raw-socket.js';
import { redisKey } from '../rig/redis-key.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

const room = defineChannel('data', { messages: [Note], history: { messages: 50, ageMs: 60_000 } });
const NAME = 'data:room';
/** Adds a field to the frame that it is put into as it is. */
const SPLICED = '{"text":"x"},"stream":"secure","more":{}';

@StreamEndpoint('desk')
class DeskEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(room('room'));
    subscribed++;
  }
}

let subscribed = 0;

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

const lines: string[] = [];
const links: Link[] = [];
const said = (message: Note | StreamGap) =>
  message instanceof StreamGap ? `gap ${message.reason}` : message.text;

/** After an application has started: it brings a logger of its own. */
function listenToLog(): void {
  const write = (...parts: unknown[]) => void lines.push(parts.map(String).join(' '));
  Logger.overrideLogger({ log: write, error: write, warn: write } as LoggerService);
}

afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  await stopAll();
  lines.length = 0;
  subscribed = 0;
});

describeWithRedis('A history in Redis that another hand has written to', (redis) => {
  let client: Redis;
  beforeEach(async () => {
    client = new Redis(redis().url);
    await client.flushall();
  });
  afterEach(() => client.disconnect());

  const start = async (): Promise<RunningApp> =>
    startApp({
      // Known at once: a resume token must not be refused because a server has just started.
      options: {
        redis: redis().url,
        codecs: [messagePack],
        resume: { secret: 'a secret of two servers, and of no other one' },
      },
      providers: [DeskEndpoint],
    });
  const post = async (app: RunningApp, ...texts: string[]): Promise<void> => {
    for (const text of texts) await app.messages.postMessage(room('room'), note(text));
  };
  const through = async (app: RunningApp) => {
    const link = await Link.to(app.port);
    links.push(link);
    const made = createStreamClient<Streams>()({ ...towards(link), messages: [...MESSAGES, StreamGap] });
    return { heard: collect((await connected(made)).desk.stream), link };
  };
  /** Writes the stream anew, with other fields in the entry of an offset. */
  const rewrite = async (offset: number, fieldsOf: (fields: string[]) => string[]): Promise<void> => {
    const key = redisKey('s', NAME);
    const entries = await client.xrange(key, '-', '+');
    const writing = client.multi().del(key);
    for (const [id, fields] of entries)
      writing.xadd(key, id, ...(id === `${offset}-0` ? fieldsOf(fields) : fields));
    await writing.exec();
  };
  /** Stores a message as a process would that knows another class by the name. */
  const storeText = async (app: RunningApp, text: string): Promise<void> => {
    const written = { type: 'e2e.note', data: `{"text":${text}}` };
    const { history } = app.app.get(Broker, { strict: false });
    const draft = { id: createMessageId(), ...written };
    const [stored] = await history!.append(room('room') as RecoverableChannel, [draft]);
    expect(stored).toMatchObject({ isDuplicate: false });
  };
  const withField = (name: string, value: string) => (fields: string[]) =>
    fields.map((field, index) => (index % 2 === 1 && fields[index - 1] === name ? value : field));

  it.each([
    ['text that adds a field to a frame', withField('d', SPLICED)],
    ['text that is no JSON', withField('d', '{"text":')],
    ['text that is no object', withField('d', '[1]')],
    ['text that nests too deep', withField('d', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)],
    ['text that is too large', withField('d', JSON.stringify({ text: 'x'.repeat(1_100_000) }))],
    ['a key that is a prototype', withField('d', '{"text":"x","__proto__":{"admin":true}}')],
    ['such a key inside, escaped', withField('d', '{"text":"x","more":[{"\\u005f_proto__":1}]}')],
    ['type that is reserved', withField('t', 'nestwire.gap')],
    ['type that is no name', withField('t', 'x'.repeat(5_000))],
    ['id that is none', withField('i', '"],["')],
    ['no fields of a history', () => ['foo', 'bar']],
  ])('gives a gap in the place of an entry with %s, and loses nothing behind it', async (_what, fieldsOf) => {
    const app = await start();
    const { heard, link } = await through(app);
    await until(() => subscribed === 1);
    await post(app, '1');
    await until(() => heard.length === 1);
    link.target = 1;
    link.cut();
    await post(app, '2', '3', '4');
    await rewrite(3, fieldsOf);
    // Another process has nothing in its memory.
    const other = await start();
    listenToLog();
    link.target = other.port;
    await until(() => heard.length >= 4);
    await post(other, '5');
    await until(() => heard.length >= 5);

    expect(heard.map(said)).toEqual(['1', '2', 'gap unreadable', '4', '5']);
    expect(other.messages.counters().undecodable).toBeGreaterThan(0);
    expect(lines.filter((line) => line.startsWith('Dropped an undecodable message'))).toHaveLength(1);
  });

  it.each([
    ['JSON', undefined],
    ['MessagePack', messagePack],
  ])(
    'gives a client a gap in the place of a message that only its class refuses, as %s',
    async (_name, codec) => {
      const app = await start();
      const link = await Link.to(app.port);
      links.push(link);
      const options = { ...towards(link), messages: [...MESSAGES, StreamGap], ...(codec && { codec }) };
      const heard = collect((await connected(createStreamClient<Streams>()(options))).desk.stream);
      await until(() => subscribed === 1);
      for (const text of ['"1"', '{"$plain":null}', '"2"', '{"$date":"never"}', '"3"'])
        await storeText(app, text);
      await until(() => heard.length === 5);

      expect(heard.map(said)).toEqual(['1', 'gap unreadable', '2', 'gap unreadable', '3']);
    },
  );

  it('is compared at most every 200 ms, however many junk publications there are', async () => {
    const app = await start();
    const { heard } = await through(app);
    await until(() => subscribed === 1);
    await post(app, '1');
    await until(() => heard.length === 1);
    // A comparison asks for the age of the head; nothing else here does.
    const comparisons = async (): Promise<number> =>
      Number(/cmdstat_pttl:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
    const before = await comparisons();
    const startedAtMs = Date.now();
    for (let count = 0; count < 500; count++) await client.publish(redisKey('l', NAME), 'junk');
    await until(() => app.messages.counters().undecodable === 500);
    const made = (await comparisons()) - before;

    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThanOrEqual((Date.now() - startedAtMs) / 200 + 2);
    await post(app, '2');
    await until(() => heard.length === 2);
    expect(heard.map(said)).toEqual(['1', '2']);
  });

  it.each([
    ['a class of another channel', 'e2e.task', '{"verb":"x"}'],
    ['a key that is a prototype', 'e2e.note', '{"text":"x","__proto__":{"admin":true}}'],
  ])('gives a client of any kind a gap in the place of an entry with %s', async (_what, type, data) => {
    const app = await start();
    const raw = await RawSocket.hello(app.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await until(() => raw.frames.some(({ t }) => t === 'subscribed'));
    await post(app, '1');
    const { history } = app.app.get(Broker, { strict: false });
    await history!.append(room('room') as RecoverableChannel, [{ id: createMessageId(), type, data }]);
    await post(app, '2');
    const publications = () => raw.frames.filter(({ t }) => t === 'publication');
    await until(() => publications().length === 3);

    expect(publications().map((frame) => frame.type)).toEqual(['e2e.note', 'nestwire.gap', 'e2e.note']);
    expect(publications()[1]!.data).toMatchObject({ reason: 'unreadable' });
  });

  it('refuses a post that readers would take for unreadable', async () => {
    const app = await start();
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    const deep = (levels: number) => Object.assign(note('x'), { text: nested(levels) as string });

    const refusal = app.messages.postMessage(room('room'), deep(100));
    await expect(refusal).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    await app.messages.postMessage(room('room'), deep(99));
  });

  it('writes no frame with fields that a publication brought, live or from the history', async () => {
    const app = await start();
    const raw = await RawSocket.hello(app.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await until(() => raw.frames.some(({ t }) => t === 'subscribed'));
    await post(app, '1');
    await until(() => raw.frames.some(({ t }) => t === 'publication'));
    const [e, o, p] = await client.hmget(redisKey('m', NAME), 'e', 's', 'p');
    const header = { v: 1, e, o: Number(o) + 1, p, m: [['forged~1', 'e2e.note', SPLICED.length]] };
    await client.publish(redisKey('l', NAME), `${JSON.stringify(header)}\n${SPLICED}`);
    await until(() => app.messages.counters().undecodable > 0);
    await post(app, '2');
    await until(() => raw.frames.filter(({ t }) => t === 'publication').length === 2);

    const publications = raw.frames.filter(({ t }) => t === 'publication');
    expect(publications.map(({ data }) => data)).toEqual([{ text: '1' }, { text: '2' }]);
    for (const frame of publications) expect(Object.keys(frame)).not.toContain('stream');
  });

  it.each([
    ['of another type', async () => client.set(redisKey('m', NAME), 'junk')],
    ['with an offset that is no number', async () => client.hset(redisKey('m', NAME), 's', 'NaN')],
    ['with a negative offset', async () => client.hset(redisKey('m', NAME), 's', '-3')],
    ['with an offset beyond 2^53', async () => client.hset(redisKey('m', NAME), 's', '9'.repeat(16))],
    ['with quotes in its id', async () => client.hset(redisKey('m', NAME), 'p', 'a","m":[')],
    ['with an endless epoch', async () => client.hset(redisKey('m', NAME), 'e', 'e'.repeat(100_000))],
  ])('begins anew, with a gap, when its head is one %s', async (_what, spoil) => {
    const app = await start();
    const { heard } = await through(app);
    await until(() => subscribed === 1);
    await post(app, '1');
    await until(() => heard.length === 1);
    await spoil();
    await post(app, '2');
    await until(() => heard.map(said).includes('gap epoch-changed'));
    await post(app, '3');
    await until(() => heard.map(said).includes('3'));

    // The first of a history that has begun anew is before the gap, which leads to the head.
    expect(heard.map(said)).toEqual(['1', 'gap epoch-changed', '3']);
  });

  it.each([
    ['text', withField('d', SPLICED), 'gap unreadable'],
    ['fields', () => ['foo', 'bar'], 'gap unreadable'],
  ])('does not stop a durable consumer by %s that cannot be read', async (_what, fieldsOf, gap) => {
    const app = await start();
    await post(app, '1', '2', '3');
    await rewrite(2, fieldsOf);
    const read: string[] = [];
    await app
      .get(DurableConsumersService)
      .addConsumer(room('room'), async (message) => void read.push(said(message)), {
        name: 'worker',
        from: 'oldest',
      });
    await until(() => read.includes('3'));

    expect(read).toEqual(['1', gap, '3']);
  });

  it.each([
    ['its place is no number', async (key: string) => client.hset(key, 's', 'NaN')],
    ['its place has no id', async (key: string) => client.hdel(key, 'p')],
    ['its key is of another type', async (key: string) => client.del(key).then(() => client.set(key, 'x'))],
    ['work of it has no form', async (key: string) => client.hset(key, 'w:2', 'junk')],
    ['work of it has no key', async (key: string) => client.hset(key, 'w:zzz', 'junk')],
    ['a gap of it has no form', async (key: string) => client.hset(key, 'w:g7', '0:0:x:junk')],
    ['its count of gaps is none', async (key: string) => client.hset(key, 'g', 'junk', 'e', 'other')],
  ])('goes on with a durable consumer when %s', async (_what, spoil) => {
    const app = await start();
    await post(app, '1', '2');
    const read: string[] = [];
    const reader = app.get(DurableConsumersService);
    const handle = async (message: Note | StreamGap) => void read.push(said(message));
    await reader.addConsumer(room('room'), handle, { name: 'worker', from: 'oldest' });
    await until(() => read.includes('2'));
    const key = `${redisKey('r', NAME)}:worker`;
    await until(async () => !(await client.hkeys(key)).some((field) => field.startsWith('w:')));
    await spoil(key);
    await post(app, '3');
    await until(() => read.includes('3'));
    await post(app, '4');
    await until(() => read.includes('4'));

    expect(read.filter((text) => text === '4')).toHaveLength(1);
    await until(async () => !(await client.hkeys(key)).some((field) => field.startsWith('w:')));
  });
});
