import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import { Exclude } from 'class-transformer';
import { Allow, IsString } from 'class-validator';
import { createStreamClient, type ConnectionStatus } from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { Link } from '../rig/link.js';
import { jsonFrame, rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note, Task, task } from './messages.js';
import {
  collect,
  connected,
  failureOf,
  Latch,
  startApp,
  stopAll,
  towards,
  tracked,
  untilNothingIsLeft,
  type RunningApp,
} from './start-app.js';

// What Serverpod's own tests say of streaming endpoints, in our words; the numbers are those of that list.

@StreamMessage('e2e.account')
export class Account {
  declare readonly $type: 'e2e.account';
  @IsString() name!: string;
  @Allow() @Exclude({ toPlainOnly: true }) passwordHash?: string;
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    if (!token || token === 'bad') return null;
    return { id: token, scopes: token === 'admin' ? ['admin'] : [] };
  }
}

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly latch = new Latch();
  readonly sessions = new Set<string>();
}

type Session = StreamSession<Note | Account, StreamUser | null>;

@StreamEndpoint('echo')
export class EchoEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: Session): void {
    this.desk.sessions.add(session.id);
    this.desk.log.push(`echo opened for ${session.user?.id ?? 'nobody'}`);
  }

  @OnStreamMessage(Note)
  handle(session: Session, message: Note): Note {
    if (!(message instanceof Note)) throw new TypeError('not decoded');
    this.desk.log.push(`${session.endpoint} ${session.user?.id ?? 'nobody'}`);
    return note(message.text.toUpperCase());
  }

  @OnStreamMessage(Task)
  async work(session: Session, { text }: Task): Promise<AsyncIterable<Note> | Note[] | void> {
    if (text === 'wait') await this.desk.latch.pass();
    if (text === 'throw') throw new Error('stack and all');
    if (text === 'state') session.setUserObject({ some: 'state' });
    if (text.startsWith('count ')) return this.count(Number(text.slice(6)));
  }

  @OnStreamMessage(Account)
  account(_session: Session, { name }: Account): Account {
    return create(Account, { name, passwordHash: 'scrypt$1$2$3' });
  }

  @OnStreamClosed()
  closed(session: Session, { code }: SessionCloseReason): void {
    this.desk.sessions.delete(session.id);
    this.desk.log.push(`echo closed ${code}`);
  }

  private async *count(end: number): AsyncGenerator<Note> {
    for (let at = 0; at < end; at++) yield note(String(at));
  }
}

@StreamEndpoint('members', { requireLogin: true })
export class MembersEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(): void {
    this.desk.log.push('members opened');
  }

  @OnStreamMessage(Note)
  handle(session: StreamSession<Note, StreamUser>, message: Note): Note {
    return note(`${session.user.id}: ${message.text}`);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, { code }: SessionCloseReason): void {
    this.desk.log.push(`members closed ${code}`);
  }
}

@StreamEndpoint('admins', { requiredScopes: ['admin'] })
export class AdminsEndpoint {
  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note, StreamUser>, message: Note): Note {
    return message;
  }
}

/** An endpoint that a module of the application brings. */
@StreamEndpoint('shop-echo')
export class ShopEchoEndpoint {
  @OnStreamMessage(Note)
  handle(_session: Session, message: Note): Note {
    return note(`shop ${message.text}`);
  }
}

@Module({ providers: [ShopEchoEndpoint] })
class ShopModule {}

type Streams = StreamsOf<{
  echo: EchoEndpoint;
  members: MembersEndpoint;
  admins: AdminsEndpoint;
  'shop-echo': ShopEchoEndpoint;
}>;

const start = (options?: StreamsModuleOptions) =>
  startApp({
    options: { authenticator: Users, ...options },
    imports: [ShopModule],
    providers: [Desk, EchoEndpoint, MembersEndpoint, AdminsEndpoint],
  });

