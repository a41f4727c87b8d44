import { Injectable } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  SessionScoped,
  StreamEndpoint,
  StreamSession,
  UserObject,
  type OnSessionClosed,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
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
import { TokenUsers } from '../rig/users.js';

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly opening = new Latch();
  readonly working = new Latch();
  readonly closing = new Latch();
}

@SessionScoped()
export class Pad implements OnSessionClosed {
  name = 'pad';

  constructor(private readonly desk: Desk) {}

  onSessionClosed(reason: SessionCloseReason): void {
    this.desk.log.push(`disposed ${reason.code}`);
    this.name = 'disposed';
  }
}

/** Says in which order its end comes. */
@StreamEndpoint('desk', { requireLogin: true })
export class DeskEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    const { log } = this.desk;
    session.setUserObject(new Map([['name', 'by hand']]));
    session.signal.addEventListener('abort', () => {
      log.push(`aborted ${(session.signal.reason as SessionCloseReason).code}`);
    });
    await session.messages.addListener('desk', (message: Note) => void log.push(`heard ${message.text}`));
  }

  @OnStreamMessage(Note)
  handle(session: StreamSession<Note>, message: Note): void {
    if (message.text === 'close me') void session.close('as you wish');
  }

  @OnStreamMessage(Task)
  async work(session: StreamSession<Note>, { text }: Task): Promise<void> {
    this.desk.log.push(`begun ${text}`);
    await this.desk.working.pass();
    this.desk.log.push(`done ${text} ${session.signal.aborted ? 'aborted' : 'running'}`);
  }

  @OnStreamClosed()
  async closed(
    session: StreamSession<Note>,
    reason: SessionCloseReason,
    @UserObject() pad: Pad,
  ): Promise<void> {
    const late = await session.sendStreamMessage(note('late')).then(
      () => 'sent',
      (error: { code: string }) => error.code,
    );
    const byHand = session.getUserObject<Map<string, string>>(Map)?.get('name');
    this.desk.log.push(`closed ${reason.code} ${pad.name} ${byHand} ${late}`);
  }
}

/** Opens, and closes, when a test lets it. */
@StreamEndpoint('gate')
export class GateEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<void> {
    const how = String(session.handshake.headers['x-open']);
    this.desk.log.push('gate opening');
    if (how === 'close') void session.close('not today');
    else if (how !== 'now') await this.desk.opening.pass();
    if (how === 'throw') throw new Error('refused');
    this.desk.log.push('gate opened');
  }

  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, { text }: Note): Note {
    this.desk.log.push(`gate ${text}`);
    return note(text);
  }

  @OnStreamClosed()
  async closed(session: StreamSession<Note>, reason: SessionCloseReason): Promise<void> {
    this.desk.log.push(`gate closed ${reason.code}`);
    if (session.handshake.headers['x-close'] === 'wait') await this.desk.closing.pass();
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint; gate: GateEndpoint }>;

const start = (options?: StreamsModuleOptions) =>
  startApp({
    options: { authenticator: TokenUsers, ...options },
    providers: [Desk, Pad, DeskEndpoint, GateEndpoint],
  });

const clientOf = (target: RunningApp, auth: () => string | null = () => 'ada') =>
  tracked(createStreamClient<Streams>()({ ...towards(target), messages: MESSAGES, auth }));

/** Upgrades with headers of a test, and says hello. */
async function rawClient({ port }: RunningApp, headers: Record<string, string> = {}): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(port, '/streams', headers);
  raw.sendJson({ t: 'hello', v: 1, token: 'ada' });
  await raw.frame('welcome');
  return raw;
}

const frame = (t: 'open' | 'close', id: number, endpoint = 'gate') => ({
  t,
  id,
  [t === 'open' ? 'endpoint' : 'stream']: endpoint,
});
const noteFrame = (id: number, text: string, endpoint = 'gate') => ({
  t: 'message',
  id,
  stream: endpoint,
  type: 'e2e.note',
  data: { text },
});
const sendTogether = (raw: RawSocket, frames: readonly object[]) =>
  raw.send(Buffer.concat(frames.map((one) => jsonFrame(one))));

afterEach(stopAll);

/** Writes a close frame, with a code or without one. */
function closeFrame(code?: number): Buffer {
  const payload = code === undefined ? [] : [code >> 8, code & 0xff];
  return rawFrame({ opcode: 8, payload: Uint8Array.from(payload) });
}

