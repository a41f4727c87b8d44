import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import type { MessagesService, ChannelStream } from '@nestwire/messages';
import { LocalBroker } from '@nestwire/messages/backend';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  SessionScoped,
  StreamEndpoint,
  StreamSession,
  UserObject,
  type OnSessionClosed,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { startRedis, type RedisServer } from '../rig/redis-server.mjs';
import { redisKey } from '../rig/redis-key.js';
import { redisEnvelope } from '../rig/redis-envelope.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note, Task, task } from './messages.js';
import {
  collect,
  connected,
  failureOf,
  startApp,
  stopAll,
  towards,
  tracked,
  untilNothingIsLeft,
  type RunningApp,
} from './start-app.js';

// Repeats Serverpod's own tests of its message central, from inside sessions; the
// numbers are those of that list.

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly heard: Note[] = [];
  readonly sessions: Array<StreamSession<Note>> = [];
}

@SessionScoped()
export class Inner implements OnSessionClosed {
  constructor(private readonly desk: Desk) {}

  onSessionClosed(): void {
    this.desk.log.push('inner disposed');
  }
}

@SessionScoped()
export class Outer implements OnSessionClosed {
  constructor(
    private readonly desk: Desk,
    readonly inner: Inner,
  ) {}

  onSessionClosed({ code }: SessionCloseReason): void {
    this.desk.log.push(`outer disposed ${code}`);
  }
}

@StreamEndpoint('desk')
export class DeskEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: StreamSession<Note>): void {
    this.desk.sessions.push(session);
  }

  @OnStreamMessage(Note)
  async listen(session: StreamSession<Note>, { text }: Note, @UserObject() _outer: Outer): Promise<void> {
    await session.messages.addListener(text, (message: Note) => void this.desk.heard.push(message));
  }

  @OnStreamMessage(Task)
  fail(_session: StreamSession<Note>, _task: Task): never {
    throw new Error('a handler fails');
  }

  @OnStreamClosed()
  closed(): void {
    this.desk.log.push('closed');
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

/** A backend that notes what the process wants to hear. */
class NotingBackend extends LocalBroker {
  readonly wanted = new Set<string>();

  override async subscribe(channel?: string): Promise<void> {
    this.wanted.add(channel!);
  }

  override unsubscribe(channel?: string): void {
    this.wanted.delete(channel!);
  }
}

const start = (options?: StreamsModuleOptions) =>
  startApp({ options, providers: [Desk, Inner, Outer, DeskEndpoint] });

const clientOf = (target: RunningApp) =>
  connected(tracked(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES })));

/** An application, its session of one client, and what it wants to hear. */
async function startSession() {
  const backend = new NotingBackend();
  const target = await start({ messages: { broker: backend } });
  const client = await clientOf(target);
  await client.desk.sendStreamMessage(note('opening'));
  const desk = target.get(Desk);
  return { target, client, desk, backend, messages: target.messages, session: desk.sessions[0]! };
}

const texts = (messages: readonly Note[]) => messages.map(({ text }) => text);
const post = async (messages: MessagesService, channel: string, ...all: string[]) => {
  for (const text of all) await messages.postMessage(channel, note(text));
};

