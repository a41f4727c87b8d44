import { CanActivate, ExecutionContext, Injectable, Logger, UseGuards } from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import { CodedError, ErrorCode, StreamGap } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { IsInt, IsOptional, IsString, MaxLength, registerDecorator } from 'class-validator';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { Latch, startApp, stopAll, untilNothingIsLeft } from './start-app.js';
import { TokenUsers } from '../rig/users.js';

const room = defineChannel('params.room', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});

class RoomParams {
  @IsString() @MaxLength(300) roomId!: string;
  @IsOptional() @IsInt() floor?: number;
}

/** A constraint that answers later, and refuses two names, one of them after some work. */
function IsFree(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isFree',
      async: true,
      target: target.constructor,
      propertyName: String(propertyName),
      validator: { validate: async (value) => isFree(value), defaultMessage: () => 'it is taken' },
    });
}

const WORK_MS = 10;

function isFree(value: unknown): boolean {
  const end = performance.now() + WORK_MS;
  const isSlow = String(value).startsWith('slow');
  while (isSlow && performance.now() < end);
  return value !== 'taken' && !isSlow;
}

class DeskParams {
  @IsString() @IsFree() desk!: string;
}

type Room = StreamSession<Note | StreamGap, StreamUser | null, RoomParams>;

/** The events on the server, and the rooms that the guard refuses at present. */
let log: string[] = [];
let locked = new Set<string>();
let closing: Latch | undefined;

@Injectable()
class Doors implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { params, user } = context.switchToWs().getClient<Room>();
    log.push(`guard ${params.roomId}`);
    if (locked.has(params.roomId)) throw new CodedError(ErrorCode.Forbidden, `${params.roomId} is locked`);
    return user?.id !== 'banned';
  }
}

@StreamEndpoint('room', { params: RoomParams, keepOnSignIn: true })
@UseGuards(Doors)
class RoomEndpoint {
  @OnStreamOpened()
  async opened(session: Room): Promise<void> {
    const { params } = session;
    log.push(`opened ${params.roomId} ${params.floor ?? '-'}`);
    if (!(params instanceof RoomParams) || !Object.isFrozen(params)) throw new TypeError('not decoded');
    await session.subscribe(room(params.roomId));
  }

  @OnStreamMessage(Note)
  say({ params, user }: Room, { text }: Note): Note {
    log.push(`${params.roomId} heard ${text}`);
    return note(`${params.roomId} ${user?.id ?? 'nobody'} ${text}`);
  }

  @OnStreamClosed()
  async closed({ params }: Room, { code }: SessionCloseReason): Promise<void> {
    await closing?.pass();
    log.push(`closed ${params.roomId} ${code}`);
  }
}

@StreamEndpoint('desk', { params: DeskParams })
class DeskEndpoint {
  @OnStreamMessage(Note)
  say({ params }: StreamSession<Note, unknown, DeskParams>, { text }: Note): Note {
    return note(`${params.desk} ${text}`);
  }
}

@StreamEndpoint('plain')
class PlainEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession): void {
    log.push(`opened plain ${String(session.params)}`);
  }
}

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { authenticator: TokenUsers, ...options },
    providers: [RoomEndpoint, DeskEndpoint, PlainEndpoint, Doors],
  });

interface Opening {
  readonly endpoint: string;
  readonly stream?: string;
  readonly params?: unknown;
}

const open = (id: number, stream: string, params: unknown, endpoint = 'room') => ({
  t: 'open',
  id,
  endpoint,
  stream,
  params,
});
const say = (id: number, stream: string, text = 'hi', redelivered = false) => ({
  ...{ t: 'message', id, stream, type: 'e2e.note', data: { text } },
  ...(redelivered && { redelivered }),
});
const textsOf = (raw: RawSocket, stream: string) =>
  raw.frames
    .filter((frame) => frame.t === 'message' && frame.stream === stream)
    .map(({ data }) => (data as Note).text);
const codeOf = ({ error }: Record<string, unknown>) => (error as { code: string }).code;