/** A client whose credential the test may change. */
function clientOf(target: Pick<RunningApp, 'port'>, token: string | null = null) {
  const credential = { token };
  const options = { ...towards(target), messages: [...MESSAGES, Account], auth: () => credential.token };
  const client = tracked(createStreamClient<Streams>()(options as never)) as ReturnType<typeof untyped>;
  return Object.assign(client, { credential });
}

const untyped = () => createStreamClient<Streams>()({ url: '', messages: [Note, Task, Account] as const });

const open = (id: number, endpoint: string) => ({ t: 'open', id, endpoint });
const say = (id: number, endpoint: string, data: object = { text: 'x' }, type = 'e2e.note') => ({
  t: 'message',
  id,
  endpoint,
  type,
  data,
});
const texts = (messages: readonly object[]) => messages.map((message) => (message as Note).text);
const codeOf = (error: Record<string, unknown>) => (error.error as { code: string }).code;

afterEach(stopAll);

describe('Sending and receiving', () => {
  it('1: three messages to an endpoint are answered on its stream in the order sent', async () => {
    const client = await connected(clientOf(await start()));
    const read = collect(client.echo.stream);

    for (const text of ['a', 'b', 'c']) void client.echo.sendStreamMessage(note(text));

    await until(() => read.length === 3);
    expect(texts(read)).toEqual(['A', 'B', 'C']);
  });

  it('2: a class is decoded on the server, and what it becomes reaches the client as its class', async () => {
    const client = await connected(clientOf(await start()));
    const reader = client.echo.stream[Symbol.asyncIterator]();

    await client.echo.sendStreamMessage(note('x'));

    const { value } = await reader.next();
    expect(value).toBeInstanceOf(Note);
    expect(value).toMatchObject({ text: 'X' });
  });

  it('3: an endpoint of a module answers on its own stream, and none other', async () => {
    const client = await connected(clientOf(await start()));
    const [shop, echo] = [collect(client['shop-echo'].stream), collect(client.echo.stream)];

    await client['shop-echo'].sendStreamMessage(note('a'));
    await client.echo.sendStreamMessage(note('b'));

    await until(() => shop.length + echo.length === 2);
    expect([texts(shop), texts(echo)]).toEqual([['shop a'], ['B']]);
  });

  it('45: a message for a stream that is not open is answered, and the connection lives', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(say(1, 'echo'));
    expect(codeOf(await raw.frame('error', 1))).toBe('STREAM_NOT_OPEN');
    raw.sendJson(open(2, 'echo'));
    raw.sendJson(say(3, 'echo'));

    await raw.frame('ack', 3);
  });

  it('46: a single result is one message and then the answer', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(open(1, 'echo'));
    raw.sendJson(say(2, 'echo'));

    await raw.frame('ack', 2);
    expect(raw.frames.slice(-2)).toMatchObject([{ t: 'message' }, { t: 'ack' }]);
  });

  it('47: a counting result delivers 0 to n-1, in order', async () => {
    const client = await connected(clientOf(await start()));
    const read = collect(client.echo.stream);

    await client.echo.sendStreamMessage(task('count 500'));

    await until(() => read.length === 500);
    expect(texts(read)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)));
  });

  it('48: the end of one stream leaves the connection and the others', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));
    raw.sendJson(open(2, 'shop-echo'));

    raw.sendJson({ t: 'close', id: 3, endpoint: 'echo' });
    await raw.frame('closed', 3);
    raw.sendJson(say(4, 'shop-echo'));

    await raw.frame('ack', 4);
  });

  it('99: a handler that throws for one message handles the next, and the sender is told', async () => {
    const client = await connected(clientOf(await start()));

    const outcomes = await Promise.allSettled([
      client.echo.sendStreamMessage(task('throw')),
      client.echo.sendStreamMessage(note('x')),
    ]);

    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'INTERNAL' } },
      { status: 'fulfilled' },
    ]);
  });

  it('100: a slow handler delays neither another endpoint nor the pong', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port);
    for (const frame of [open(1, 'echo'), open(2, 'shop-echo')]) raw.sendJson(frame);

    raw.sendJson(say(3, 'echo', { text: 'wait' }, 'e2e.task'));
    raw.sendJson(say(4, 'echo'));
    raw.sendJson(say(5, 'shop-echo'));
    raw.sendJson({ t: 'ping' });

    await raw.frame('pong');
    await raw.frame('ack', 5);
    expect(raw.frames.some(({ endpoint, t }) => t === 'ack' && endpoint === 'echo')).toBe(false);
    target.get(Desk).latch.open();
    await raw.frame('ack', 4);
  });
});