describe('The end of a session', () => {
  it.each([
    ['closed-by-client', (raw: RawSocket) => raw.sendJson(frame('close', 9, 'desk'))],
    ['closed-by-server', (raw: RawSocket) => raw.sendJson(noteFrame(9, 'close me', 'desk'))],
    ['identity-changed', (raw: RawSocket) => raw.sendJson({ t: 'auth', id: 9, token: null })],
    ['closed-by-client', (raw: RawSocket) => raw.send(closeFrame(1000))],
    ['closed-by-client', (raw: RawSocket) => raw.send(closeFrame())],
    ['connection-lost', (raw: RawSocket) => raw.send(closeFrame(1001))],
    ['connection-lost', (raw: RawSocket) => raw.send(closeFrame(4505))],
    ['connection-lost', (raw: RawSocket) => raw.socket.resetAndDestroy()],
    ['shutdown', (_: RawSocket, { streams }: RunningApp) => void streams.drain()],
  ])('is %s: aborts, forgets listeners, closes once, disposes', async (code, end) => {
    const target = await start();
    const { log } = target.get(Desk);
    const raw = await rawClient(target);
    raw.sendJson(frame('open', 1, 'desk'));
    await raw.frame('opened');
    await target.messages.postMessage('desk', note('before'));

    end(raw, target);
    await until(() => log.some((entry) => entry.startsWith('disposed')));
    await target.messages.postMessage('desk', note('after'));

    raw.destroy();
    await untilNothingIsLeft(target);
    expect(log).toEqual([
      'heard before',
      `aborted ${code}`,
      `closed ${code} pad by hand SESSION_CLOSED`,
      `disposed ${code}`,
    ]);
  });

  it('is connection-lost where a client leaves a connection for the next, and closed-by-client at its end', async () => {
    const target = await start({ limits: { maxConnectionAgeMs: 300 } });
    const { log } = target.get(Desk);
    const client = await connected(clientOf(target));
    await client.desk.sendStreamMessage(note('x'));

    await until(() => log.some((entry) => entry.startsWith('disposed')));
    expect(log).toContain('disposed connection-lost');
    log.length = 0;
    await client.desk.sendStreamMessage(note('x'));
    await client.close();

    await until(() => log.includes('disposed closed-by-client'));
  });

  it('waits for the handler that runs, which sees the signal', async () => {
    const target = await start();
    const { log, working } = target.get(Desk);
    const client = await connected(clientOf(target));
    void client.desk.sendStreamMessage(task('a')).catch(() => undefined);
    void client.desk.sendStreamMessage(task('b')).catch(() => undefined);
    await until(() => working.size === 1);

    await client.close();
    await until(() => log.includes('aborted closed-by-client'));
    working.open();

    await untilNothingIsLeft(target);
    expect(log).toEqual([
      'begun a',
      'aborted closed-by-client',
      'done a aborted',
      'closed closed-by-client pad by hand SESSION_CLOSED',
      'disposed closed-by-client',
    ]);
  });

  it('handles what was sent before the close, and refuses what comes behind', async () => {
    const raw = await rawClient(await start(), { 'x-open': 'now' });

    sendTogether(raw, [frame('open', 1), noteFrame(2, 'before'), frame('close', 3), noteFrame(4, 'behind')]);

    expect(await raw.frame('closed', 3)).toMatchObject({ reason: { code: 'closed-by-client' } });
    expect(raw.frames.find(({ t }) => t === 'ack')).toMatchObject({ id: 2 });
    expect(await raw.frame('error', 4)).toMatchObject({ error: { code: 'STREAM_NOT_OPEN' } });
  });

  it('runs no @OnStreamClosed for an open that was refused, and one for an open that was cut off', async () => {
    const target = await start();
    const { log, opening } = target.get(Desk);
    const [refused, cut] = [await rawClient(target, { 'x-open': 'throw' }), await rawClient(target)];
    for (const raw of [refused, cut]) raw.sendJson(frame('open', 1));
    await until(() => opening.size === 2);

    cut.socket.resetAndDestroy();
    await until(() => target.streams.counters().connections === 2);
    opening.open();
    await refused.frame('error', 1);
    refused.destroy();

    await untilNothingIsLeft(target);
    expect(log.filter((entry) => entry.startsWith('gate closed'))).toEqual(['gate closed connection-lost']);
  });

  it('tells the reader of the client why', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const reading = (async () => {
      for await (const _ of client.desk.stream);
    })();

    await client.desk.sendStreamMessage(note('close me')).catch(() => undefined);

    expect(await failureOf(reading)).toMatchObject({ code: 'closed-by-server', message: 'as you wish' });
    await client.desk.sendStreamMessage(note('again'));
  });
});