/** Opens a room; resolves when it is open. */
async function enter(raw: RawSocket, id: number, stream: string, roomId: string): Promise<void> {
  raw.sendJson(open(id, stream, { roomId }));
  await raw.frame('opened', id);
}

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  log = [];
  locked = new Set();
  closing = undefined;
});
afterEach(stopAll);

describe('An endpoint with parameters', () => {
  it('has one session for each set of parameters, which only its own frames reach', async () => {
    const server = await start();
    const raw = await RawSocket.hello(server.port, 'ada');
    await enter(raw, 1, '#1', 'lobby');
    raw.sendJson(open(2, '#2', { roomId: 'lobby', floor: 3 }));
    await raw.frame('opened', 2);

    raw.sendJson(say(3, '#1', 'one'));
    raw.sendJson(say(4, '#2', 'two'));
    await raw.frame('ack', 3);
    await raw.frame('ack', 4);

    expect(textsOf(raw, '#1')).toEqual(['lobby ada one']);
    expect(textsOf(raw, '#2')).toEqual(['lobby ada two']);
    expect(log.filter((line) => line.startsWith('opened'))).toEqual(['opened lobby -', 'opened lobby 3']);
    expect(server.streams.counters().sessions).toBe(2);
    const sessions = raw.frames.filter(({ t }) => t === 'opened').map(({ session }) => session);
    expect(new Set(sessions).size).toBe(2);
  });

  it('compares parameters without regard to the order of their names', async () => {
    const server = await start();
    const raw = await RawSocket.hello(server.port);
    raw.sendJson(open(1, '#1', { roomId: 'a', floor: 1 }));
    raw.sendJson(open(2, '#1', { floor: 1, roomId: 'a' }));
    raw.sendJson(open(3, '#2', { floor: 1, roomId: 'a' }));

    const [first, second] = [await raw.frame('opened', 1), await raw.frame('opened', 2)];
    const third = await raw.frame('error', 3);

    expect(second.session).toBe(first.session);
    expect(third).toMatchObject({
      error: { code: 'STREAM_KEY_MISMATCH', message: expect.stringContaining('its key is "#1"') },
    });
    expect(server.streams.counters().sessions).toBe(1);
  });

  it('refuses unknown parameters also where unknown properties of messages are stripped', async () => {
    const raw = await RawSocket.hello((await start({ unknownProperties: 'strip' })).port);
    raw.sendJson(open(1, '#1', { roomId: 'a', other: 1 }));

    expect(await raw.frame('error', 1)).toMatchObject({
      error: { code: 'INVALID_PARAMS', details: [{ path: 'other', code: 'UNKNOWN_PROPERTY' }] },
    });
  });

  it('leaves the sessions of other endpoints without parameters', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'plain' });
    await raw.frame('opened', 1);

    expect(log).toEqual(['opened plain undefined']);
  });

  const longest = 'x'.repeat(300);
  it.each([
    ['no parameters', { endpoint: 'room', stream: '#1' }, 'INVALID_PARAMS'],
    ['a text', { endpoint: 'room', stream: '#1', params: 'lobby' }, 'BAD_FRAME'],
    ['a list', { endpoint: 'room', stream: '#1', params: ['lobby'] }, 'BAD_FRAME'],
    ['null', { endpoint: 'room', stream: '#1', params: null }, 'BAD_FRAME'],
    ['a nested value', { endpoint: 'room', stream: '#1', params: { roomId: {} } }, 'BAD_FRAME'],
    ['a null value', { endpoint: 'room', stream: '#1', params: { roomId: null } }, 'BAD_FRAME'],
    ['a discriminant', { endpoint: 'room', stream: '#1', params: { $type: 'a' } }, 'INVALID_PARAMS'],
    ['another type', { endpoint: 'room', stream: '#1', params: { roomId: 7 } }, 'INVALID_PARAMS'],
    ['an unknown name', { endpoint: 'room', stream: '#1', params: { roomId: 'a', x: 1 } }, 'INVALID_PARAMS'],
    ['a long value', { endpoint: 'room', stream: '#1', params: { roomId: `${longest}y` } }, 'INVALID_PARAMS'],
    [
      'more than 512 bytes',
      { endpoint: 'room', stream: '#1', params: { roomId: 'ä'.repeat(251) } },
      'INVALID_PARAMS',
    ],
    ['no key', { endpoint: 'room', params: { roomId: 'a' } }, 'STREAM_KEY_MISMATCH'],
    ['its name as key', { endpoint: 'room', stream: 'room', params: { roomId: 'a' } }, 'STREAM_KEY_MISMATCH'],
    ['a refused name', { endpoint: 'desk', stream: '#1', params: { desk: 'taken' } }, 'INVALID_PARAMS'],
    ['parameters of another', { endpoint: 'plain', params: { roomId: 'a' } }, 'INVALID_PARAMS'],
  ])('refuses %s before its guards run', async (_what, frame: Opening, code) => {
    const server = await start();
    const raw = await RawSocket.hello(server.port);

    raw.sendJson({ t: 'open', id: 1, ...frame });
    raw.sendJson(say(2, frame.stream ?? frame.endpoint));

    expect(codeOf(await raw.frame('error', 1))).toBe(code);
    await raw.frame('error', 2);
    expect(log).toEqual([]);
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    expect(server.streams.counters().sessions).toBe(0);
  });

  it('accepts 512 bytes of parameters, and those of an asynchronous constraint', async () => {
    const raw = await RawSocket.hello((await start()).port);
    const desk = `${'ä'.repeat(250)}x`;
    expect(Buffer.byteLength(JSON.stringify({ desk }))).toBe(512);

    raw.sendJson(open(1, '#1', { desk }, 'desk'));
    raw.sendJson(say(2, '#1'));
    await raw.frame('ack', 2);

    expect(textsOf(raw, '#1')).toEqual([`${desk} hi`]);
  });

  it('names the invalid parameters in the details of the error', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson(open(1, '#1', { roomId: 7, floor: 'x' }));

    expect(await raw.frame('error', 1)).toMatchObject({
      error: {
        message: expect.stringMatching(/^The parameters are not valid: roomId must be/),
        details: expect.arrayContaining([
          expect.objectContaining({ path: 'roomId' }),
          expect.objectContaining({ path: 'floor' }),
        ]),
      },
    });
  });

  it('charges refused parameters, so that a client cannot send them without end', async () => {
    const raw = await RawSocket.hello((await start()).port);

    const codes: string[] = [];
    for (let id = 1; codes.at(-1) !== 'RATE_LIMITED'; id++) {
      raw.sendJson(open(id, `#${id}`, { desk: `slow ${id}` }, 'desk'));
      codes.push(codeOf(await raw.frame('error', id)));
      // 100 ms of work are there at once, and 50 ms more each second.
      expect(id).toBeLessThan(60);
    }

    expect(codes[0]).toBe('INVALID_PARAMS');
  });

  it('keeps a key for its parameters until the stream is closed', async () => {
    const raw = await RawSocket.hello((await start()).port);
    closing = new Latch();
    await enter(raw, 1, '#1', 'a');
    raw.sendJson({ t: 'close', id: 2, stream: '#1' });
    raw.sendJson(open(3, '#1', { roomId: 'b' }));

    expect(codeOf(await raw.frame('error', 3))).toBe('STREAM_KEY_MISMATCH');
    closing.open();
    await raw.frame('closed', 2);
    await enter(raw, 4, '#1', 'b');
  });

  it('opens a stream again only after the end of the former session, also under another key', async () => {
    const raw = await RawSocket.hello((await start()).port);
    closing = new Latch();
    await enter(raw, 1, '#1', 'a');
    raw.sendJson({ t: 'close', id: 2, stream: '#1' });
    raw.sendJson(open(3, '#2', { roomId: 'a' }));
    await until(() => closing?.size === 1);
    expect(log.filter((line) => line.startsWith('opened'))).toHaveLength(1);

    closing.open();
    await raw.frame('opened', 3);

    expect(log.slice(-3)).toEqual(['closed a closed-by-client', 'guard a', 'opened a -']);
  });

  it('has at most maxStreams sessions on a connection', async () => {
    const server = await start({ limits: { maxStreams: 2 } });
    const raw = await RawSocket.hello(server.port);
    await enter(raw, 1, '#1', 'a');
    await enter(raw, 2, '#2', 'b');
    raw.sendJson(open(3, '#3', { roomId: 'c' }));

    expect(await raw.frame('error', 3)).toMatchObject({ error: { code: 'TOO_MANY_STREAMS' } });
    raw.sendJson({ t: 'close', id: 4, stream: '#1' });
    await raw.frame('closed', 4);
    await enter(raw, 5, '#3', 'c');
  });

  it('releases every session with its connection', async () => {
    const server = await start();
    const raw = await RawSocket.hello(server.port);
    await enter(raw, 1, '#1', 'a');
    await enter(raw, 2, '#2', 'b');
    raw.destroy();

    await untilNothingIsLeft(server);
    expect(log.filter((line) => line.startsWith('closed')).toSorted()).toEqual([
      'closed a connection-lost',
      'closed b connection-lost',
    ]);
  });
});

