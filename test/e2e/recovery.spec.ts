import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, type Channel } from '@nestwire/messages';
import { LocalBroker, LocalHistoryStore } from '@nestwire/messages/backend';
import { StreamGap } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { FakeClock } from '@nestwire/testing';
import { Link } from '../rig/link.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note, Task, task } from './messages.js';
import { collect, connected, startApp, stopAll, towards, type RunningApp } from './start-app.js';

const room = defineChannel('kept', { messages: [Note], history: { messages: 50, ageMs: 60_000 } });
const orphan = defineChannel('orphan', {
  messages: [Note],
  history: { messages: 5, ageMs: 60_000 },
  snapshot: [Task],
});
const log = defineChannel('log', { messages: [Note], history: { messages: 1_000, ageMs: 60_000 } });
const score = defineChannel('score', { messages: [Note], latest: true });
const board = defineChannel('board', {
  messages: [Note],
  history: { messages: 5, ageMs: 60_000 },
  snapshot: [Task],
});

/** The orders for the sessions of the desk at their opening. */
@Injectable()
class Plan {
  onOpen: (session: StreamSession<Note | StreamGap | Task>) => unknown = () => undefined;
  readonly resuming: string[][] = [];
  state = 'empty';
}

@StreamEndpoint('desk')
class DeskEndpoint {
  constructor(private readonly plan: Plan) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap | Task>): Promise<void> {
    this.plan.resuming.push([...session.resuming]);
    await this.plan.onOpen(session);
  }

  @OnStreamMessage(Task)
  async join(session: StreamSession<Note | StreamGap | Task>, { text }: Task): Promise<void> {
    await session.subscribe(room(text));
  }

  @ChannelSnapshot(board)
  snapshot({ name }: Channel): Task {
    return task(`${name} is ${this.plan.state}`);
  }
}

@StreamEndpoint('lobby')
class LobbyEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(room('lobby'));
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint; lobby: LobbyEndpoint }>;

/** Keeps histories in this process, and answers reads when it is told to. */
class SlowHistory extends LocalHistoryStore {
  answered = Promise.resolve();
  pending = 0;

  override async read(...args: Parameters<LocalHistoryStore['read']>): ReturnType<LocalHistoryStore['read']> {
    this.pending++;
    await this.answered;
    this.pending--;
    return super.read(...args);
  }
}

class SlowBackend extends LocalBroker {
  override readonly history = new SlowHistory();
}

interface Subscribed {
  readonly resumeToken: string;
  readonly position: readonly [epoch: string, offset: number, id: string];
}

const links: Link[] = [];
const start = (options?: StreamsModuleOptions) =>
  startApp({ options, providers: [Plan, DeskEndpoint, LobbyEndpoint] });

/** Connects a client through a link that can be cut. */
async function through(app: RunningApp) {
  const link = await Link.to(app.port);
  links.push(link);
  const client = createStreamClient<Streams>()({ ...towards(link), messages: [...MESSAGES, StreamGap] });
  return { client: await connected(client), link };
}

/** Does something while clients behind the link cannot come back. */
async function away(link: Link, act: () => Promise<void>): Promise<void> {
  const { target } = link;
  link.target = 1;
  link.cut();
  await act();
  link.target = target;
}

const said = (message: Note | StreamGap | Task) =>
  message instanceof StreamGap ? `gap ${message.reason}` : message.text;

afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  await stopAll();
});