describe('Access', () => {
  it('4: a message of an anonymous client is refused where a sign-in is required, and nothing breaks', async () => {
    const client = await connected(clientOf(await start()));

    expect(await failureOf(client.members.sendStreamMessage(note('x')))).toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await client.echo.sendStreamMessage(note('x'));
  });

  it('5: after signing in and reconnecting the same endpoint answers', async () => {
    const client = await connected(clientOf(await start()));
    await failureOf(client.members.sendStreamMessage(note('x')));

    await client.close();
    client.credential.token = 'ada';
    await client.connectWebSocket();

    await client.members.sendStreamMessage(note('x'));
  });

  it('6: an anonymous connection is signed in in place, and the endpoint answers', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const { connection } = client.connectionStatus as { connection: string };
    await failureOf(client.members.sendStreamMessage(note('x')));

    client.credential.token = 'ada';
    await client.authenticate();
    await client.members.sendStreamMessage(note('x'));

    expect(client.connectionStatus).toMatchObject({ connection, user: 'ada' });
  });

  it('7: a user without the scope is refused', async () => {
    const client = await connected(clientOf(await start(), 'ada'));

    expect(await failureOf(client.admins.sendStreamMessage(note('x')))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('8: a user with the scope is answered', async () => {
    const client = await connected(clientOf(await start(), 'admin'));

    await client.admins.sendStreamMessage(note('x'));
  });

  it('43: no credential, or a wrong one, does not open what requires a sign-in', async () => {
    const target = await start();
    const [anonymous, wrong] = [await RawSocket.hello(target.port), await RawSocket.upgrade(target.port)];

    anonymous.sendJson(open(1, 'members'));
    wrong.sendJson({ t: 'hello', v: 1, token: 'bad' });

    expect(codeOf(await anonymous.frame('error', 1))).toBe('UNAUTHENTICATED');
    expect(await wrong.closing()).toBe(4501);
  });

  it('44: a credential without the scope does not open, with it does', async () => {
    const target = await start();
    const [ada, admin] = [
      await RawSocket.hello(target.port, 'ada'),
      await RawSocket.hello(target.port, 'admin'),
    ];

    for (const raw of [ada, admin]) raw.sendJson(open(1, 'admins'));

    expect(codeOf(await ada.frame('error', 1))).toBe('FORBIDDEN');
    await admin.frame('opened', 1);
  });

  it('93: a credential gives the identity before the first handler, for all messages; a bad one is refused', async () => {
    const target = await start();
    const client = await connected(clientOf(target, 'ada'));
    for (const text of ['a', 'b']) await client.echo.sendStreamMessage(note(text));
    const bad = clientOf(target, 'bad');

    expect(await failureOf(bad.connectWebSocket())).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(target.get(Desk).log).toEqual(['echo opened for ada', 'echo ada', 'echo ada']);
  });

  it('101: closed runs once for what was opened, also after signing out, and never for others', async () => {
    const target = await start();
    const client = await connected(clientOf(target, 'ada'));
    await client.members.sendStreamMessage(note('x'));
    await client.echo.sendStreamMessage(note('x'));
    await failureOf(client.admins.sendStreamMessage(note('x')));

    client.credential.token = null;
    await client.authenticate();
    await client.close();

    await untilNothingIsLeft(target);
    expect(
      target
        .get(Desk)
        .log.filter((entry) => entry.includes('closed'))
        .toSorted(),
    ).toEqual(['echo closed connection-lost', 'members closed access-lost']);
  });

  it('102: signing in opens what it newly allows to a client that waits for it, signing out closes it', async () => {
    const target = await start();
    const { log } = target.get(Desk);
    const client = await connected(clientOf(target));
    client.members.addStreamOpenedListener(() => undefined);
    await client.echo.sendStreamMessage(note('x'));

    client.credential.token = 'ada';
    await client.authenticate();
    await until(() => log.includes('members opened'));
    client.credential.token = null;
    await client.authenticate();

    await until(() => log.includes('members closed access-lost'));
  });
});

describe('Opening', () => {
  it.each([
    ['an endpoint that is none', open(9, 'nowhere'), 'UNKNOWN_ENDPOINT'],
    ['a message that it does not take', say(9, 'shop-echo', {}, 'e2e.task'), 'UNKNOWN_MESSAGE'],
    ['a message that is none', say(9, 'shop-echo', {}, 'e2e.nothing'), 'UNKNOWN_MESSAGE'],
  ])('40: %s is answered', async (_, frame, code) => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'shop-echo'));

    raw.sendJson(frame);

    expect(codeOf(await raw.frame('error', 9))).toBe(code);
  });

  it('41: a message without what it must have is refused, and says what', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson(say(2, 'echo', {}));

    expect(await raw.frame('error', 2)).toMatchObject({
      error: {
        code: 'INVALID_MESSAGE',
        details: expect.arrayContaining([{ path: 'text', message: 'text must be a string' }]),
      },
    });
  });

  it('42: a good one succeeds, with the id of its session', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(open(1, 'echo'));

    expect(await raw.frame('opened', 1)).toMatchObject({ endpoint: 'echo', session: expect.any(String) });
  });
});

