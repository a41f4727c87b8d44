import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { createStreamClient, type ConnectionStatus } from '@nestwire/client';
import { defineChannel } from '@nestwire/messages';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { Link } from '../rig/link.js';
import { describeWithRedis } from '../rig/redis.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note, Task, task } from './messages.js';
import { connected, Latch, startApp, stopAll, towards, type RunningApp } from './start-app.js';

@Injectable()
class Ledger {
  readonly log: string[] = [];
  readonly latch = new Latch();
}

@StreamEndpoint('ledger')
class LedgerEndpoint {
  constructor(private readonly ledger: Ledger) {}

  @OnStreamOpened()
  opened(session: StreamSession<Note>): Promise<unknown> {
    return session.subscribe('news');
  }

  @OnStreamMessage(Note)
  note(_session: StreamSession<Note>, { text }: Note): void {
    this.ledger.log.push(text);
  }

  @OnStreamMessage(Task)
  async task(_session: StreamSession<Note>, { text }: Task): Promise<void> {
    await this.ledger.latch.pass();
    this.ledger.log.push(text);
  }
}

type Streams = StreamsOf<{ ledger: LedgerEndpoint }>;

const score = defineChannel('score', { messages: [Note], latest: true });

@StreamEndpoint('scores')
class ScoresEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession<Note>): Promise<unknown> {
    return session.subscribe(score);
  }
}

type ScoreStreams = StreamsOf<{ scores: ScoresEndpoint }>;

const CLIENTS = 6;
const POST_INTERVAL_MS = 5;

const links: Link[] = [];

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { shutdown: { spreadMs: 30, deadlineMs: 3_000 }, ...options },
    providers: [Ledger, LedgerEndpoint],
  });

const startScores = (options: StreamsModuleOptions) =>
  startApp({
    options: { shutdown: { spreadMs: 30, deadlineMs: 5_000 }, ...options },
    providers: [ScoresEndpoint],
  });

const logOf = (target: RunningApp) => target.get(Ledger).log;

/** A client of two servers behind one address; the link says which of them takes new connections. */
async function clientOf(target: RunningApp) {
  const link = await Link.to(target.port);
  links.push(link);
  const client = createStreamClient<Streams>()({ ...towards(link), messages: [Note, Task] });
  await connected(client);
  const kinds: Array<ConnectionStatus['kind']> = [];
  client.addConnectionStatusListener(({ kind }) => void kinds.push(kind));
  await client.ledger.sendStreamMessage(note('first'));
  return { link, client, kinds };
}

const gone = ({ streams }: RunningApp) => until(() => streams.counters().connections === 0);

afterEach(async () => {
  await stopAll();
  for (const link of links.splice(0)) link.close();
});

