import { jest } from '@jest/globals';
import {
  CanActivate,
  ExecutionContext,
  Injectable,
  Logger,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import type { MessagesStatus } from '@nestwire/messages';
import { Broker, type BrokerSink } from '@nestwire/messages/backend';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { until } from '../rig/until.js';
import { TokenUsers } from '../rig/users.js';
import { Note } from './messages.js';
import { startApp, stopAll, type RunningApp } from './start-app.js';

/** The users that the guard of `guarded` refuses. */
const banned = new Set<string>();

@Injectable()
class Members implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const session = context.getArgByIndex<StreamSession<never, { id: string }>>(0);
    return !banned.has(session.user.id);
  }
}

@StreamEndpoint('plain')
class PlainEndpoint {
  @OnStreamMessage(Note) say(_session: StreamSession, _message: Note): void {}
}

@UseGuards(Members)
@StreamEndpoint('guarded', { requireLogin: true })
class GuardedEndpoint {
  @OnStreamMessage(Note) say(_session: StreamSession, _message: Note): void {}
}

const PROVIDERS = [PlainEndpoint, GuardedEndpoint, Members];

async function join(server: RunningApp, endpoint: string, user = 'ada'): Promise<RawSocket> {
  const raw = await RawSocket.hello(server.port, user);
  raw.sendJson({ t: 'open', id: 1, endpoint });
  await raw.frame('opened', 1);
  return raw;
}

const codeOf = ({ reason }: Record<string, unknown>) => (reason as { code: string }).code;

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => banned.clear());
afterEach(stopAll);

describeWithRedis('An order to close streams that another server posts early', (redis) => {
  const QUICK = {
    commandTimeoutMs: 300,
    connectTimeoutMs: 300,
    maxReconnectDelayMs: 100,
    probeIntervalMs: 200,
    probeTimeoutMs: 300,
  };
  const server = (url = redis().url, prepare?: (app: INestApplication) => void) =>
    startApp({
      options: { authenticator: TokenUsers, redis: { connection: url, ...QUICK } },
      providers: PROVIDERS,
      ...(prepare && { prepare }),
    });
  const isConnected = ({ messages }: RunningApp) => until(() => messages.status === 'connected');

  let proxy: TcpProxy;
  let here: RunningApp;
  beforeEach(async () => {
    // The orders of one test are no orders of the next one.
    await redis().call('FLUSHALL');
    proxy = await TcpProxy.to(redis().port);
    here = await server();
  });
  afterEach(() => proxy.stop());

  it('reaches the first session of a server whose way to Redis is held', async () => {
    const away = await server(proxy.url);
    await isConnected(away);
    proxy.set({ kind: 'blackhole' });
    const ada = await join(away, 'plain');

    expect(await here.streams.close({ endpoint: 'plain' }, 'It is over.')).toEqual({ delivered: 'global' });
    await proxy.pass();

    expect(await ada.frame('closed')).toMatchObject({ reason: { code: 'evicted', message: 'It is over.' } });
  });

  it.each<[string, () => Promise<void>]>([
    ['refuses connections', () => proxy.refuse()],
    ['never answers', async () => proxy.set({ kind: 'blackhole' })],
    ['drops the replies', async () => proxy.dropReplies()],
  ])('reaches the sessions of a server that started while Redis %s', async (_what, spoil) => {
    await spoil();
    const away = await server(proxy.url);
    const [ada, bob] = [await join(away, 'plain'), await join(away, 'guarded', 'bob')];

    await here.streams.close({ endpoint: 'plain' }, 'It is over.');
    banned.add('bob');
    await proxy.pass();

    expect(await ada.frame('closed')).toMatchObject({ reason: { code: 'evicted', message: 'It is over.' } });
    // Orders may be lost, so the guards decide about the other sessions.
    expect(codeOf(await bob.frame('closed'))).toBe('access-lost');
  });

  it('does not reach the sessions of a server that started later', async () => {
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now - 60_000);
    await here.streams.close({ endpoint: 'plain' });
    clock.mockRestore();
    await proxy.refuse();
    const away = await server(proxy.url);
    const [ada, bob] = [await join(away, 'plain'), await join(away, 'guarded', 'bob')];

    await here.streams.close({ endpoint: 'guarded' });
    await proxy.pass();

    // The orders are executed in their sequence.
    expect(codeOf(await bob.frame('closed'))).toBe('evicted');
    expect(ada.frames.filter(({ t }) => t === 'closed')).toEqual([]);
  });

  it('does not keep a server from ending while it starts', async () => {
    proxy.set({ kind: 'blackhole' });
    let app: INestApplication | undefined;
    const starting = server(proxy.url, (made) => (app = made)).catch(() => undefined);
    await until(() => app !== undefined);

    await app!.close();

    await starting;
    expect(app!.getHttpServer().listening).toBe(false);
  });
});

describe('A server whose broker has no history', () => {
  /** Reaches no other process; the test sets its status. */
  class OutageBroker extends Broker {
    readonly counters = { undecodable: 0, reconnects: 0, stalled: 0 };
    status: MessagesStatus = 'connected';
    private sink: BrokerSink | undefined;

    async start(sink: BrokerSink): Promise<void> {
      this.sink = sink;
    }

    set(status: MessagesStatus): void {
      this.status = status;
      this.sink?.statusChanged();
    }

    async subscribe(): Promise<void> {}
    unsubscribe(): void {}
    refusal(): undefined {}
    async publish(): Promise<void> {}
    async close(): Promise<void> {}
  }

  it.each<[string, MessagesStatus]>([
    ['at its start', 'degraded'],
    ['later', 'connected'],
  ])('lets the guards decide after an outage %s, because orders are lost', async (_when, status) => {
    const broker = new OutageBroker();
    broker.status = status;
    const server = await startApp({
      options: { authenticator: TokenUsers, messages: { broker } },
      providers: PROVIDERS,
    });
    const [ada, bob] = [await join(server, 'guarded'), await join(server, 'guarded', 'bob')];
    broker.set('degraded');
    banned.add('ada');

    broker.set('connected');

    expect(codeOf(await ada.frame('closed'))).toBe('access-lost');
    expect(bob.frames.filter(({ t }) => t === 'closed')).toEqual([]);
  });
});