describe('The wire', () => {
  it('66: ping is answered by pong, pong by nothing', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson({ t: 'pong' });
    raw.sendJson({ t: 'ping' });

    await raw.frame('pong');
    expect(raw.frames.map(({ t }) => t)).toEqual(['welcome', 'pong']);
  });

  it('67: an unknown frame is answered and what else is open goes on', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson({ t: 'bad_request', id: 2 });

    expect(codeOf(await raw.frame('error', 2))).toBe('UNKNOWN_FRAME');
    raw.sendJson(say(3, 'echo'));
    await raw.frame('ack', 3);
  });

  it('68: a frame that only a server sends closes the connection that sent it, and no other', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const raw = await RawSocket.hello(target.port);

    raw.sendJson({ t: 'opened', endpoint: 'echo', session: 'forged' });

    expect(await raw.closing()).toBe(4500);
    await client.echo.sendStreamMessage(note('x'));
  });

  it('69: frames leave out what they do not have', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada');
    for (const frame of [
      open(1, 'echo'),
      say(2, 'echo'),
      say(3, 'nowhere'),
      { t: 'auth', id: 4, token: 'ada' },
    ])
      raw.sendJson(frame);
    raw.sendJson({ t: 'close', id: 5, endpoint: 'echo' });
    await raw.frame('closed', 5);

    const emptyFields = raw.frames.flatMap((frame) =>
      Object.entries(frame).filter(([, value]) => value === null || value === ''),
    );

    expect(emptyFields).toEqual([]);
    expect(Object.keys(await raw.frame('ack'))).toEqual(['t', 'endpoint', 'id']);
    expect(Object.keys((await raw.frame('error')).error as object)).toEqual(['code', 'message']);
  });

  it.each([
    ['the wrong case', '{"t":"OPEN","id":9,"endpoint":"echo"}'],
    ['no type', '{"t":null,"id":9}'],
    ['no JSON', 'open echo'],
    ['a missing field', '{"t":"open","id":9}'],
    ['a field of the wrong type', '{"t":"open","id":9,"endpoint":7}'],
    ['a list', '[]'],
  ])('70: %s is answered as an error, never a crash', async (_, payload) => {
    const raw = await RawSocket.hello((await start()).port);

    raw.send(rawFrame({ payload }));

    expect(['BAD_JSON', 'BAD_FRAME', 'UNKNOWN_FRAME']).toContain(codeOf(await raw.frame('error')));
    raw.sendJson(open(1, 'echo'));
    await raw.frame('opened');
  });

  it('71: what is for the server alone leaves it neither in messages nor in errors', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson(say(2, 'echo', { name: 'ada' }, 'e2e.account'));
    raw.sendJson(say(3, 'echo', { text: 'throw' }, 'e2e.task'));
    await raw.frame('error', 3);

    expect(await raw.frame('message')).toMatchObject({ type: 'e2e.account', data: { name: 'ada' } });
    expect(JSON.stringify(raw.frames)).not.toMatch(/scrypt|stack and all|\.ts:\d/);
  });

  it('98: what is malformed or unknown is answered with its id, and other endpoints go on', async () => {
    const raw = await RawSocket.hello((await start()).port);
    for (const frame of [open(1, 'echo'), open(2, 'shop-echo')]) raw.sendJson(frame);

    raw.sendJson({ t: 'open', id: 3, endpoint: 7 });
    raw.sendJson(open(4, 'nowhere'));
    raw.sendJson(say(5, 'echo', {}, 'e2e.nothing'));
    raw.sendJson(say(6, 'shop-echo'));

    await raw.frame('ack', 6);
    expect([3, 4, 5].map((id) => raw.frames.find((frame) => frame.id === id)?.t)).toEqual([
      'error',
      'error',
      'error',
    ]);
  });
});