describe('A stream that is closed', () => {
  it('may be opened again in the same breath, as a new session', async () => {
    const target = await start();
    const raw = await rawClient(target, { 'x-open': 'now' });

    sendTogether(raw, [
      frame('open', 1),
      noteFrame(2, 'first'),
      frame('close', 3),
      frame('open', 4),
      noteFrame(5, 'second'),
    ]);

    await raw.frame('ack', 5);
    const sessions = [await raw.frame('opened', 1), await raw.frame('opened', 4)].map(
      ({ session }) => session,
    );
    expect(sessions[0]).not.toBe(sessions[1]);
    expect(raw.frames.filter(({ t }) => t === 'opened' || t === 'closed').map(({ id }) => id)).toEqual([
      1, 3, 4,
    ]);
    expect(target.get(Desk).log).toEqual([
      'gate opening',
      'gate opened',
      'gate first',
      'gate closed closed-by-client',
      'gate opening',
      'gate opened',
      'gate second',
    ]);
  });

  it('may be opened again while @OnStreamClosed runs', async () => {
    const target = await start();
    const { log, closing } = target.get(Desk);
    const raw = await rawClient(target, { 'x-open': 'now', 'x-close': 'wait' });
    sendTogether(raw, [frame('open', 1), frame('close', 2)]);
    await until(() => closing.size === 1);

    sendTogether(raw, [frame('open', 3), noteFrame(4, 'again')]);
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    expect(log).not.toContain('gate again');
    closing.open();

    await raw.frame('ack', 4);
    expect(raw.frames.filter(({ t }) => t === 'opened' || t === 'closed').map(({ id }) => id)).toEqual([
      1, 2, 3,
    ]);
  });

  it.each([
    [
      'twice, is answered twice',
      'now',
      [frame('open', 1), frame('close', 2), frame('close', 3)],
      'closed',
      [2, 3],
    ],
    ['before it opened, is closed after it', 'now', [frame('open', 1), frame('close', 2)], 'closed', [2]],
    [
      'and whose open is refused, is answered too',
      'throw',
      [frame('open', 1), frame('close', 2)],
      'closed',
      [2],
    ],
    ['by its own open, answers that', 'close', [frame('open', 1)], 'error', [1]],
    ['and was never open, says so', 'now', [frame('close', 2)], 'error', [2]],
  ])('%s', async (_, how, frames, t, ids) => {
    const target = await start();
    target.get(Desk).opening.open();
    const raw = await rawClient(target, { 'x-open': how });

    sendTogether(raw, frames);

    for (const id of ids) await raw.frame(t, id);
    raw.destroy();
    await untilNothingIsLeft(target);
  });
});

describe('What hangs', () => {
  it('is answered after its time, and the next message is handled', async () => {
    const target = await start({ limits: { handlerTimeoutMs: 60 } });
    const client = await connected(clientOf(target));

    const error = await failureOf(client.desk.sendStreamMessage(task('hang')));

    expect(error).toMatchObject({ code: 'HANDLER_TIMEOUT' });
    await client.desk.sendStreamMessage(note('next'));
  });

  it('refuses an open after its time', async () => {
    const target = await start({ limits: { handlerTimeoutMs: 60 } });
    const raw = await rawClient(target);

    raw.sendJson(frame('open', 1));

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'HANDLER_TIMEOUT' } });
    raw.destroy();
    await untilNothingIsLeft(target);
  });

  it('keeps nothing when it is @OnStreamClosed', async () => {
    const target = await start({ limits: { handlerTimeoutMs: 60 } });
    const raw = await rawClient(target, { 'x-open': 'now', 'x-close': 'wait' });

    sendTogether(raw, [frame('open', 1), frame('close', 2)]);

    expect(await raw.frame('closed', 2)).toMatchObject({ reason: { code: 'closed-by-client' } });
    raw.destroy();
    await untilNothingIsLeft(target);
  });

  it.each([
    ['the client left', (raw: RawSocket) => raw.socket.resetAndDestroy()],
    ['the server closed', (raw: RawSocket) => raw.sendJson({ t: 'hello', v: 1 })],
  ])('keeps nothing of a connection that ended: %s', async (_, end) => {
    const target = await start({
      limits: { handlerTimeoutMs: 300 },
      heartbeat: { pingMs: 40, pongMs: 40 },
    });
    const { working, log } = target.get(Desk);
    const raw = await rawClient(target);
    sendTogether(raw, [
      frame('open', 1, 'desk'),
      { ...noteFrame(2, 'hang', 'desk'), type: 'e2e.task' },
      frame('open', 3, 'gate'),
    ]);
    await until(() => working.size === 1);

    end(raw);

    await untilNothingIsLeft(target);
    expect(log).toContain('disposed connection-lost');
  });
});

describe('A shutdown', () => {
  it('tells readers nothing that another server would not make good', async () => {
    const target = await start({ shutdown: { spreadMs: 1 } });
    const client = clientOf(target);
    const read = collect(client.gate.stream);
    target.get(Desk).opening.open();
    await connected(client);
    await client.gate.sendStreamMessage(note('a'));

    await target.app.close();
    await until(() => client.connectionStatus.kind !== 'connected');

    expect(client.connectionStatus.kind).not.toBe('closed');
    expect(read).toHaveLength(1);
  });
});
