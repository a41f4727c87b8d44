import {
  Inject,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
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
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note } from './messages.js';
import {
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

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly latch = new Latch();
  readonly seen: StreamHandshake[] = [];
}

@Module({ providers: [Desk], exports: [Desk] })
class DeskModule {}

/** Takes `user` and `user:scope,scope`; refuses anything that begins with "bad". */
@Injectable()
class Users extends StreamAuthenticator {
  constructor(@Inject(Desk) private readonly desk: Desk) {
    super();
  }

  authenticate(handshake: StreamHandshake): StreamUser | null {
    this.desk.seen.push(handshake);
    if (!handshake.token || handshake.token.startsWith('bad')) return null;
    if (handshake.token === 'throw') throw new UnauthorizedException();
    const [id, scopes = ''] = handshake.token.split(':');
    return { id: id!, scopes: scopes.split(',') };
  }
}

@Injectable()
class NotMalloryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToWs().getClient<StreamSession<never, StreamUser | null>>();
    return user?.id !== 'mallory' && !user?.scopes?.includes('suspended');
  }
}

type Session = StreamSession<Note, StreamUser | null>;

@StreamEndpoint('everyone')
export class EveryoneEndpoint {
  @OnStreamMessage(Note)
  handle(session: Session, message: Note): Note {
    return note(`${session.user?.id ?? 'nobody'}: ${message.text}`);
  }
}

@StreamEndpoint('guarded')
@UseGuards(NotMalloryGuard)
export class GuardedEndpoint {
  @OnStreamMessage(Note)
  handle(_session: Session, message: Note): Note {
    return message;
  }
}

@StreamEndpoint('members', { requireLogin: true })
export class MembersEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note, StreamUser>): Promise<void> {
    const { headers } = session.handshake;
    if (headers['x-open'] === 'wait') await this.desk.latch.pass();
    this.desk.log.push(`opened for ${session.user?.id}`);
  }

  @OnStreamMessage(Note)
  async handle(session: StreamSession<Note, StreamUser>, message: Note): Promise<Note> {
    if (message.text === 'wait') await this.desk.latch.pass();
    return note(`${session.user?.id}: ${message.text}`);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, { code }: SessionCloseReason): void {
    this.desk.log.push(`closed ${code}`);
  }
}

@StreamEndpoint('admins', { requiredScopes: ['admin', 'audit'] })
export class AdminsEndpoint {
  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note, StreamUser>, message: Note): Note {
    return message;
  }
}

@StreamEndpoint('inbox', { open: 'on-connect', requireLogin: true })
export class InboxEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession<Note, StreamUser>): Note {
    return note(`inbox of ${session.user.id}`);
  }
}

type Streams = StreamsOf<{
  everyone: EveryoneEndpoint;
  guarded: GuardedEndpoint;
  members: MembersEndpoint;
  admins: AdminsEndpoint;
  inbox: InboxEndpoint;
}>;

const start = (options?: StreamsModuleOptions) =>
  startApp({
    options: { authenticator: Users, imports: [DeskModule], ...options },
    imports: [DeskModule],
    providers: [EveryoneEndpoint, GuardedEndpoint, MembersEndpoint, AdminsEndpoint, InboxEndpoint],
  });

/** A client whose credential the test changes. */
function clientOf(target: RunningApp, token: string | null = null) {
  const credential = { token };
  const auth = () => credential.token;
  const client = tracked(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES, auth }));
  return { client, credential };
}

const open = (id: number, endpoint: string) => ({ t: 'open', id, endpoint });
const say = (id: number, endpoint: string, text = 'x') => ({
  t: 'message',
  id,
  stream: endpoint,
  type: 'e2e.note',
  data: { text },
});

afterEach(stopAll);

