import {
  createParamDecorator,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  NotFoundException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map } from 'rxjs';
import { jest } from '@jest/globals';
import { createStreamClient } from '@nestwire/client';
import { MessagesService } from '@nestwire/messages';
import { CodedError } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  SessionScoped,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  UserObject,
  type OnSessionClosed,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { MESSAGES, Note, note, Order, order, Task, task } from './messages.js';
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
  type AppParts,
  type RunningApp,
} from './start-app.js';

// Each row is a request from the issues of Nest's gateways. Jest fails a test that leaves a rejection unhandled.

/** The record of the handlers of a test, and the latches that they wait for. */
@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly opening = new Latch();
  readonly working = new Latch();
  readonly closed: SessionCloseReason[] = [];
  readonly sessions = new Set<StreamSession<Note>>();
}

/** Refuses who says so in a header. */
@Injectable()
export class HeaderGuard implements CanActivate {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  canActivate(context: ExecutionContext): boolean {
    const { handshake } = context.switchToWs().getClient<StreamSession>();
    this.desk.log.push(`guard ${context.getType()} ${context.switchToWs().getPattern()}`);
    return handshake.headers['x-refuse'] === undefined;
  }
}

@Injectable()
export class Surround implements NestInterceptor {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  intercept(context: ExecutionContext, next: CallHandler) {
    this.desk.log.push(`before ${context.switchToWs().getPattern()}`);
    return next.handle().pipe(map((result: unknown) => result));
  }
}

@Injectable()
export class Translate implements ExceptionFilter {
  catch(error: Error): Error {
    return error.message === 'raw' ? new CodedError('TRANSLATED', 'by a filter') : error;
  }
}

export const Pattern = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToWs().getPattern(),
);

@StreamEndpoint('guarded')
@UseGuards(HeaderGuard)
@UseInterceptors(Surround)
@UseFilters(Translate)
export class GuardedEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: StreamSession<Note>, @Pattern() pattern: string): void {
    this.desk.log.push(`opened ${pattern}`);
    if (session.handshake.headers['x-fail']) throw new Error('raw');
  }

  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, message: Note): Note {
    this.desk.log.push(`note ${message.text}`);
    return message;
  }
}

/** Its open waits, or fails. */
@StreamEndpoint('slow')
export class SlowEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    await this.desk.opening.pass();
    const { 'x-open': how } = session.handshake.headers;
    if (how === 'reject') throw new NotFoundException('no such desk');
    session.setUserObject({ isReady: true });
  }

  @OnStreamMessage(Note)
  handle(session: StreamSession<Note>, message: Note): void {
    this.desk.log.push(`${message.text} ${session.getUserObject() ? 'ready' : 'not ready'}`);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, reason: SessionCloseReason): void {
    this.desk.closed.push(reason);
  }
}

@SessionScoped()
export class Pad implements OnSessionClosed {
  static live = 0;
  notes = 0;

  constructor(private readonly desk: Desk) {
    Pad.live++;
  }

  onSessionClosed(): void {
    Pad.live--;
    this.desk.log.push(`pad of ${this.notes} notes`);
  }
}

@StreamEndpoint('desk')
export class DeskEndpoint {
  constructor(
    private readonly desk: Desk,
    private readonly messages: MessagesService,
  ) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    this.desk.sessions.add(session);
    await session.subscribe('desk');
  }

  @OnStreamMessage(Note)
  async handle(_session: StreamSession<Note>, message: Note, @UserObject() pad: Pad): Promise<void> {
    pad.notes++;
    await this.messages.postMessage('desk', message);
  }

  @OnStreamMessage(Task)
  async work(_session: StreamSession<Note>, { text }: Task): Promise<void> {
    if (text === 'wait') await this.desk.working.pass();
    if (text === 'forbidden') throw new ForbiddenException('not you');
    if (text === 'coded') throw new CodedError('OUT_OF_PAPER', 'no paper', { retryAfterMs: 5 });
    if (text === 'crash') throw new Error('password=hunter2');
  }

  @OnStreamMessage(Order)
  take(_session: StreamSession<Note>, _order: Order): void {}

  @OnStreamClosed()
  closed(session: StreamSession<Note>, reason: SessionCloseReason): void {
    this.desk.sessions.delete(session);
    this.desk.closed.push(reason);
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint; guarded: GuardedEndpoint; slow: SlowEndpoint }>;

const clientOf = (target: RunningApp) =>
  tracked(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES }));

