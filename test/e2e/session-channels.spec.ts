import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, MessagesService, type Subscription } from '@nestwire/messages';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
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

const room = defineChannel('room', { messages: [Note] });

@Injectable()
export class Desk {
  readonly subscriptions = new Map<string, Subscription>();
  readonly heard: Array<readonly [who: string, message: Note]> = [];
}

/** Does with a channel what the text says: `subscribe lobby`, `listen lobby`, `leave lobby`. */
@StreamEndpoint('desk')
export class DeskEndpoint {
  constructor(
    private readonly desk: Desk,
    private readonly messages: MessagesService,
  ) {}

  @OnStreamMessage(Task)
  async order(session: StreamSession<Note>, { text }: Task): Promise<void> {
    const [verb, name = ''] = text.split(' ');
    const channel = name.startsWith('#') ? name.slice(1) : room(name);
    if (verb === 'subscribe') this.desk.subscriptions.set(name, await session.subscribe(channel));
    if (verb === 'leave') this.desk.subscriptions.get(name)!.remove();
    if (verb === 'listen')
      await session.messages.addListener(channel, (heard: Note) => this.hear(session, heard));
    if (verb === 'trip') await session.messages.addListener(channel, () => this.trip());
    if (verb === 'stumble') await session.messages.addListener(channel, async () => this.trip());
  }

  @OnStreamMessage(Note)
  async post(_session: StreamSession<Note>, message: Note): Promise<void> {
    await this.messages.postMessage(room('lobby'), message);
  }

  private hear(session: StreamSession<Note>, message: Note): void {
    this.desk.heard.push([session.id, message]);
  }

  private trip(): never {
    throw new Error('a listener fails');
  }
}

/** Lets the lobby flow to it as soon as it opens. */
@StreamEndpoint('lobby')
export class LobbyEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    await session.subscribe(room('lobby'));
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint; lobby: LobbyEndpoint }>;

const start = (options?: StreamsModuleOptions) =>
  startApp({ options, providers: [Desk, DeskEndpoint, LobbyEndpoint] });

const clientOf = (target: RunningApp) =>
  connected(tracked(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES })));

const texts = (messages: readonly Note[]) => messages.map(({ text }) => text);

afterEach(stopAll);

describe('session.subscribe()', () => {
  it.each(['lobby', '#plain'])('lets a channel flow to all who subscribed: %s', async (name) => {
    const target = await start();
    const [ada, bob, cyd] = [await clientOf(target), await clientOf(target), await clientOf(target)];
    const [toAda, toBob, toCyd] = [ada, bob, cyd].map((client) => collect(client.desk.stream));
    await ada.desk.sendStreamMessage(task(`subscribe ${name}`));
    await bob.desk.sendStreamMessage(task(`subscribe ${name}`));
    await cyd.desk.sendStreamMessage(task('subscribe elsewhere'));

    for (const text of ['a', 'b', 'c'])
      await target.messages.postMessage(name === 'lobby' ? room('lobby') : 'plain', note(text));

    await until(() => toAda!.length === 3 && toBob!.length === 3);
    expect(toAda!.every((message) => message instanceof Note)).toBe(true);
    expect([texts(toAda!), texts(toBob!), texts(toCyd!)]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], []]);
    expect(target.streams.counters().channels).toBe(2);
  });

  it('ends with its subscription, and with its session', async () => {
    const target = await start();
    const client = await clientOf(target);
    const read = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('subscribe lobby'));
    await client.desk.sendStreamMessage(note('heard'));
    await until(() => read.length === 1);

    await client.desk.sendStreamMessage(task('leave lobby'));
    await client.desk.sendStreamMessage(note('not heard'));
    expect(target.streams.counters().channels).toBe(0);
    await client.desk.sendStreamMessage(task('subscribe lobby'));
    await client.desk.sendStreamMessage(note('heard again'));
    await until(() => read.length === 2);
    await client.close();

    await untilNothingIsLeft(target);
    expect(texts(read)).toEqual(['heard', 'heard again']);
  });

  it('counts, so that two of one channel need two ends', async () => {
    const target = await start();
    const client = await clientOf(target);
    const read = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('subscribe lobby'));
    const first = target.get(Desk).subscriptions.get('lobby')!;
    await client.desk.sendStreamMessage(task('subscribe lobby'));

    first.remove();
    first.remove();
    await client.desk.sendStreamMessage(note('once'));

    await until(() => read.length === 1);
    await client.desk.sendStreamMessage(task('leave lobby'));
    expect(target.streams.counters().channels).toBe(0);
  });

  it('crosses the wire once for two streams of a connection, and comes in both', async () => {
    const target = await start();
    const client = await clientOf(target);
    const reads = [collect(client.desk.stream), collect(client.lobby.stream)];
    await client.desk.sendStreamMessage(task('subscribe lobby'));
    await until(() => target.streams.counters().sessions === 2);
    const raw = await RawSocket.hello(target.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'lobby' });
    raw.sendJson({ t: 'open', id: 2, endpoint: 'desk' });
    raw.sendJson({
      t: 'message',
      id: 3,
      stream: 'desk',
      type: 'e2e.task',
      data: { text: 'subscribe lobby' },
    });
    await raw.frame('ack', 3);

    await target.messages.postMessage(room('lobby'), note('one'));
    await target.messages.postMessage(room('lobby'), note('two'));

    await raw.until(() => raw.frames.filter(({ t }) => t === 'publication').length >= 2);
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    expect(raw.frames.filter(({ t }) => t === 'publication')).toHaveLength(2);
    await until(() => reads.every((read) => read.length === 2));
  });

  it('says "subscribed" before the first publication, whoever posts meanwhile', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port);
    let posted = 0;
    const posting = setInterval(
      () => void target.messages.postMessage(room('lobby'), note(`${posted++}`)),
      1,
    );

    raw.sendJson({ t: 'open', id: 1, endpoint: 'lobby' });
    await raw.until(() => raw.frames.filter(({ t }) => t === 'publication').length >= 20);
    clearInterval(posting);

    const numbers = raw.frames.flatMap(({ t, data }) =>
      t === 'publication' ? [Number((data as Note).text)] : [],
    );
    const kinds = raw.frames.map(({ t }) => t);
    expect(kinds.indexOf('subscribed')).toBeLessThan(kinds.indexOf('publication'));
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  });

  it('is bounded in number', async () => {
    const client = await clientOf(await start({ limits: { maxSubscriptions: 2 } }));

    for (const name of ['a', 'b', 'a']) await client.desk.sendStreamMessage(task(`subscribe ${name}`));

    const error = await failureOf(client.desk.sendStreamMessage(task('subscribe c')));
    expect(error).toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
  });
});