describe('Access to a stream with parameters', () => {
  it('is decided by the guards of each session', async () => {
    const server = await start();
    locked.add('vault');
    const raw = await RawSocket.hello(server.port, 'ada');
    raw.sendJson(open(1, '#1', { roomId: 'vault' }));
    await enter(raw, 2, '#2', 'lobby');

    expect(codeOf(await raw.frame('error', 1))).toBe('FORBIDDEN');
    expect(log).not.toContain('opened vault -');
    expect(server.streams.counters().sessions).toBe(1);
  });

  it('ends for one set of parameters alone when the guards run again', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada');
    await enter(raw, 1, '#1', 'a');
    await enter(raw, 2, '#2', 'b');
    locked.add('a');

    raw.sendJson({ t: 'auth', id: 3, token: 'ada' });

    expect(await raw.frame('closed')).toMatchObject({ stream: '#1', reason: { code: 'access-lost' } });
    raw.sendJson(say(4, '#2'));
    await raw.frame('ack', 4);
    expect(raw.frames.filter(({ t }) => t === 'closed')).toHaveLength(1);
  });

  it('ends for all when the identity changes, and stays with keepOnSignIn', async () => {
    const raw = await RawSocket.hello((await start()).port);
    await enter(raw, 1, '#1', 'a');
    await enter(raw, 2, '#2', 'b');
    raw.sendJson({ t: 'auth', id: 3, token: 'ada' });
    raw.sendJson(say(4, '#1'));
    await raw.frame('ack', 4);
    expect(textsOf(raw, '#1')).toEqual(['a ada hi']);

    raw.sendJson({ t: 'auth', id: 5, token: 'bob' });
    await raw.frame('authenticated', 5);

    const closed = raw.frames.filter(({ t }) => t === 'closed');
    expect(closed.map(({ stream }) => stream).toSorted()).toEqual(['#1', '#2']);
    expect(closed.map(({ reason }) => (reason as { code: string }).code)).toEqual([
      'identity-changed',
      'identity-changed',
    ]);
    await enter(raw, 6, '#1', 'b');
  });
});

