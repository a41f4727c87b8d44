import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createStreamClient } from '@nestwire/client';
import {
  defineChannel,
  DurableConsumer,
  DurableConsumersService,
  MessagesError,
  MessagesModule,
  OnChannelMessage,
  PresenceService,
  type MessagesStatus,
} from '@nestwire/messages';
import {
  Broker,
  LocalBroker,
  LocalHistoryStore,
  MissingCapabilityError,
  type BrokerSink,
} from '@nestwire/messages/backend';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { StreamGap } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note, Task, task } from './messages.js';
import { collect, connected, failureOf, startApp, stopAll, towards } from './start-app.js';

const lobby = defineChannel('bus-lobby', { messages: [Note] });
const kept = defineChannel('bus-kept', { messages: [Note], history: { messages: 5, ageMs: 60_000 } });
const score = defineChannel('bus-score', { messages: [Note], latest: true });
const board = defineChannel('bus-board', {
  messages: [Note],
  history: { messages: 5, ageMs: 60_000 },
  snapshot: [Task],
});

/** Connects the brokers of one process, as a server between processes would. */
class Bus {
  private readonly brokers = new Set<BusBroker>();

  add(broker: BusBroker): void {
    this.brokers.add(broker);
  }

  remove(broker: BusBroker): void {
    this.brokers.delete(broker);
  }

  publish(from: BusBroker, channel: string, encoded: EncodedMessage): void {
    for (const broker of this.brokers) if (broker !== from) broker.take(channel, encoded);
  }
}

/** Publishes and subscribes, and supports nothing else. */
class BusBroker extends Broker {
  readonly counters = { undecodable: 0, reconnects: 0, stalled: 0 };
  readonly status: MessagesStatus = 'connected';
  private readonly channels = new Set<string>();
  private sink: BrokerSink | undefined;

  constructor(private readonly bus: Bus) {
    super();
  }

  async start(sink: BrokerSink): Promise<void> {
    this.sink = sink;
    this.bus.add(this);
  }

  async subscribe(channel: string): Promise<void> {
    this.channels.add(channel);
  }

  unsubscribe(channel: string): void {
    this.channels.delete(channel);
  }

  refusal(): undefined {}

  async publish(channel: string, encoded: EncodedMessage): Promise<void> {
    this.bus.publish(this, channel, encoded);
  }

  take(channel: string, encoded: EncodedMessage): void {
    if (this.channels.has(channel)) this.sink?.receive(channel, encoded);
  }

  async close(): Promise<void> {
    this.bus.remove(this);
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(lobby);
  }