const start = ({ providers = [], ...parts }: AppParts = {}) =>
  startApp({ ...parts, providers: [Desk, Pad, DeskEndpoint, GuardedEndpoint, SlowEndpoint, ...providers] });

/** Upgrades with headers of a test, and says hello. */
async function rawClient({ port }: RunningApp, headers: Record<string, string> = {}): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(port, '/streams', headers);
  raw.sendJson({ t: 'hello', v: 1 });
  await raw.frame('welcome');
  return raw;
}

const openFrame = (endpoint: string, id = 1) => ({ t: 'open', id, endpoint });
const noteFrame = (endpoint: string, id: number, text = 'x') => ({
  t: 'message',
  id,
  stream: endpoint,
  type: 'e2e.note',
  data: { text },
});

afterEach(stopAll);

describe('1: enhancers run when a stream opens', () => {
  it('1: guards, interceptors and param decorators', async () => {
    const target = await start();
    const client = await connected(clientOf(target));

    await client.guarded.sendStreamMessage(note('a'));

    expect(target.get(Desk).log).toEqual([
      'guard ws stream.opened',
      'before stream.opened',
      'opened stream.opened',
      'guard ws e2e.note',
      'before e2e.note',
      'note a',
    ]);
  });

  it('1: a guard refuses the open, and what was sent behind it', async () => {
    const target = await start();
    const raw = await rawClient(target, { 'x-refuse': '1' });

    raw.sendJson(openFrame('guarded'));
    raw.sendJson(noteFrame('guarded', 2));

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    await raw.frame('error', 2);
    expect(target.get(Desk).log).toEqual(['guard ws stream.opened']);
  });

  it('1: a filter translates what the open throws', async () => {
    const raw = await rawClient(await start(), { 'x-fail': '1' });

    raw.sendJson(openFrame('guarded'));

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'TRANSLATED' } });
  });
});

describe('2: frames that come during an asynchronous open', () => {
  it('2: wait for it, in order', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const client = await connected(clientOf(target));
    const sent = ['a', 'b', 'c'].map((text) => client.slow.sendStreamMessage(note(text)));
    await until(() => desk.opening.size === 1);
    expect(desk.log).toEqual([]);

    desk.opening.open();

    await Promise.all(sent);
    expect(desk.log).toEqual(['a ready', 'b ready', 'c ready']);
  });

  it('2: are bounded, and answered beyond that', async () => {
    const target = await start({ options: { limits: { maxPendingMessages: 3 } } });
    const raw = await rawClient(target);
    raw.sendJson(openFrame('slow'));
    for (let id = 2; id < 6; id++) raw.sendJson(noteFrame('slow', id));

    expect(await raw.frame('error')).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 100 } });
    target.get(Desk).opening.open();

    await raw.frame('ack');
  });
});

describe('3: an open that rejects', () => {
  it('3: refuses the stream with its error, serves nothing of it and disturbs nothing else', async () => {
    const target = await start();
    const desk = target.get(Desk);
    desk.opening.open();
    const raw = await rawClient(target, { 'x-open': 'reject' });

    for (const frame of [openFrame('slow'), noteFrame('slow', 2), openFrame('desk', 3)]) raw.sendJson(frame);
    const answers = [await raw.frame('error', 1), await raw.frame('error', 2)];
    await raw.frame('opened', 3);
    raw.sendJson(noteFrame('slow', 4));

    expect(answers).toMatchObject([
      { error: { code: 'NOT_FOUND', message: 'no such desk' } },
      { error: { code: 'NOT_FOUND' } },
    ]);
    expect(await raw.frame('error', 4)).toMatchObject({ error: { code: 'STREAM_NOT_OPEN' } });
    expect(desk.log).toEqual([]);
    expect(target.streams.counters().sessions).toBe(1);
    raw.destroy();
    await untilNothingIsLeft(target);
    expect(desk.closed).toHaveLength(1);
  });

  it('3: may be tried again', async () => {
    const target = await start();
    const raw = await rawClient(target, { 'x-open': 'reject' });
    target.get(Desk).opening.open();

    raw.sendJson(openFrame('slow', 1));
    await raw.frame('error', 1);
    raw.sendJson(openFrame('slow', 2));

    await raw.frame('error', 2);
  });
});