describe('The client', () => {
  it('9: is connecting, then connected, and stays so without traffic', async () => {
    const target = await start({ heartbeat: { pingMs: 30, pongMs: 30 } });
    const statuses: string[] = [];
    const client = clientOf(target);
    client.addConnectionStatusListener(({ kind }) => statuses.push(kind));
    const raw = await RawSocket.hello(target.port);
    expect(client.connectionStatus.kind).toBe('idle');

    const connecting = client.connectWebSocket();
    expect(client.connectionStatus.kind).toBe('connecting');
    await connecting;
    // As long as another silent client is asked three times whether it lives.
    for (const count of [1, 2, 3]) {
      await raw.until(() => raw.frames.filter(({ t }) => t === 'ping').length >= count);
      raw.sendJson({ t: 'pong' });
    }

    expect(statuses).toEqual(['connecting', 'connected']);
  });

  it('10: closes and connects again at once', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    await client.echo.sendStreamMessage(note('x'));

    await client.close();
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 1000 });
    await client.connectWebSocket();

    await client.echo.sendStreamMessage(note('x'));
    await until(() => target.streams.counters().connections === 1);
  });

  it('11: takes a connection that is silent beyond the heartbeat for lost', async () => {
    const target = await start({ heartbeat: { pingMs: 60, pongMs: 60 } });
    const link = await Link.to(target.port);
    const statuses: ConnectionStatus[] = [];
    const client = clientOf({ port: link.port });
    client.addConnectionStatusListener((status) => statuses.push(status));
    await connected(client);

    link.freeze();

    await until(() => statuses.some(({ kind }) => kind === 'waiting'));
    expect(statuses.find(({ kind }) => kind === 'waiting')).toMatchObject({ code: 4002 });
    await client.close();
    link.close();
  });

  it('77: opens its streams again when the server has been restarted', async () => {
    const first = await start({ shutdown: { spreadMs: 1 } });
    const link = await Link.to(first.port);
    const client = await connected(clientOf({ port: link.port }));
    const read = collect(client.echo.stream);
    await client.echo.sendStreamMessage(note('before'));
    await first.app.close();
    await until(() => client.connectionStatus.kind !== 'connected');

    link.target = (await start()).port;
    await client.echo.sendStreamMessage(note('after'), { offline: 'queue' });

    await until(() => read.length === 2);
    expect(texts(read)).toEqual(['BEFORE', 'AFTER']);
    await client.close();
    link.close();
  });

  it('78: says that it could not connect to nobody, or to one who is silent, and tries again', async () => {
    const sockets: unknown[] = [];
    const silent: Server = createServer((socket) => void sockets.push(socket.resume()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const statuses: ConnectionStatus[] = [];
    const waits = () => statuses.filter(({ kind }) => kind === 'waiting') as Array<{ reason: string }>;
    const client = tracked(
      createStreamClient<Streams>()({
        ...towards({ port }),
        messages: [Note, Task, Account],
        connectTimeoutMs: 50,
      }),
    );
    client.addConnectionStatusListener((status) => statuses.push(status));
    void client.connectWebSocket().catch(() => undefined);

    await until(() => waits().length === 1);
    expect(waits()[0]!.reason).toContain('CONNECT_TIMEOUT');
    expect(sockets).toHaveLength(1);
    silent.close();
    for (const socket of sockets) (socket as { destroy(): void }).destroy();

    await until(() => waits().length >= 3);
    expect(client.connectionStatus.kind).not.toBe('closed');
  });

  it('87: has its credential in the first frame and never in the URL', async () => {
    const target = await start();
    const requests: string[] = [];
    target.app
      .getHttpServer()
      .prependListener('upgrade', (request: { url: string; rawHeaders: string[] }) => {
        requests.push(request.url + request.rawHeaders.join());
      });

    await connected(clientOf(target, 'secret-token'));

    expect(requests).toHaveLength(1);
    expect(requests[0]).not.toContain('secret-token');
  });
});