describe('The resume token of a stream with parameters', () => {
  const CLIENT = 'c'.repeat(22);
  type Frame = Record<string, unknown>;

  /** Reads a room, and returns what a client keeps of its channel. */
  async function positionOf(port: number, roomId: string) {
    const raw = await RawSocket.hello(port, 'ada');
    raw.sendJson(open(1, '#1', { roomId }));
    const { channel, resumeToken, position } = (await raw.frame('subscribed')) as Frame & {
      position: [string, number, string];
    };
    raw.destroy();
    return { channel, resumeToken, position };
  }

  /** Connects with one position, opens a room, and returns the frames of its stream. */
  async function resume(port: number, entry: readonly unknown[], roomId: string) {
    const raw = await RawSocket.upgrade(port);
    raw.sendJson({ t: 'hello', v: 1, token: 'ada', client: CLIENT, resume: [entry] });
    await raw.frame('welcome');
    await enter(raw, 1, '#9', roomId);
    raw.sendJson(say(2, '#9'));
    await raw.frame('ack', 2);
    await raw.until(() => raw.frames.some(({ t }) => t === 'subscribed'));
    return raw.frames;
  }

  const kinds = (frames: readonly Frame[]) =>
    frames
      .filter(({ t }) => t === 'publication')
      .map(({ type, data }) => (type === 'e2e.note' ? (data as Note).text : type));

  it('continues the channel in the session with the same parameters', async () => {
    const server = await start();
    const { channel, resumeToken, position } = await positionOf(server.port, 'a');
    await server.messages.postMessage(room('a'), note('missed'));

    const entry = ['room', channel, resumeToken, ...position, { roomId: 'a' }];
    const frames = await resume(server.port, entry, 'a');

    expect(kinds(frames)).toEqual(['missed']);
  });

  it('is no proof for other parameters, nor for none', async () => {
    const server = await start();
    const a = await positionOf(server.port, 'a');
    const b = await positionOf(server.port, 'b');
    await server.messages.postMessage(room('b'), note('secret'));

    const stolen = ['room', b.channel, a.resumeToken, ...b.position, { roomId: 'b' }];
    const other = ['room', b.channel, b.resumeToken, ...b.position, { roomId: 'a' }];
    const none = ['room', b.channel, b.resumeToken, ...b.position];

    expect(kinds(await resume(server.port, stolen, 'b'))).toEqual(['nestwire.gap']);
    // The session of room A has the channel of room B neither resumed nor subscribed.
    const frames = await resume(server.port, other, 'a');
    expect(kinds(frames)).toEqual(['nestwire.gap']);
    expect(frames.filter(({ t }) => t === 'subscribed').map((frame) => frame.channel)).toEqual([a.channel]);
    expect(kinds(await resume(server.port, none, 'b'))).toEqual([]);
  });
});