  @OnStreamMessage(Task)
  async act(session: StreamSession<Note | StreamGap>, { text }: Task): Promise<void> {
    if (text === 'history') await session.subscribe(kept('1'));
    if (text === 'latest') await session.subscribe(score('1'));
    if (text === 'presence') await session.presence.join(lobby);
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

const start = (broker: Broker, ...providers: NonNullable<Parameters<typeof startApp>[0]['providers']>) =>
  startApp({ options: { messages: { broker } }, providers });

/** Rejects with what a function throws. */
async function thrownBy(act: () => unknown): Promise<void> {
  act();
}

/** Starts an application that must not start, and returns its error. */
async function refused(...args: Parameters<typeof start>): Promise<MissingCapabilityError> {
  const error = await failureOf(start(...args));
  expect(error).toBeInstanceOf(MissingCapabilityError);
  expect(error).toBeInstanceOf(MessagesError);
  expect(error.code).toBe('MISSING_CAPABILITY');
  return error as unknown as MissingCapabilityError;
}

afterEach(stopAll);

describe('A broker that only publishes and subscribes', () => {
  it('carries an order to close streams to the other servers', async () => {
    const bus = new Bus();
    const one = await start(new BusBroker(bus), DeskEndpoint);
    const two = await start(new BusBroker(bus), DeskEndpoint);
    const raw = await RawSocket.hello(two.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened', 1);

    expect(await one.streams.close({ endpoint: 'desk' }, 'It is over.')).toEqual({ delivered: 'global' });

    expect(await raw.frame('closed')).toMatchObject({ reason: { code: 'evicted', message: 'It is over.' } });
    expect(two.streams.counters().sessions).toBe(0);
  });

  it('carries ephemeral channels between servers and to clients', async () => {
    const bus = new Bus();
    const [one, two] = [
      await start(new BusBroker(bus), DeskEndpoint),
      await start(new BusBroker(bus), DeskEndpoint),
    ];
    const client = await connected(
      createStreamClient<Streams>()({ ...towards(two), messages: [...MESSAGES, StreamGap] }),
    );
    const heard = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('open'));

    expect(await one.messages.postMessage(lobby, note('from the other server'))).toEqual({
      delivered: 'global',
    });

    await until(() => heard.length > 0);
    expect(heard).toMatchObject([{ text: 'from the other server' }]);
    expect(two.messages.counters()).toMatchObject({ received: 1, gaps: 0, reads: 0, refetched: 0 });
  });

  it('delivers nothing that is not the text of a message, and counts it', async () => {
    const broker = new BusBroker(new Bus());
    const app = await start(broker, DeskEndpoint);
    const client = await connected(
      createStreamClient<Streams>()({ ...towards(app), messages: [...MESSAGES, StreamGap] }),
    );
    const heard = collect(client.desk.stream);
    await client.desk.sendStreamMessage(task('open'));
    const junk = [
      { type: 'e2e.note', data: '{"text":"a"},"t":"goaway' },
      { type: 'e2e.note', data: '[]' },
      { type: 'e2e.note', data: `{"text":${'['.repeat(200)}${']'.repeat(200)}}` },
      { type: 'e2e.note', data: `{"text":"${'x'.repeat(1_048_576)}"}` },
      { type: 'nestwire.presence', data: '{}' },
      { type: '', data: '{}' },
    ];

    for (const encoded of junk) broker.take('bus-lobby', encoded);
    broker.take('bus-lobby', { type: 'e2e.note', data: '{"text":"fine"}' });

    await until(() => heard.length > 0);
    expect(heard).toMatchObject([{ text: 'fine' }]);
    expect(app.messages.counters()).toMatchObject({ undecodable: junk.length, received: 1 });
  });

  it('refuses each use of a channel with history, and of its newest message', async () => {
    const { messages } = await start(new BusBroker(new Bus()));
    const gone = { code: 'MISSING_CAPABILITY', missing: [{ capability: 'history' }] };

    for (const channel of [kept('1'), score('1')]) {
      expect(await failureOf(messages.postMessage(channel, note('x')))).toMatchObject(gone);
      expect(await failureOf(messages.addListener(channel, () => undefined))).toMatchObject(gone);
      expect(await failureOf(thrownBy(() => messages.createStream(channel)))).toMatchObject(gone);
      const observed = new Promise((resolve, reject) =>
        messages.observe(channel).subscribe({ next: resolve, error: reject }),
      );
      expect(await failureOf(observed)).toMatchObject(gone);
    }
    expect(await failureOf(messages.readHistory(kept('1'), 1))).toMatchObject(gone);
    const error = await failureOf(messages.postMessage(kept('1'), note('x')));
    expect(error.message).toBe(
      'The broker BusBroker does not support what the application uses:\n' +
        `  - The channel 'bus-kept:1', which is defined with "history", needs a HistoryStore in its member "history".\n` +
        'Give the broker these members, configure another broker, or do not use the feature.',
    );
  });

  it('refuses presence and durable consumers when they are used', async () => {
    const app = await start(new BusBroker(new Bus()));
    const [presence, consumers] = [app.get(PresenceService), app.get(DurableConsumersService)];
    const missing = (capability: string) => ({ code: 'MISSING_CAPABILITY', missing: [{ capability }] });

    for (const attempt of [
      presence.join(lobby, { id: '1' }),
      presence.leave(lobby, '1'),
      presence.list(lobby),
    ])
      expect(await failureOf(attempt)).toMatchObject(missing('presence'));
    expect(await failureOf(thrownBy(() => presence.watch(lobby)))).toMatchObject(missing('presence'));
    expect(await failureOf(thrownBy(() => presence.changes(lobby)))).toMatchObject(missing('presence'));
    const adding = consumers.addConsumer(kept('1'), () => undefined, { name: 'a' });
    expect(await failureOf(adding)).toMatchObject(missing('history'));
  });

  it('answers a client whose handler uses them with the code', async () => {
    const app = await start(new BusBroker(new Bus()), DeskEndpoint);
    const client = await connected(
      createStreamClient<Streams>()({ ...towards(app), messages: [...MESSAGES, StreamGap] }),
    );

    for (const text of ['history', 'latest', 'presence'])
      expect(await failureOf(client.desk.sendStreamMessage(task(text)))).toMatchObject({
        code: 'MISSING_CAPABILITY',
      });
    await client.desk.sendStreamMessage(task('else'));
  });
});

describe('An application whose broker lacks a member does not start', () => {
  it('with a listener on a channel with history', async () => {
    @Injectable()
    class Auditor {
      @OnChannelMessage(kept, Note)
      audit(): void {}

      @OnChannelMessage(score, Note)
      count(): void {}

      @OnChannelMessage(lobby)
      hear(): void {}
    }

    const { missing } = await refused(new BusBroker(new Bus()), Auditor);

    expect(missing).toEqual([
      { capability: 'history', neededBy: '@OnChannelMessage on Auditor.audit' },
      { capability: 'history', neededBy: '@OnChannelMessage on Auditor.count' },
    ]);
  });

  it('with a durable consumer', async () => {
    @Injectable()
    class Mailer {
      @DurableConsumer(kept('mails'), { name: 'mailer' })
      send(): void {}
    }
    const history = Object.assign(new LocalHistoryStore(), { consumers: undefined });
    const withHistory = Object.assign(new BusBroker(new Bus()), { history });

    const [neither, half] = [
      await refused(new BusBroker(new Bus()), Mailer),
      await refused(withHistory, Mailer),
    ];

    const neededBy = '@DurableConsumer on Mailer.send';
    expect(neither.missing).toEqual([
      { capability: 'history', neededBy },
      { capability: 'consumers', neededBy },
    ]);
    expect(half.missing).toEqual([{ capability: 'consumers', neededBy }]);
  });

  it('with a handler that runs once in the cluster', async () => {
    @StreamEndpoint('orders')
    class OrdersEndpoint {
      @OnStreamMessage(Task, { once: true })
      order(_session: StreamSession, _task: Task): void {}
    }

    const { missing, message } = await refused(new BusBroker(new Bus()), OrdersEndpoint);

    expect(missing).toMatchObject([{ capability: 'claims' }]);
    expect(message).toContain(
      `The option "once" of @OnStreamMessage for 'e2e.task' on the endpoint "orders" needs a ClaimStore in its member "claims".`,
    );
  });

  it('with a snapshot of a channel', async () => {
    @StreamEndpoint('boards')
    class BoardsEndpoint {
      @ChannelSnapshot(board)
      snapshot(): Task {
        return task('empty');
      }
    }

    const { missing } = await refused(new BusBroker(new Bus()), BoardsEndpoint);

    expect(missing).toEqual([
      { capability: 'history', neededBy: '@ChannelSnapshot on BoardsEndpoint.snapshot' },
    ]);
  });

  it('with the option presence', async () => {
    const options = { broker: new BusBroker(new Bus()), presence: { leaseMs: 900 } };
    const module = Test.createTestingModule({ imports: [MessagesModule.forRoot(options)] });

    const error = await failureOf(module.compile());

    expect(error).toMatchObject({
      code: 'MISSING_CAPABILITY',
      missing: [{ capability: 'presence', neededBy: 'The option "presence"' }],
    });
  });

  it('with a history whose clients could resume what is revoked, or only on one server', async () => {
    const open = (members: object = {}) =>
      Object.assign(new BusBroker(new Bus()), { history: new LocalHistoryStore() }, members);
    const { revokedTokens } = new LocalBroker();
    const secret = 'x'.repeat(32);

    const both = await refused(open());
    const one = await refused(open({ revokedTokens }));

    expect(both.missing.map(({ capability }) => capability)).toEqual(['revokedTokens', 'secret']);
    expect(one.message).toContain('without the option "resume.secret" needs the method "secret"');
    await expect(
      startApp({ options: { messages: { broker: open({ revokedTokens }) }, resume: { secret } } }),
    ).resolves.toBeDefined();
    await expect(start(open({ revokedTokens, secret: async () => secret }))).resolves.toBeDefined();
  });

  it('and starts with all members, as with the broker of one process', async () => {
    @StreamEndpoint('orders')
    class OrdersEndpoint {
      @OnStreamMessage(Task, { once: true })
      order(_session: StreamSession, _task: Task): void {}
    }

    await expect(start(new LocalBroker(), OrdersEndpoint)).resolves.toBeDefined();
  });
});