describe('Ends', () => {
  it.each([1, 5])('38: the end of the server ends %i connections', async (count) => {
    const target = await start();
    const raws = await Promise.all(Array.from({ length: count }, () => RawSocket.hello(target.port)));

    await Promise.all([target.app.close(), ...raws.map((raw) => raw.ended())]);

    expect(raws.map(({ closeCode }) => closeCode)).toEqual(Array(count).fill(4006));
  });

  it('39: the server ends although a client does not read and a handler does not return', async () => {
    const target = await start({ shutdown: { deadlineMs: 150 } });
    const { latch } = target.get(Desk);
    const [deaf, busy] = [await RawSocket.hello(target.port), await RawSocket.hello(target.port)];
    busy.sendJson(open(1, 'echo'));
    busy.sendJson(say(2, 'echo', { text: 'wait' }, 'e2e.task'));
    await until(() => latch.size === 1);
    deaf.socket.pause();

    await target.app.close();

    expect(await busy.closing()).toBe(4006);
  });

  it('103: many connects, states and disconnects leave no session', async () => {
    const target = await start({ limits: { maxConnectionsPerUser: 1_000 } });
    const cycle = async () => {
      const raw = await RawSocket.hello(target.port, 'ada');
      raw.send(
        Buffer.concat(
          [open(1, 'echo'), say(2, 'echo', { text: 'state' }, 'e2e.task')].map((one) => jsonFrame(one)),
        ),
      );
      await raw.frame('ack', 2);
      raw.destroy();
    };

    for (let round = 0; round < 15; round++) await Promise.all(Array.from({ length: 20 }, cycle));

    await untilNothingIsLeft(target);
    expect(target.get(Desk).sessions.size).toBe(0);
    expect(target.get(Desk).log.filter((entry) => entry.startsWith('echo closed'))).toHaveLength(300);
  });

  it.each([
    ['an oversized frame', [rawFrame({ payload: 'x'.repeat(70_000) })], [1009]],
    ['a flood', Array.from({ length: 3_000 }, () => jsonFrame({ t: 'ping' })), [4004]],
  ])('116: %s closes the connection that sent it, and no other', async (_, frames, codes) => {
    const target = await start();
    const client = await connected(clientOf(target));
    const raw = await RawSocket.hello(target.port);

    raw.send(Buffer.concat(frames));

    expect(codes).toContain(await raw.closing());
    await client.echo.sendStreamMessage(note('x'));
    expect(client.connectionStatus.kind).toBe('connected');
  });
});