describe('4: a validation error', () => {
  it.each([
    ['by nestwire alone', undefined],
    ['with a global ValidationPipe', new ValidationPipe({ whitelist: true })],
  ])('4: says what is wrong and where, %s', async (_, pipe) => {
    const target = await start({ prepare: (app) => pipe && app.useGlobalPipes(pipe) });
    const client = await connected(clientOf(target));

    const error = await failureOf(client.desk.sendStreamMessage(order('many')));

    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'amount.cents', message: expect.stringContaining('integer') }],
    });
    expect(JSON.stringify(error)).not.toContain('many');
    await client.desk.sendStreamMessage(order(5));
  });
});

describe('5: errors belong to their message', () => {
  it('5: among many in flight', async () => {
    const client = await connected(clientOf(await start()));
    const texts = Array.from({ length: 30 }, (_, index) =>
      index % 3 ? `fine ${index}` : index % 2 ? 'coded' : 'forbidden',
    );

    const outcomes = await Promise.allSettled(texts.map((text) => client.desk.sendStreamMessage(task(text))));

    const codes = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? (outcome.reason as CodedError).code : '',
    );
    expect(codes).toEqual(
      texts.map((text) => ({ coded: 'OUT_OF_PAPER', forbidden: 'FORBIDDEN' })[text] ?? ''),
    );
  });

  it('5: and tell what they are told to, of anything else an id alone', async () => {
    const client = await connected(clientOf(await start()));

    const [coded, crash] = await Promise.all(
      ['coded', 'crash'].map((text) => failureOf(client.desk.sendStreamMessage(task(text)))),
    );

    expect(coded).toMatchObject({ code: 'OUT_OF_PAPER', message: 'no paper', retryAfterMs: 5 });
    expect(crash).toMatchObject({ code: 'INTERNAL', message: expect.stringMatching(/Error id: \w{8}$/) });
  });
});

describe('7: the scope of a session', () => {
  it('7: is made once, kept for all messages, and disposed', async () => {
    const target = await start();
    const [one, other] = [await connected(clientOf(target)), await connected(clientOf(target))];

    for (const text of ['a', 'b', 'c']) await one.desk.sendStreamMessage(note(text));
    await other.desk.sendStreamMessage(note('d'));
    expect(Pad.live).toBe(2);
    await one.close();
    await until(() => Pad.live === 1);
    await other.close();
    await until(() => Pad.live === 0);

    expect(target.get(Desk).log).toEqual(['pad of 3 notes', 'pad of 1 notes']);
  });
});

describe('8: what the ws adapter lacks', () => {
  it('8: broadcasts to all who subscribed, the same bytes for each', async () => {
    const target = await start();
    const raws = await Promise.all([rawClient(target), rawClient(target)]);
    for (const raw of raws) raw.sendJson(openFrame('desk'));
    await Promise.all(raws.map((raw) => raw.frame('opened')));

    await target.messages.postMessage('desk', note('to all'));

    const frames = await Promise.all(raws.map((raw) => raw.frame('publication')));
    expect(frames[0]).toEqual({
      t: 'publication',
      channel: 'desk',
      type: 'e2e.note',
      data: { text: 'to all' },
    });
    expect(frames[1]).toEqual(frames[0]);
  });

  it('8: answers each message, also when its handler fails', async () => {
    const raw = await rawClient(await start());

    raw.sendJson(openFrame('desk'));
    raw.sendJson(noteFrame('desk', 2));
    raw.sendJson({ t: 'message', id: 3, stream: 'desk', type: 'e2e.task', data: { text: 'crash' } });
    raw.sendJson(noteFrame('desk', 4));

    await raw.frame('ack', 4);
    expect(raw.frames.filter(({ t }) => t === 'ack' || t === 'error')).toMatchObject([
      { t: 'ack', id: 2 },
      { t: 'error', id: 3 },
      { t: 'ack', id: 4 },
    ]);
  });

  it('8: drops who gives no sign of life, and nobody else', async () => {
    const target = await start({ options: { heartbeat: { pingMs: 40, pongMs: 40 } } });
    const client = await connected(clientOf(target));
    const silent = await rawClient(target);
    silent.sendJson(openFrame('desk'));

    await silent.frame('ping');

    expect(await silent.closing()).toBe(4002);
    expect(client.connectionStatus.kind).toBe('connected');
    await client.desk.sendStreamMessage(note('alive'));
    expect(target.get(Desk).closed).toMatchObject([{ code: 'connection-lost', connectionCode: 4002 }]);
  });
});

