import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { createStreamClient, type ConnectionStatus } from '@nestwire/client';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { Link } from '../rig/link.js';
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

const links: Link[] = [];

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { shutdown: { spreadMs: 30, deadlineMs: 3_000 }, ...options },
    providers: [Ledger, LedgerEndpoint],
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
    const target = await start({ shutdown: { spreadMs: 60_000, deadlineMs: 200 } });
    const { client } = await clientOf(target);

    await target.app.close();

    expect(client.connectionStatus.kind).not.toBe('connected');
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