describe('A redelivered message to a stream with parameters', () => {
  const CLIENT = 'k'.repeat(22);

  async function connectedTo(port: number, rooms: Readonly<Record<string, string>>): Promise<RawSocket> {
    const raw = await RawSocket.upgrade(port);
    raw.sendJson({ t: 'hello', v: 1, token: 'ada', client: CLIENT });
    await raw.frame('welcome');
    let id = 100;
    for (const [stream, roomId] of Object.entries(rooms)) await enter(raw, id++, stream, roomId);
    return raw;
  }

  it('is answered by the session with its parameters, under another key on another connection', async () => {
    const server = await start();
    const first = await connectedTo(server.port, { '#1': 'a', '#2': 'b' });
    first.sendJson(say(1, '#1', 'one'));
    first.sendJson(say(3, '#1', 'three'));
    await first.until(() => log.includes('a heard three'));
    first.destroy();

    // The id 2 lies within the run of the other room, and was never handled.
    const second = await connectedTo(server.port, { '#5': 'b', '#6': 'a' });
    second.sendJson(say(1, '#6', 'one', true));
    second.sendJson(say(2, '#5', 'two', true));
    second.sendJson(say(3, '#6', 'three', true));
    await second.frame('ack', 2);
    await second.frame('ack', 3);

    expect(log.filter((line) => line.includes('heard'))).toEqual([
      'a heard one',
      'a heard three',
      'b heard two',
    ]);
  });

  it('is answered with UNCERTAIN when many other streams were used since', async () => {
    const server = await start({ limits: { maxStreams: 2 } });
    const raw = await connectedTo(server.port, { '#1': 'first' });
    raw.sendJson(say(1, '#1', 'one'));
    await raw.frame('ack', 1);
    let id = 200;
    for (let at = 0; at < 6; at++) {
      raw.sendJson({ t: 'close', id: id++, stream: '#1' });
      await raw.frame('closed', id - 1);
      await enter(raw, id++, '#1', `room-${at}`);
    }
    raw.destroy();

    const again = await connectedTo(server.port, { '#1': 'first' });
    again.sendJson(say(1, '#1', 'one', true));

    expect(codeOf(await again.frame('error', 1))).toBe('UNCERTAIN');
    expect(log.filter((line) => line.includes('heard'))).toEqual(['first heard one']);
  });
});