describe('9: one parse of a frame', () => {
  it('9: however many endpoints there are', async () => {
    const raw = await rawClient(await start());
    raw.sendJson(openFrame('desk'));
    await raw.frame('opened');
    const parse = jest.spyOn(JSON, 'parse');
    const text = JSON.stringify(noteFrame('desk', 2, 'parsed once'));

    raw.send(rawFrame({ payload: text }));
    await raw.frame('ack', 2);

    // The frame, or only the properties in it.
    const parses = parse.mock.calls.filter(
      ([parsed]) => text.includes(parsed) && parsed.includes('parsed once'),
    );
    parse.mockRestore();
    expect(parses).toHaveLength(1);
  });
});

describe('10: what a client gets wrong', () => {
  it.each([
    ['malformed JSON', '{"t":', 'BAD_JSON'],
    ['a frame of an unknown type', '{"t":"event","id":9}', 'UNKNOWN_FRAME'],
    ['an unknown endpoint', JSON.stringify(openFrame('nowhere', 9)), 'UNKNOWN_ENDPOINT'],
    [
      'an unknown message',
      JSON.stringify({ ...noteFrame('desk', 9), type: 'e2e.nothing' }),
      'UNKNOWN_MESSAGE',
    ],
  ])('10: is answered: %s', async (_, payload, code) => {
    const raw = await rawClient(await start());
    raw.sendJson(openFrame('desk'));

    raw.send(rawFrame({ payload }));

    expect(await raw.frame('error')).toMatchObject({ error: { code } });
    raw.sendJson(noteFrame('desk', 10));
    await raw.frame('ack', 10);
  });

  it('10: is closed for with 1003 when it is binary', async () => {
    const raw = await rawClient(await start());

    raw.send(rawFrame({ opcode: 2, payload: 'x' }));

    expect(await raw.closing()).toBe(1003);
  });
});

describe('11: a client that never reads', () => {
  it('11: is dropped with 4003 at the hard bound, and others go on', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const [stuck, reading] = [await rawClient(target), await connected(clientOf(target))];
    const read = collect(reading.desk.stream);
    stuck.sendJson(openFrame('desk'));
    await stuck.frame('opened');
    await until(() => desk.sessions.size === 2);
    stuck.socket.pause();
    const large = note('x'.repeat(50_000));
    let sent = 0;

    for (; sent < 2_000 && !desk.closed.length; sent += 4) {
      for (const session of desk.sessions)
        for (let count = 0; count < 4; count++) void session.sendStreamMessage(large).catch(() => undefined);
      await until(() => read.length === sent + 4);
    }

    expect(desk.closed).toMatchObject([{ code: 'connection-lost', connectionCode: 4003 }]);
    await reading.desk.sendStreamMessage(note('last'));
    await until(() => read.at(-1)?.text === 'last');
    await until(() => target.streams.counters().connections === 1);
  });
});

describe('12: a graceful shutdown', () => {
  it('12: says where to go and when, lets handlers finish, and closes with a code that brings clients back', async () => {
    const target = await start({ options: { shutdown: { spreadMs: 700, deadlineMs: 700 } } });
    const desk = target.get(Desk);
    const client = await connected(clientOf(target));
    const raw = await rawClient(target);
    const working = client.desk.sendStreamMessage(task('wait'));
    await until(() => desk.working.size === 1);

    const closing = target.app.close();
    expect(await raw.frame('goaway')).toEqual({ t: 'goaway', spreadMs: 700 });
    desk.working.open();

    await working;
    expect(await raw.closing()).toBe(4006);
    await until(() => client.connectionStatus.kind !== 'connected');
    expect(client.connectionStatus).toMatchObject({ kind: 'waiting', code: 4006 });
    raw.destroy();
    await closing;
    expect(desk.closed).toMatchObject([{ code: 'shutdown' }]);
  });
});

describe('13: the parts of the transport', () => {
  @Injectable()
  class Users {
    find(token: string): StreamUser | null {
      return token === 'secret' ? { id: 'ada' } : null;
    }
  }

  @Module({ providers: [Users], exports: [Users] })
  class UsersModule {}

  @Injectable()
  class UsersAuthenticator extends StreamAuthenticator {
    constructor(@Inject(Users) private readonly users: Users) {
      super();
    }

    authenticate({ token }: StreamHandshake): StreamUser | null {
      return token === null ? null : this.users.find(token);
    }
  }

  it('13: get what they inject', async () => {
    const target = await start({ options: { authenticator: UsersAuthenticator, imports: [UsersModule] } });

    const raw = await RawSocket.hello(target.port, 'secret');

    expect(await raw.frame('welcome')).toMatchObject({ user: 'ada' });
  });
});