describe('A credential', () => {
  const cases: ReadonlyArray<
    readonly [where: string, headers: Record<string, string>, token: string | undefined, user: string | null]
  > = [
    ['nowhere', {}, undefined, null],
    ['in the first frame', {}, 'ada', 'ada'],
    ['in a header', { Authorization: 'Bearer bob' }, undefined, 'bob'],
    ['in a cookie', { Cookie: 'a=1; sid=cyd; b=2', Origin: 'http://localhost' }, undefined, 'cyd'],
    ['in another cookie', { Cookie: 'pid=cyd', Origin: 'http://localhost' }, undefined, null],
    [
      'in the frame before the header',
      { Authorization: 'Bearer bob', Cookie: 'sid=cyd', Origin: 'http://localhost' },
      'ada',
      'ada',
    ],
    [
      'in the header before the cookie',
      { Authorization: 'bearer bob', Cookie: 'sid=cyd', Origin: 'http://localhost' },
      undefined,
      'bob',
    ],
  ];

  it.each(cases)('%s is found', async (_, headers, token, user) => {
    const raw = await RawSocket.upgrade((await start({ cookie: 'sid' })).port, '/streams', headers);

    raw.sendJson({ t: 'hello', v: 1, token });

    expect(await raw.frame('welcome')).toMatchObject({ user });
  });

  it('is looked at once a connection, with what the connection brought', async () => {
    const target = await start({ cookie: 'sid' });
    const raw = await RawSocket.upgrade(target.port, '/streams', {
      'X-Device': 'phone',
      Cookie: 'sid=cyd',
      Origin: 'http://localhost',
    });
    raw.sendJson({ t: 'hello', v: 1 });
    raw.sendJson(open(1, 'members'));
    raw.sendJson(say(2, 'members'));
    await raw.frame('ack', 2);

    const [handshake, ...others] = target.get(Desk).seen;

    expect(others).toEqual([]);
    expect(handshake).toMatchObject({ token: 'cyd', address: '127.0.0.1', cookies: { sid: 'cyd' } });
    expect(handshake!.headers['x-device']).toBe('phone');
  });

  it.each(['bad', 'throw'])('that is refused never becomes anonymous: %s', async (token) => {
    const { client } = clientOf(await start(), token);

    expect(await failureOf(client.connectWebSocket())).toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 4501 });
  });

  it('is refused where no authenticator could accept it', async () => {
    const raw = await RawSocket.upgrade((await start({ authenticator: undefined })).port);

    raw.sendJson({ t: 'hello', v: 1, token: 'ada' });

    expect(await raw.closing()).toBe(4501);
  });
});

describe('An endpoint', () => {
  it.each([
    [null, 'members', 'UNAUTHENTICATED'],
    ['ada', 'members', undefined],
    [null, 'admins', 'UNAUTHENTICATED'],
    ['ada:admin', 'admins', 'FORBIDDEN'],
    ['ada:audit,admin', 'admins', undefined],
    ['mallory', 'guarded', 'FORBIDDEN'],
    [null, 'guarded', undefined],
  ] as const)('is asked for by %p: %s answers %p', async (token, endpoint, code) => {
    const { client } = clientOf(await start(), token);
    await connected(client);

    const outcome = await client[endpoint].sendStreamMessage(note('x')).catch((error: unknown) => error);

    expect((outcome as { code?: string } | undefined)?.code).toBe(code);
    // The connection is whole, whatever the answer was.
    await client.everyone.sendStreamMessage(note('x'));
  });
});

describe('Signing in', () => {
  it('opens what it allows on the open connection, and what opens by itself', async () => {
    const { client, credential } = clientOf(await start());
    await connected(client);
    const { connection } = client.connectionStatus as { connection: string };
    await failureOf(client.members.sendStreamMessage(note('x')));

    credential.token = 'ada';
    await client.authenticate();

    expect(client.connectionStatus).toEqual({ kind: 'connected', user: 'ada', connection });
    await client.members.sendStreamMessage(note('x'));
    const inbox = client.inbox.stream[Symbol.asyncIterator]();
    expect((await inbox.next()).value).toMatchObject({ text: 'inbox of ada' });
  });

  it('that is refused leaves the connection what it was', async () => {
    const { client, credential } = clientOf(await start(), 'ada');
    await connected(client);
    await client.members.sendStreamMessage(note('x'));

    credential.token = 'bad';
    const error = await failureOf(client.authenticate());

    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: 'ada' });
    await client.members.sendStreamMessage(note('x'));
  });

  it('ends the sessions of nobody, and opens new ones of the user', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port);
    raw.sendJson(open(1, 'everyone'));
    raw.sendJson(say(2, 'everyone'));
    await raw.frame('ack', 2);

    raw.sendJson({ t: 'auth', id: 3, token: 'ada' });
    raw.sendJson(open(5, 'everyone'));
    raw.sendJson(say(4, 'everyone'));

    await raw.frame('ack', 4);
    const texts = raw.frames.filter(({ t, stream }) => t === 'message' && stream === 'everyone');
    expect(texts).toMatchObject([{ data: { text: 'nobody: x' } }, { data: { text: 'ada: x' } }]);
    expect(await raw.frame('closed')).toMatchObject({
      stream: 'everyone',
      reason: { code: 'identity-changed' },
    });
  });

  it('with fewer scopes closes what needs them', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada:admin,audit');
    raw.sendJson(open(1, 'admins'));
    raw.sendJson(open(2, 'members'));
    await raw.frame('opened', 2);

    raw.sendJson({ t: 'auth', id: 3, token: 'ada:admin' });

    expect(await raw.frame('closed')).toMatchObject({ stream: 'admins', reason: { code: 'access-lost' } });
    raw.sendJson(say(4, 'members'));
    await raw.frame('ack', 4);
  });

  it('asks guards of the application too', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada:moderator');
    raw.sendJson(open(1, 'guarded'));
    raw.sendJson(open(2, 'everyone'));
    await raw.frame('opened', 2);

    raw.sendJson({ t: 'auth', id: 3, token: 'ada:suspended' });

    expect(await raw.frame('closed')).toMatchObject({ stream: 'guarded', reason: { code: 'access-lost' } });
    expect(raw.frames.filter(({ t }) => t === 'closed')).toHaveLength(1);
  });
});