describe('A server that shuts down', () => {
  it('loses no client and no message: the next connection stands before the last one ends', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const { link, client, kinds } = await clientOf(one);
    link.target = two.port;
    const closing = one.app.close();
    await until(() => !one.streams.isReady);
    const texts: string[] = [];
    while (logOf(two).length < 20) {
      texts.push(`${texts.length}`);
      await client.ledger.sendStreamMessage(note(texts.at(-1)!));
    }
    await closing;

    expect([...logOf(one), ...logOf(two)]).toEqual(['first', ...texts]);
    expect(kinds).toEqual(['connected']);
  });

  it('answers what it handles, and later messages wait for that in their order', async () => {
    const [one, two] = await Promise.all([
      start({ shutdown: { spreadMs: 30, deadlineMs: 15_000 } }),
      start(),
    ]);
    const { link, client, kinds } = await clientOf(one);
    const slow = client.ledger.sendStreamMessage(task('slow'));
    link.target = two.port;
    const startedAt = performance.now();
    const closing = one.app.close();
    await until(() => two.streams.counters().sessions === 1);
    const fast = client.ledger.sendStreamMessage(note('fast'));
    await client.authenticate();
    expect(logOf(two)).toEqual([]);

    one.get(Ledger).latch.open();
    await Promise.all([slow, fast, closing]);

    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect([logOf(one), logOf(two)]).toEqual([['first', 'slow'], ['fast']]);
    expect(kinds.every((kind) => kind === 'connected')).toBe(true);
  });

  it('serves the client as long as no other does', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const { link, client, kinds } = await clientOf(one);
    let attempts = 0;
    (one.app.getHttpServer() as Server).on('upgrade', () => attempts++);
    const closing = one.app.close();
    await until(() => attempts >= 3);
    await client.ledger.sendStreamMessage(note('still here'));
    link.target = two.port;
    await gone(one);
    await client.ledger.sendStreamMessage(note('there'));
    await closing;

    expect([logOf(one), logOf(two)]).toEqual([['first', 'still here'], ['there']]);
    expect(kinds).toEqual(['connected']);
  });

  it('closes who finds no other at its deadline; the client comes back as after any loss', async () => {
    const [one, two] = await Promise.all([start({ shutdown: { spreadMs: 10, deadlineMs: 200 } }), start()]);
    const { link, client, kinds } = await clientOf(one);
    const sent = client.ledger.sendStreamMessage(task('begun'));
    await one.app.close();
    expect(client.connectionStatus.kind).not.toBe('connected');
    two.get(Ledger).latch.open();
    link.target = two.port;

    await sent;

    expect(kinds).toContain('waiting');
    expect(logOf(two)).toEqual(['begun']);
  });

  it('gives up what a client does not leave', async () => {
    const target = await start({ shutdown: { spreadMs: 1, deadlineMs: 200 } });
    const raw = await RawSocket.hello(target.port);

    await target.app.close();

    expect(await raw.closing()).toBe(4006);
  });
});

describeWithRedis('A server that shuts down, before one that is farther away,', (redis) => {
  it('sends no client an older message of a latest channel after a newer one, and none twice', async () => {
    const options = { redis: redis().url };
    const [one, two] = await Promise.all([startScores(options), startScores(options)]);
    const link = await Link.to(one.port);
    links.push(link);
    const all = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const client = createStreamClient<ScoreStreams>()({ ...towards(link), messages: [Note] });
        await connected(client);
        const got: number[] = [];
        void (async () => {
          for await (const { text } of client.scores.stream) got.push(Number(text));
        })();
        return { client, got };
      }),
    );
    let posted = 0;
    const posting = setInterval(
      () => void two.messages.postMessage(score, note(`${++posted}`)).catch(() => undefined),
      POST_INTERVAL_MS,
    );
    await until(() => all.every(({ got }) => got.length > 50));
    Object.assign(link, { target: two.port, delayMs: 150 });
    const closing = one.app.close();
    await until(
      () => two.streams.counters().sessions === CLIENTS && one.streams.counters().connections === 0,
    );
    await closing;
    const atLeast = posted + 100;
    await until(() => all.every(({ got }) => got.at(-1)! > atLeast));
    clearInterval(posting);

    for (const { got } of all) expect(got).toEqual([...new Set(got)].sort((a, b) => a - b));
  });
});

describe('A connection that is too old', () => {
  it('is replaced without a gap', async () => {
    const target = await start({ limits: { maxConnectionAgeMs: 150 } });
    const { client, kinds } = await clientOf(target);
    const ids = new Set<string>();
    client.addConnectionStatusListener((status) => status.kind === 'connected' && ids.add(status.connection));
    const texts: string[] = [];
    await until(async () => {
      texts.push(`${texts.length}`);
      await client.ledger.sendStreamMessage(note(texts.at(-1)!));
      return ids.size === 3;
    });

    expect(logOf(target)).toEqual(['first', ...texts]);
    expect(new Set(kinds)).toEqual(new Set(['connected']));
    await until(() => target.streams.counters().connections === 1);
  });
});