describe('A channel with history', () => {
  it('flows on after a reconnect where it stopped, without a hole and without a duplicate', async () => {
    const app = await start();
    const { client, link } = await through(app);
    const heard = collect(client.lobby.stream);
    await until(() => app.streams.counters().channels === 1);
    await app.messages.postMessage(room('lobby'), note('1'));
    await until(() => heard.length === 1);
    link.cut();
    for (const text of ['2', '3', '4']) await app.messages.postMessage(room('lobby'), note(text));
    await until(() => heard.length >= 4);
    await app.messages.postMessage(room('lobby'), note('5'));
    await until(() => heard.length >= 5);

    expect(heard.map(said)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('says so when the history no longer holds what was missed', async () => {
    const app = await start();
    const { client, link } = await through(app);
    const heard = collect(client.lobby.stream);
    await until(() => app.streams.counters().channels === 1);
    await app.messages.postMessage(room('lobby'), note('1'));
    await until(() => heard.length === 1);
    await away(link, async () => {
      for (let number = 2; number < 60; number++)
        await app.messages.postMessage(room('lobby'), note(`${number}`));
    });
    await until(() => heard.length >= 2);
    await app.messages.postMessage(room('lobby'), note('last'));
    await until(() => heard.length >= 3);

    expect(heard.map(said)).toEqual(['1', 'gap trimmed', 'last']);
  });

  it('that a handler subscribed to flows on by itself, unless the application lets go of it', async () => {
    const app = await start();
    const plan = app.get(Plan);
    const { client, link } = await through(app);
    const heard = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('a'));
    await client.desk.sendStreamMessage(task('b'));
    await app.messages.postMessage(room('a'), note('a1'));
    await until(() => heard.length === 1);
    plan.onOpen = (session) => session.resuming.release(room('b'));
    link.cut();
    await app.messages.postMessage(room('a'), note('a2'));
    await app.messages.postMessage(room('b'), note('b2'));
    await until(() => heard.length === 2);
    link.cut();
    await until(() => plan.resuming.length === 3);
    await app.messages.postMessage(room('a'), note('a3'));
    await until(() => heard.length === 3);

    expect(heard.map(said)).toEqual(['a1', 'a2', 'a3']);
    expect(plan.resuming).toEqual([[], ['kept:a', 'kept:b'], ['kept:a']]);
  });

  it('reports a refused resume token, at once and to a later subscription', async () => {
    const app = await start({ resume: { maxAgeMs: 1 } });
    const { client, link } = await through(app);
    const heard = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('a'));
    await app.messages.postMessage(room('a'), note('1'));
    await until(() => heard.length === 1);
    await away(link, async () => void (await app.messages.postMessage(room('a'), note('missed'))));
    await until(() => heard.length === 2);
    await client.desk.sendStreamMessage(task('a'));
    await app.messages.postMessage(room('a'), note('2'));
    await until(() => heard.length === 4);

    expect(heard.map(said)).toEqual(['1', 'gap resume-refused', 'gap resume-refused', '2']);
  });

  it('lets go of a client that left again while the history was read for it', async () => {
    const backend = new SlowBackend();
    const app = await start({ messages: { broker: backend } });
    const { client, link } = await through(app);
    const heard = collect(client.lobby.stream);
    await until(() => app.streams.counters().channels === 1);
    await app.messages.postMessage(room('lobby'), note('1'));
    await until(() => heard.length === 1);
    let answer = () => {};
    await away(link, async () => {
      await app.messages.postMessage(room('lobby'), note('2'));
      backend.history.answered = new Promise((resolve) => (answer = resolve));
    });
    await until(() => backend.history.pending === 1);
    const { target } = link;
    link.target = 1;
    link.cut();
    await until(() => app.streams.counters().connections === 0);
    answer();
    link.target = target;
    await until(() => heard.length === 2);

    expect(heard.map(said)).toEqual(['1', '2']);
  });

  it('gives a resume token nothing from before its client subscribed', async () => {
    const app = await start();
    await app.messages.postMessage(room('lobby'), note('before'));
    const client = 'c'.repeat(22);
    const first = await RawSocket.upgrade(app.port);
    first.sendJson({ t: 'hello', v: 1, client });
    first.sendJson({ t: 'open', id: 1, endpoint: 'lobby' });
    const { resumeToken, position } = (await first.frame('subscribed')) as unknown as Subscribed;
    first.destroy();
    const [epoch] = position;
    await app.messages.postMessage(room('lobby'), note('after'));

    const came = async (offset: number, id: string) => {
      const raw = await RawSocket.upgrade(app.port);
      raw.sendJson({
        t: 'hello',
        v: 1,
        client,
        resume: [['lobby', 'kept:lobby', resumeToken, epoch, offset, id]],
      });
      await raw.frame('welcome');
      raw.sendJson({ t: 'open', id: 1, endpoint: 'lobby' });
      return (await raw.frame('publication')).data;
    };
    expect(await came(position[1], position[2])).toMatchObject({ text: 'after' });
    expect(await came(0, '')).toMatchObject({ reason: 'resume-refused' });
  });

  it('is one for two streams of a connection, and each has its own place', async () => {
    const app = await start();
    const { client, link } = await through(app);
    const lobby = collect(client.lobby.stream);
    await until(() => app.streams.counters().channels === 1);
    await app.messages.postMessage(room('lobby'), note('1'));
    const desk = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('lobby'));
    await app.messages.postMessage(room('lobby'), note('2'));
    await until(() => desk.length === 1 && lobby.length === 2);
    link.cut();
    await app.messages.postMessage(room('lobby'), note('3'));
    await until(() => desk.length === 2 && lobby.length === 3);
    await app.messages.postMessage(room('lobby'), note('4'));
    await until(() => desk.length === 3 && lobby.length === 4);

    expect(lobby.map(said)).toEqual(['1', '2', '3', '4']);
    expect(desk.map(said)).toEqual(['2', '3', '4']);
  });

  it('begins with its snapshot and has another one after a gap', async () => {
    const clock = new FakeClock();
    const app = await start({ messages: { clock } });
    const plan = app.get(Plan);
    plan.onOpen = (session) => session.subscribe(board);
    const { client, link } = await through(app);
    const heard = collect(client.desk.stream);
    await until(() => heard.length === 1);
    await app.messages.postMessage(board, note('1'));
    await until(() => heard.length === 2);
    link.cut();
    await app.messages.postMessage(board, note('2'));
    await until(() => heard.length === 3);
    plan.state = 'full';
    await away(link, async () => {
      for (let number = 0; number < 9; number++) await app.messages.postMessage(board, note('much'));
      // A read is served again to others for a moment.
      clock.advance(1_000);
    });
    await until(() => heard.length === 4);
    await app.messages.postMessage(board, note('last'));
    await until(() => heard.length === 5);

    expect(heard.map(said)).toEqual(['board is empty', '1', '2', 'board is full', 'last']);
  });

  it('that nobody returns the snapshot of is refused, with what is missing', async () => {
    const app = await start();
    let failure: unknown;
    app.get(Plan).onOpen = async (session) => {
      failure = await session.subscribe(orphan).catch((error: unknown) => error);
    };
    await (await through(app)).client.desk.sendStreamMessage(task('a'));

    expect(failure).toMatchObject({ code: 'STREAMS_CONFIGURATION' });
    expect(String(failure)).toContain('@ChannelSnapshot');
  });

  it('catches up from its history when its client reads slowly', async () => {
    const app = await start({ limits: { outboundSoftBytes: 20_000 } });
    app.get(Plan).onOpen = (session) => session.subscribe(log);
    const { client, link } = await through(app);
    const heard = collect(client.desk.stream);
    await until(() => app.streams.counters().channels === 1);
    link.pause();
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    await Promise.all(
      numbers.map((number) => app.messages.postMessage(log, note(`${number} ${'x'.repeat(3_000)}`))),
    );
    link.resume();
    await until(() => heard.length >= 200);

    expect(heard.map((message) => parseInt(said(message)))).toEqual(numbers);
    expect(app.messages.counters().reads).toBeLessThan(30);
  });
});

describe('A channel of which the newest message matters', () => {
  it('gives a listener on the server the newest one once', async () => {
    const app = await start();
    await app.messages.postMessage(score, note('1:0'));
    const heard: string[] = [];
    await app.messages.addListener(score, ({ text }: Note) => heard.push(text));
    await app.messages.postMessage(score, note('1:1'));

    expect(heard).toEqual(['1:0', '1:1']);
  });

  it('begins with it, also after a reconnect', async () => {
    const app = await start();
    app.get(Plan).onOpen = (session) => session.subscribe(score);
    await app.messages.postMessage(score, note('1:0'));
    const { client, link } = await through(app);
    const heard = collect(client.desk.stream);
    await until(() => heard.length === 1);
    link.cut();
    await app.messages.postMessage(score, note('1:1'));
    await app.messages.postMessage(score, note('2:1'));
    await until(() => heard.length === 2);
    await app.messages.postMessage(score, note('2:2'));
    await until(() => heard.length === 3);

    expect(heard.map(said)).toEqual(['1:0', '2:1', '2:2']);
  });
});