describe('Signing out', () => {
  it('ends each stream once, and opens again what nobody may have', async () => {
    const target = await start();
    const { client, credential } = clientOf(target, 'ada');
    await connected(client);
    const reading = (async () => {
      for await (const _ of client.members.stream);
    })();
    await client.members.sendStreamMessage(note('x'));
    await client.everyone.sendStreamMessage(note('x'));

    credential.token = null;
    await client.authenticate();

    expect(await failureOf(reading)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(client.connectionStatus).toMatchObject({ kind: 'connected', user: null });
    await client.everyone.sendStreamMessage(note('x'));
    await client.close();
    await untilNothingIsLeft(target);
    expect(target.get(Desk).log).toEqual(['opened for ada', 'closed identity-changed']);
  });

  it('refuses what was sent behind it', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada');
    raw.sendJson(open(1, 'members'));
    await raw.frame('opened', 1);

    raw.send(Buffer.concat([jsonFrame({ t: 'auth', id: 2, token: null }), jsonFrame(say(3, 'members'))]));

    expect(['UNAUTHENTICATED', 'STREAM_NOT_OPEN']).toContain(
      ((await raw.frame('error', 3)).error as { code: string }).code,
    );
  });

  it('takes away a stream that is opening', async () => {
    const target = await start();
    const { log, latch } = target.get(Desk);
    const raw = await RawSocket.upgrade(target.port, '/streams', { 'X-Open': 'wait' });
    raw.sendJson({ t: 'hello', v: 1, token: 'ada' });
    raw.sendJson(open(1, 'members'));
    await until(() => latch.size === 1);
    raw.sendJson({ t: 'auth', id: 2, token: null });
    await raw.frame('authenticated', 2);

    latch.open();

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'IDENTITY_CHANGED' } });
    await until(() => log.length === 2);
    expect(log).toEqual(['opened for ada', 'closed identity-changed']);
    raw.sendJson(say(3, 'members'));
    expect(await raw.frame('error', 3)).toMatchObject({ error: { code: 'STREAM_NOT_OPEN' } });
  });

  it('does not wait for the handlers of what it closes', async () => {
    const target = await start();
    const { latch } = target.get(Desk);
    const raw = await RawSocket.hello(target.port, 'ada');
    for (const frame of [open(1, 'members'), open(2, 'everyone'), say(3, 'members', 'wait')])
      raw.sendJson(frame);
    await until(() => latch.size === 1);

    raw.sendJson({ t: 'auth', id: 4, token: null });
    raw.sendJson(open(5, 'everyone'));
    raw.sendJson(say(6, 'everyone'));

    await raw.frame('ack', 6);
    expect(target.get(Desk).log).not.toContain('closed identity-changed');
    latch.open();
    await until(() => target.get(Desk).log.includes('closed identity-changed'));
  });

  it('and in again while its handlers end opens a new session', async () => {
    const target = await start();
    const { latch } = target.get(Desk);
    const raw = await RawSocket.hello(target.port, 'ada');
    for (const frame of [open(1, 'members'), say(2, 'members', 'wait')]) raw.sendJson(frame);
    await until(() => latch.size === 1);

    raw.sendJson({ t: 'auth', id: 3, token: null });
    raw.sendJson({ t: 'auth', id: 4, token: 'ada' });
    raw.sendJson(open(5, 'members'));
    raw.sendJson(say(6, 'members', 'again'));
    await raw.frame('authenticated', 4);
    latch.open();

    await raw.frame('ack', 6);
    expect(raw.frames.findLast(({ t, stream }) => t === 'message' && stream === 'members')).toMatchObject({
      data: { text: 'ada: again' },
    });
  });
});