const servers: RedisServer[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

describe('Posting', () => {
  it('19: succeeds without a listener', async () => {
    const { messages } = await start();

    expect(await messages.postMessage('a', note('x'))).toEqual({ delivered: 'local' });
  });

  it('20: reaches a listener and a stream of the channel', async () => {
    const { session, messages, desk, client } = await startSession();
    await client.desk.sendStreamMessage(note('a'));
    const streamed = collect(session.messages.createStream('a', Note));

    await post(messages, 'a', 'x');

    await until(() => streamed.length === 1);
    expect([texts(desk.heard), texts(streamed)]).toEqual([['x'], ['x']]);
  });

  it('15: reaches nobody on another channel', async () => {
    const { messages, desk, client } = await startSession();
    await client.desk.sendStreamMessage(note('a'));

    await post(messages, 'b', 'not for a');
    await post(messages, 'a', 'for a');

    expect(texts(desk.heard)).toEqual(['for a']);
  });

  it('17: to the cluster is refused where there is none, by itself goes to this process', async () => {
    const { messages, desk, client } = await startSession();
    await client.desk.sendStreamMessage(note('a'));

    const error = await failureOf(messages.postMessage('a', note('x'), { scope: 'global' }));
    const result = await messages.postMessage('a', note('y'));

    expect(error).toMatchObject({ code: 'NO_CLUSTER' });
    expect(result).toEqual({ delivered: 'local' });
    expect(texts(desk.heard)).toEqual(['y']);
  });

  it('109: right behind the call of addListener() is heard', async () => {
    const { session, messages, desk } = await startSession();

    void session.messages.addListener('a', (message: Note) => void desk.heard.push(message));
    void messages.postMessage('a', note('same tick'));

    await until(() => desk.heard.length === 1);
  });

  it('105: is not held up by a listener that throws or rejects, and neither are the others', async () => {
    const { session, messages, desk, client } = await startSession();
    await session.messages.addListener('a', () => {
      throw new Error('now');
    });
    await session.messages.addListener('a', () => Promise.reject(new Error('later')));
    await client.desk.sendStreamMessage(note('a'));

    await post(messages, 'a', 'x', 'y');

    expect(texts(desk.heard)).toEqual(['x', 'y']);
    await until(() => messages.counters().listenerErrors === 4);
  });

  it('110: gives all listeners one frozen message that is not the poster’s', async () => {
    const { session, messages, desk } = await startSession();
    for (let count = 0; count < 2; count++)
      await session.messages.addListener('a', (message: Note) => void desk.heard.push(message));
    const posted = note('x');

    await messages.postMessage('a', posted);
    posted.text = 'changed';

    expect(desk.heard[0]).toBe(desk.heard[1]);
    expect(desk.heard[0]).not.toBe(posted);
    expect(Object.isFrozen(desk.heard[0])).toBe(true);
    expect(texts(desk.heard)).toEqual(['x', 'x']);
  });
});

describe('Streams of a channel', () => {
  it('21: say that a message is of another class, and go on', async () => {
    const { session, messages } = await startSession();
    const stream: ChannelStream<Note> = session.messages.createStream('a', Note);

    await messages.postMessage('a', task('no note'));
    await messages.postMessage('a', note('a note'));

    expect(await failureOf(stream.next())).toMatchObject({ code: 'WRONG_MESSAGE' });
    expect((await stream.next()).value).toMatchObject({ text: 'a note' });
  });

  it('22: end with the session', async () => {
    const { session, client, backend } = await startSession();
    const streams = ['a', 'b'].map((channel) => session.messages.createStream(channel, Note));
    const ends = streams.map(async (stream) => {
      for await (const _ of stream);
    });

    await client.close();

    await Promise.all(ends);
    await until(() => backend.wanted.size === 0);
  });

  it('23: each get every message, whichever of them is cancelled', async () => {
    const { session, messages } = await startSession();
    const [one, two, three] = [1, 2, 3].map(() => session.messages.createStream('a', Note));
    const [read, readToo] = [collect(one!), collect(two!)];
    await post(messages, 'a', 'x');

    await three!.return?.();
    await post(messages, 'a', 'y');

    await until(() => read.length === 2 && readToo.length === 2);
    expect([texts(read), texts(readToo)]).toEqual([
      ['x', 'y'],
      ['x', 'y'],
    ]);
  });

  it.each([
    ['cancelling', ['cancel']],
    ['cancelling and closing', ['cancel', 'close']],
    ['closing', ['close']],
  ])('24: leave nothing behind after %s', async (_, steps) => {
    const { target, session, client, backend } = await startSession();
    const stream = session.messages.createStream('a', Note);
    const subscription = await session.messages.addListener('a', () => undefined);
    // The listener that opening the session added.
    expect([...backend.wanted].toSorted()).toEqual(['a', 'opening']);

    if (steps.includes('cancel')) {
      await stream.return?.();
      subscription.remove();
      expect([...backend.wanted]).toEqual(['opening']);
    }
    if (steps.includes('close')) await client.close();

    await until(() => backend.wanted.size === (steps.includes('close') ? 0 : 1));
    if (steps.includes('close')) await untilNothingIsLeft(target);
  });

  it('25: and listeners that remove themselves while they are called stop no other', async () => {
    const { session, messages, desk } = await startSession();
    const first = await session.messages.addListener('a', () => {
      desk.log.push('first');
      first.remove();
    });
    await session.messages.addListener('a', (message: Note) => void desk.heard.push(message));

    await post(messages, 'a', 'x', 'y');

    expect(desk.log).toEqual(['first']);
    expect(texts(desk.heard)).toEqual(['x', 'y']);
  });

  it('104: two listeners of one channel, or one function on two channels, are none after the end', async () => {
    const { session, messages, desk, client, backend } = await startSession();
    const hear = (message: Note) => void desk.heard.push(message);
    const first = await session.messages.addListener('a', hear);
    for (const channel of ['a', 'b', 'c']) await session.messages.addListener(channel, hear);
    first.remove();
    await post(messages, 'a', 'once');
    expect(texts(desk.heard)).toEqual(['once']);

    await client.close();

    await until(() => backend.wanted.size === 0);
    for (const channel of ['a', 'b', 'c']) await post(messages, channel, 'never');
    expect(texts(desk.heard)).toEqual(['once']);
  });

  it('115: drop for a slow reader what is beyond its bound, and nothing for others', async () => {
    const { session, messages } = await startSession();
    const slow = session.messages.createStream('a', Note);
    const quick = collect(session.messages.createStream('a', Note));
    const count = 1_500;

    for (let at = 0; at < count; at++) await messages.postMessage('a', note(String(at)));

    await until(() => quick.length === count);
    const { overflowed } = messages.counters();
    expect(overflowed).toBeGreaterThan(0);
    expect((await slow.next()).value).toMatchObject({ text: String(overflowed) });
  });
});

describe('The end of a session', () => {
  it('26: runs what waits for it once and in order, closed twice or not, and not what was removed', async () => {
    const { session, desk } = await startSession();
    const removed = () => void desk.log.push('removed');
    for (const name of ['first', 'second'])
      session.signal.addEventListener('abort', () => void desk.log.push(name));
    session.signal.addEventListener('abort', removed);
    session.signal.removeEventListener('abort', removed);

    await Promise.all([session.close('enough'), session.close('enough')]);

    expect(desk.log).toEqual([
      'first',
      'second',
      'closed',
      'outer disposed closed-by-server',
      'inner disposed',
    ]);
  });

  it('27: runs it also where a handler has thrown', async () => {
    const { client, desk } = await startSession();
    await failureOf(client.desk.sendStreamMessage(task('x')));

    await client.close();

    await until(() => desk.log.includes('inner disposed'));
    expect(desk.log).toEqual(['closed', 'outer disposed closed-by-client', 'inner disposed']);
  });

  it('28: is that of a session with an id of its own, which names its endpoint', async () => {
    const { target, desk, client } = await startSession();
    const other = await clientOf(target);
    await other.desk.sendStreamMessage(note('x'));
    await client.close();
    await client.connectWebSocket();
    await client.desk.sendStreamMessage(note('x'));

    expect(new Set(desk.sessions.map(({ id }) => id)).size).toBe(3);
    expect(desk.sessions.map(({ endpoint }) => endpoint)).toEqual(['desk', 'desk', 'desk']);
  });
});

const quick = { commandTimeoutMs: 300, connectTimeoutMs: 500, maxReconnectDelayMs: 50, probeIntervalMs: 100 };

describeWithRedis('Two servers and a Redis', (redis) => {
  const pair = async () => {
    const options = { redis: { connection: redis().url, ...quick } };
    const [one, two] = [await start(options), await start(options)];
    const client = await clientOf(two);
    await client.desk.sendStreamMessage(note('a'));
    return { one, two, client, desk: two.get(Desk) };
  };

  const subscribed = async () =>
    (await redis().call('PUBSUB', 'CHANNELS', '*'))
      .split('\r\n')
      .filter((line) => line === redisKey('c', 'a'));

  it('12, 18: a post reaches the listener of a session on the other server, by itself', async () => {
    const { one, desk } = await pair();

    expect(await one.messages.postMessage('a', note('from afar'))).toEqual({ delivered: 'global' });

    await until(() => desk.heard.length === 1);
    expect(desk.heard[0]).toBeInstanceOf(Note);
    expect(Object.isFrozen(desk.heard[0])).toBe(true);
  });

  it('13: Redis holds one subscription while a session listens, and none when it has ended', async () => {
    const { client } = await pair();
    expect(await subscribed()).toHaveLength(1);

    await client.close();

    await until(async () => (await subscribed()).length === 0);
  });

  it('14: a post to the cluster succeeds with and without listeners', async () => {
    const { one } = await pair();

    for (const channel of ['a', 'nobody'])
      expect(await one.messages.postMessage(channel, note('x'), { scope: 'global' })).toEqual({
        delivered: 'global',
      });
  });

  it('106: what cannot be read is dropped and counted, and the rest of the connection goes on', async () => {
    const { one, two, client, desk } = await pair();
    await client.desk.sendStreamMessage(note('b'));
    const [channel] = await subscribed();

    await redis().call('PUBLISH', channel!, 'no message');
    await one.messages.postMessage('b', note('other'));
    await one.messages.postMessage('a', note('next'));

    await until(() => desk.heard.length === 2);
    expect(two.messages.counters().undecodable).toBe(1);
  });

  it('ignores a property of another version of the application, which a client may not send', async () => {
    const { two, desk, client } = await pair();
    const [channel] = await subscribed();
    const raw = await RawSocket.hello(two.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    const data = { text: 'b', addedLater: true };

    raw.sendJson({ t: 'message', id: 2, stream: 'desk', type: 'e2e.note', data });
    await redis().call('PUBLISH', channel!, redisEnvelope(['e2e.note', JSON.stringify(data)]));

    expect(await raw.frame('error', 2)).toMatchObject({ error: { code: 'INVALID_MESSAGE' } });
    await until(() => desk.heard.length === 1);
    expect(desk.heard[0]).toMatchObject({ text: 'b' });
    expect(client.connectionStatus.kind).toBe('connected');
  });

  it('96: the configuration may come from the environment, and none means this process', async () => {
    const env: Record<string, string | undefined> = { REDIS_URL: redis().url };
    const withRedis = await start({ redis: env.REDIS_URL });
    const without = await start({ redis: env.NOT_SET });

    expect([withRedis.messages.status, without.messages.status]).toEqual(['connected', 'local']);
  });

  it('16, 107, 108: without its Redis a server delivers to itself and says so, and hears again afterwards', async () => {
    const own = await startRedis();
    servers.push(own);
    const options = { redis: { connection: own.url, ...quick } };
    const [one, two] = [await start(options), await start(options)];
    const client = await clientOf(two);
    const { heard } = two.get(Desk);
    await own.kill();
    await until(() => one.messages.status === 'degraded' && two.messages.status === 'degraded');

    await client.desk.sendStreamMessage(note('late'));
    const result = await two.messages.postMessage('late', note('to myself'));
    const error = await failureOf(two.messages.postMessage('late', note('to all'), { scope: 'global' }));
    expect(result).toEqual({ delivered: 'degraded' });
    expect(['UNAVAILABLE', 'UNCERTAIN']).toContain(error.code);
    await own.restart();
    await until(() => one.messages.status === 'connected' && two.messages.status === 'connected', 10_000);
    let statuses: string[] = [];
    one.messages.addStatusListener((status) => statuses.push(status));
    // On a busy machine a server may take Redis for gone once more; then it says so.
    await until(async () => {
      statuses = [one.messages.status];
      const { delivered } = await one.messages.postMessage('late', note('from afar'));
      if (delivered !== 'global') expect(statuses).toContain('degraded');
      return delivered === 'global';
    });

    await until(() => texts(heard).includes('from afar'));
    expect(texts(heard)[0]).toBe('to myself');
  });
});

describe('A Redis that is not there', () => {
  it('94, 95: lets the application start in its time, on its own, and is tried on', async () => {
    const startedAt = performance.now();

    const target = await start({ redis: { connection: 'redis://127.0.0.1:1', ...quick } });

    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(target.messages.status).toBe('degraded');
    const client = await clientOf(target);
    await client.desk.sendStreamMessage(note('a'));
    expect(await target.messages.postMessage('a', note('x'))).toEqual({ delivered: 'degraded' });
    expect(texts(target.get(Desk).heard)).toEqual(['x']);
  });
});