describe('A client that is behind', () => {
  it('misses publications beyond the soft bound, which are counted, and nobody else does', async () => {
    const target = await start({
      limits: { outboundSoftBytes: 32_768, outboundHardBytes: 1_048_576, slowConsumerMs: 60_000 },
    });
    const [stuck, reading] = [await RawSocket.hello(target.port), await clientOf(target)];
    const read = collect(reading.lobby.stream);
    stuck.sendJson({ t: 'open', id: 1, endpoint: 'lobby' });
    await stuck.frame('subscribed');
    await until(() => target.streams.counters().sessions === 2);
    stuck.socket.pause();
    const large = note('x'.repeat(20_000));
    let posted = 0;

    while (posted < 3_000 && target.streams.counters().droppedPublications < 5) {
      await target.messages.postMessage(room('lobby'), large);
      posted++;
      await until(() => read.length === posted);
    }
    const { droppedPublications } = target.streams.counters();
    stuck.socket.resume();

    const received = () => stuck.frames.filter(({ t }) => t === 'publication').length;
    await stuck.until(() => received() === posted - droppedPublications);
    expect(droppedPublications).toBeGreaterThanOrEqual(5);
    // It was only behind: it is still connected, and hears what comes now.
    await target.messages.postMessage(room('lobby'), note('now'));
    await stuck.until(() => received() === posted - droppedPublications + 1);
    expect(stuck.closeCode).toBeUndefined();
  });
});

describe('Listeners', () => {
  it('share one frozen message, which is not the one that was posted', async () => {
    const target = await start();
    const { heard } = target.get(Desk);
    const [ada, bob] = [await clientOf(target), await clientOf(target)];
    await ada.desk.sendStreamMessage(task('listen lobby'));
    await bob.desk.sendStreamMessage(task('listen lobby'));
    const posted = note('shared');

    await target.messages.postMessage(room('lobby'), posted);

    expect(heard).toHaveLength(2);
    const [[, first], [, second]] = heard as [(typeof heard)[0], (typeof heard)[0]];
    expect(first).toBe(second);
    expect(first).not.toBe(posted);
    expect(first).toBeInstanceOf(Note);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('that throw or reject hurt neither others nor the poster', async () => {
    const target = await start();
    const { heard } = target.get(Desk);
    const client = await clientOf(target);
    const read = collect(client.lobby.stream);
    await until(() => target.streams.counters().channels === 1);
    for (const verb of ['trip', 'listen', 'stumble'])
      await client.desk.sendStreamMessage(task(`${verb} lobby`));

    for (const text of ['a', 'b']) await client.desk.sendStreamMessage(note(text));

    await until(() => read.length === 2);
    expect(texts(heard.map(([, message]) => message))).toEqual(['a', 'b']);
    expect(target.messages.counters().listenerErrors).toBe(4);
    expect(client.connectionStatus.kind).toBe('connected');
  });
});
