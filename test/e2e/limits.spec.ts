import { Inject, Injectable, Module } from '@nestjs/common';
import { deflateRawSync } from 'node:zlib';
import { from, NEVER, Observable } from 'rxjs';
import { defineChannel } from '@nestwire/messages';
import type { StreamGap } from '@nestwire/protocol';
import {
  CallItems,
  ChannelSnapshot,
  DEFAULT_LIMITS,
  OnStreamMessage,
  StreamAuthenticator,
  StreamCall,
  StreamEndpoint,
  type Asks,
  StreamHandshake,
  StreamMethod,
  StreamSession,
  type StreamsLimits,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { jsonFrame, rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note, Task } from './messages.js';
import { Latch, startApp, stopAll, type RunningApp } from './start-app.js';

// Each limit is set so low that one stimulus shows its reaction, and beside it so high that the same
// stimulus shows none: what reacts is that limit and no other.

@Injectable()
class Desk {
  readonly latch = new Latch();
  readonly addresses: string[] = [];
}

@Module({ providers: [Desk], exports: [Desk] })
class DeskModule {}

@Injectable()
class Users extends StreamAuthenticator {
  constructor(@Inject(Desk) private readonly desk: Desk) {
    super();
  }

  async authenticate({ token, address }: StreamHandshake): Promise<StreamUser | null> {
    this.desk.addresses.push(address);
    if (token === 'slow') await this.desk.latch.pass();
    if (token === 'nobody') return null;
    const expiresAt = token === 'expired' ? Date.now() - 50 : undefined;
    return token === null ? null : { id: token, expiresAt };
  }
}

const KIB = 'x'.repeat(1_024);
const keptNotes = defineChannel('limits-kept', {
  messages: [Note],
  history: { messages: 10, ageMs: 60_000 },
});

const boards = defineChannel('limits-board', {
  messages: [Note],
  history: { messages: 10, ageMs: 60_000 },
  snapshot: [Task],
});

@StreamEndpoint('desk')
class DeskEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamMessage(Task)
  async handle(
    session: StreamSession<Note | StreamGap | Task | Asks<Note, Task>>,
    { text }: Task,
  ): Promise<Note[] | Observable<Note> | void> {
    const [verb, detail = ''] = text.split(' ');
    if (verb === 'wait') await this.desk.latch.pass();
    if (verb === 'follow') await session.subscribe(keptNotes);
    if (verb === 'board') await session.subscribe(boards(detail));
    if (verb === 'ask')
      await Promise.all(times(Number(detail), () => session.request(note('?'), { reply: Task })));
    if (verb === 'subscribe') await session.subscribe(detail);
    if (verb === 'flood') return Array.from({ length: Number(detail) }, () => note(KIB));
    if (verb === 'endless') return NEVER as Observable<Note>;
  }

  @StreamMethod(Task)
  async hold(_call: StreamCall, _task: Task): Promise<void> {
    await this.desk.latch.pass();
  }

  @StreamMethod(Task, { resumable: { forMs: 1_000 } })
  async *generate(_call: StreamCall, _task: Task): AsyncGenerator<Note> {
    await this.desk.latch.pass();
    yield note('x');
  }

  @StreamMethod(Task, { items: Note })
  async take(_call: StreamCall, _task: Task, _notes: CallItems<Note>): Promise<void> {
    await this.desk.latch.pass();
  }

  @StreamMethod(Task)
  many(_call: StreamCall, { text }: Task): Observable<Note> {
    return from(Array.from({ length: Number(text) }, () => note('x')));
  }

  @ChannelSnapshot(boards)
  async snapshot(): Promise<Task[]> {
    await this.desk.latch.pass();
    return [];
  }
}

@StreamEndpoint('other')
class OtherEndpoint {
  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, message: Note): Note {
    return message;
  }
}

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { authenticator: Users, imports: [DeskModule], trustProxy: 1, ...options },
    imports: [DeskModule],
    providers: [DeskEndpoint, OtherEndpoint],
  });

interface Trial {
  readonly limit: keyof StreamsLimits;
  /** So low that the stimulus passes it. */
  readonly low: number;
  /** So high that it does not; the default unless given. */
  readonly high?: number;
  /** Other limits, the same for both. */
  readonly also?: Partial<StreamsLimits>;
  /** The credential of the hello before the stimulus; false for no hello. */
  readonly hello?: string | false;
  readonly stimulus: (raw: RawSocket, target: RunningApp) => unknown;
  /** A close code, an HTTP status, the code of an error, or a fact. */
  readonly reaction: number | string | ((raw: RawSocket, target: RunningApp) => boolean);
  /** The use that a high limit permits; by default a ping with its answer. */
  readonly goesOn?: (raw: RawSocket, target: RunningApp) => Promise<unknown>;
}

const address = { 'X-Forwarded-For': '203.0.113.7' };
const open = (id = 1, endpoint = 'desk') => ({ t: 'open', id, endpoint });
const tell = (id: number, text: string) => ({
  t: 'message',
  id,
  stream: 'desk',
  type: 'e2e.task',
  data: { text },
});
const invoke = (id: number, method: string, text = 'x') => ({
  ...{ t: 'call', id, stream: 'desk', method, type: 'e2e.task', data: { text }, window: 64 },
  ...(method === 'take' && { items: true }),
});
const itemOf = (call: number) => ({ t: 'item', call, type: 'e2e.note', data: { text: 'x' } });
const send = (raw: RawSocket, ...frames: unknown[]) => raw.send(Buffer.concat(frames.map(jsonFrame)));
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const ping = jsonFrame({ t: 'ping' });

/** Makes more connections, of one address or of one each, and keeps the status of those that are refused. */
const connectMore =
  (count: number, headersOf: (index: number) => Record<string, string> = () => address) =>
  async (raw: RawSocket, { port }: RunningApp) => {
    for (let made = 0; made < count; made++)
      await RawSocket.upgrade(port, '/streams', headersOf(made)).then(note503(raw));
  };
const eachFromElsewhere = (index: number) => ({ 'X-Forwarded-For': `203.0.114.${index}` });
const note503 = (raw: RawSocket) => (other: RawSocket) => {
  if (other.status !== 101) raw.status = other.status;
};

const publicationsOf = ({ frames }: RawSocket) => frames.filter(({ t }) => t === 'publication');

/** Follows a channel on one connection, and comes back to it on another when three messages are there. */
async function comeBackToHistory(raw: RawSocket, { port, messages }: RunningApp): Promise<void> {
  const hello = { t: 'hello', v: 1, client: 'c'.repeat(22) };
  const first = await RawSocket.upgrade(port);
  send(first, hello, open(), tell(2, 'follow'));
  const { resumeToken, position } = (await first.frame('subscribed')) as {
    resumeToken: string;
    position: unknown[];
  };
  first.destroy();
  for (const text of ['a', 'b', 'c']) await messages.postMessage(keptNotes, note(text));
  send(raw, { ...hello, resume: [['desk', keptNotes.name, resumeToken, ...position]] }, open());
}

/** Fills what is between the server and a client that does not read. */
const fill = async (raw: RawSocket, _target: RunningApp) => {
  send(raw, open());
  await raw.frame('opened');
  raw.socket.pause();
  send(raw, tell(2, 'flood 20000'));
};
const isGone = (_: RawSocket, { streams }: RunningApp) => streams.counters().connections === 0;
const isThere = async (_: RawSocket, { streams }: RunningApp) =>
  expect(streams.counters().connections).toBe(1);
const roomy = { outboundHardBytes: 1e9, outboundSoftBytes: 1_000, outboundProcessBytes: 1e9 };

/** Lets a sign-in from an address take its time, and begins another one. */
function signInBehind(headers: Record<string, string>) {
  return async (raw: RawSocket, target: RunningApp) => {
    const slow = await RawSocket.upgrade(target.port, '/streams', headers);
    send(slow, { t: 'hello', v: 1, token: 'slow' });
    await until(() => target.get(Desk).latch.size === 1);
    send(raw, { t: 'hello', v: 1, token: 'ada' });
  };
}

/** Asks for a snapshot on a connection of its own, and for another one. */
function askBehind(token: string) {
  return async (raw: RawSocket, target: RunningApp) => {
    const first = await RawSocket.upgrade(target.port);
    send(first, { t: 'hello', v: 1, token }, open(), tell(2, 'board a'));
    await until(() => target.get(Desk).latch.size === 1);
    send(raw, open(), tell(2, 'board b'));
    await raw.frame('ack', 2);
  };
}

const isReadWaiting = (_: RawSocket, { streams }: RunningApp) => streams.counters().waitingReads === 1;

/** Sends a frame during a sign-in, behind one of another connection. */
function sendEarlyBehind(headers: Record<string, string>) {
  return async (raw: RawSocket, target: RunningApp) => {
    const frames = [{ t: 'hello', v: 1, token: 'slow' }, { ...open(), pad: KIB }, { t: 'ping' }];
    const first = await RawSocket.upgrade(target.port, '/streams', headers);
    send(first, ...frames);
    await first.frame('pong');
    send(raw, ...frames);
  };
}

const trials: readonly Trial[] = [
  {
    limit: 'maxPayloadBytes',
    low: 500,
    stimulus: (raw) => send(raw, { t: 'ping', pad: KIB }),
    reaction: 1009,
  },
  {
    limit: 'maxHelloBytes',
    low: 100,
    hello: false,
    stimulus: (raw) => send(raw, { t: 'hello', v: 1, pad: KIB }),
    reaction: 4500,
  },
  {
    limit: 'helloTimeoutMs',
    low: 40,
    hello: false,
    stimulus: () => undefined,
    reaction: 4001,
    goesOn: (raw) => hello(raw),
  },
  {
    limit: 'authenticationTimeoutMs',
    low: 40,
    hello: false,
    stimulus: (raw) => send(raw, { t: 'hello', v: 1, token: 'slow' }),
    reaction: 1011,
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('welcome')),
  },
  {
    limit: 'maxSignIns',
    low: 1,
    hello: false,
    stimulus: signInBehind({ 'X-Forwarded-For': '203.0.113.8' }),
    reaction: (_, { streams }) => streams.counters().waitingSignIns === 1,
    goesOn: (raw) => raw.frame('welcome'),
  },
  {
    limit: 'maxSignInsPerAddress',
    low: 1,
    hello: false,
    stimulus: signInBehind(address),
    reaction: (_, { streams }) => streams.counters().waitingSignIns === 1,
    goesOn: (raw) => raw.frame('welcome'),
  },
  {
    limit: 'maxRefusedSignInsPerAddress',
    low: 2,
    hello: false,
    stimulus: async (raw, { port }) => {
      for (let count = 0; count < 2; count++) {
        const other = await RawSocket.upgrade(port, '/streams', address);
        send(other, { t: 'hello', v: 1, token: 'nobody' });
        await other.closing();
      }
      send(raw, { t: 'hello', v: 1, token: 'nobody' });
    },
    reaction: 4004,
    goesOn: async (raw) => expect(await raw.closing()).toBe(4501),
  },
  {
    limit: 'maxEarlyFrames',
    low: 2,
    hello: false,
    stimulus: (raw) => send(raw, { t: 'hello', v: 1, token: 'slow' }, ...times(3, (n) => open(n + 1))),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('opened', 3)),
  },
  {
    limit: 'maxEarlyBytes',
    low: 1_500,
    hello: false,
    stimulus: (raw) =>
      send(raw, { t: 'hello', v: 1, token: 'slow' }, ...times(2, (n) => ({ ...open(n + 1), pad: KIB }))),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('opened', 2)),
  },
  {
    limit: 'maxEarlyBytesPerAddress',
    low: 1_500,
    hello: false,
    stimulus: sendEarlyBehind(address),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('opened')),
  },
  {
    limit: 'maxEarlyBytesPerProcess',
    low: 1_500,
    hello: false,
    stimulus: sendEarlyBehind({ 'X-Forwarded-For': '203.0.113.8' }),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('opened')),
  },
  {
    limit: 'unfinishedMessageMs',
    low: 40,
    stimulus: (raw) => raw.send(ping.subarray(0, 8)),
    reaction: 1002,
    goesOn: (raw) => (raw.send(ping.subarray(8)), raw.frame('pong')),
  },
  {
    limit: 'maxFragments',
    low: 4,
    stimulus: (raw) =>
      raw.send(
        Buffer.concat([
          rawFrame({ fin: false, payload: ' ' }),
          ...times(5, () => rawFrame({ opcode: 0, fin: false, payload: ' ' })),
          rawFrame({ opcode: 0, payload: '{"t":"ping"}' }),
        ]),
      ),
    reaction: 1008,
    goesOn: (raw) => raw.frame('pong'),
  },
  {
    limit: 'maxBufferedChunks',
    low: 8,
    stimulus: async (raw) => {
      for (const byte of jsonFrame({ t: 'ping', pad: 'x'.repeat(200) })) {
        await new Promise<void>((resolve) => raw.socket.write(Uint8Array.of(byte), () => resolve()));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    reaction: 1008,
    goesOn: (raw) => raw.frame('pong'),
  },
  {
    limit: 'maxPendingPongs',
    low: 4,
    high: 1_000,
    stimulus: (raw) => raw.send(Buffer.concat(times(100, () => rawFrame({ opcode: 9 })))),
    reaction: ({ isEnded }) => isEnded,
  },
  { limit: 'maxConnections', low: 1, stimulus: connectMore(1, eachFromElsewhere), reaction: 503 },
  { limit: 'maxHandshakes', low: 1, stimulus: connectMore(2, eachFromElsewhere), reaction: 503 },
  { limit: 'maxHandshakesPerAddress', low: 1, stimulus: connectMore(2), reaction: 429 },
  { limit: 'maxConnectionsPerAddress', low: 2, stimulus: connectMore(3), reaction: 429 },
  {
    limit: 'maxConnectionsPerUser',
    low: 1,
    hello: 'ada',
    stimulus: async (raw, { port }) => {
      const second = await RawSocket.upgrade(port);
      send(second, { t: 'hello', v: 1, token: 'ada' });
      await second.until(() => second.closeCode !== undefined || second.frames.length > 0);
      raw.status = second.closeCode ?? raw.status;
    },
    reaction: 4504,
  },
  {
    limit: 'connectsPerSecond',
    low: 1,
    high: 1_000,
    stimulus: connectMore(3, eachFromElsewhere),
    reaction: 503,
  },
  { limit: 'connectsPerSecondPerAddress', low: 1, stimulus: connectMore(4), reaction: 429 },
  {
    limit: 'framesPerSecond',
    low: 3,
    stimulus: (raw) => send(raw, ...times(10, () => ({ t: 'ping' }))),
    reaction: 'RATE_LIMITED',
  },
  {
    limit: 'itemsPerSecond',
    low: 1,
    also: { framesPerSecond: 4 },
    stimulus: (raw) => send(raw, open(), invoke(2, 'take'), ...times(12, () => itemOf(2))),
    reaction: 'RATE_LIMITED',
  },
  {
    limit: 'bytesPerSecond',
    low: 600,
    stimulus: (raw) => send(raw, { t: 'ping', pad: KIB }, { t: 'ping', pad: KIB }),
    reaction: 'RATE_LIMITED',
  },
  {
    limit: 'maxRefusals',
    low: 5,
    also: { framesPerSecond: 10 },
    stimulus: (raw) => send(raw, ...times(50, () => ({ t: 'ping' }))),
    reaction: 4004,
    goesOn: (raw) => raw.frame('error'),
  },
  {
    limit: 'frameWorkMsPerSecond',
    low: 0.001,
    stimulus: (raw) => send(raw, ...times(50, (n) => tell(n + 1, 'now'))),
    reaction: 'RATE_LIMITED',
  },
  {
    limit: 'answerBytes',
    low: 1,
    stimulus: (raw) => send(raw, { t: 'open', id: 1, endpoint: 'a' }),
    reaction: ({ frames }) =>
      frames.some(({ error }) => (error as { message: string } | undefined)?.message === 'Shortened.'),
  },
  {
    limit: 'signInsPerSecond',
    low: 0.001,
    high: 1_000_000,
    also: { signInBurst: 2 },
    hello: 'ada',
    stimulus: async (raw) => {
      for (const id of [1, 2, 3]) {
        raw.sendJson({ t: 'auth', id, token: 'ada' });
        await raw.until(() => raw.frames.some((frame) => frame.id === id));
      }
    },
    reaction: 'RATE_LIMITED',
  },
  {
    limit: 'signInBurst',
    low: 1,
    hello: 'ada',
    stimulus: (raw) => send(raw, ...times(3, (n) => ({ t: 'auth', id: n + 1, token: 'ada' }))),
    reaction: 'RATE_LIMITED',
    goesOn: (raw) => raw.frame('authenticated', 3),
  },
  {
    limit: 'maxRefusedSignIns',
    low: 2,
    stimulus: (raw) => send(raw, ...times(3, (n) => ({ t: 'auth', id: n + 1, token: 'nobody' }))),
    reaction: 4501,
    goesOn: (raw) => raw.frame('error', 3),
  },
  { limit: 'maxBadFrames', low: 2, stimulus: (raw) => send(raw, '{', '{'), reaction: 4500 },
  {
    limit: 'maxStreams',
    low: 1,
    stimulus: (raw) => send(raw, open(1), open(2, 'other')),
    reaction: 'TOO_MANY_STREAMS',
    goesOn: (raw) => raw.frame('opened', 2),
  },
  {
    limit: 'maxSubscriptions',
    low: 1,
    stimulus: (raw) => send(raw, open(), tell(2, 'subscribe a'), tell(3, 'subscribe b')),
    reaction: 'TOO_MANY_SUBSCRIPTIONS',
    goesOn: (raw) => raw.frame('ack', 3),
  },
  {
    limit: 'maxPendingMessages',
    low: 2,
    stimulus: (raw) => send(raw, open(), ...times(3, (n) => tell(n + 2, 'wait'))),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('ack', 4)),
  },
  {
    limit: 'maxPendingBytes',
    low: 2_000,
    stimulus: (raw) => send(raw, open(), ...times(4, (n) => tell(n + 2, `wait ${KIB}`))),
    reaction: 'BUSY',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('ack', 5)),
  },
  {
    limit: 'historyBytesPerSecond',
    low: 1,
    hello: false,
    stimulus: comeBackToHistory,
    // The first message may be read; the others wait until it is paid.
    reaction: (raw) => publicationsOf(raw).length === 1,
    goesOn: (raw) => raw.until(() => publicationsOf(raw).length === 3),
  },
  {
    limit: 'maxChannelReads',
    low: 1,
    stimulus: (raw) => send(raw, open(), tell(2, 'board a'), tell(3, 'board b')),
    reaction: isReadWaiting,
    goesOn: (raw) => raw.frame('ack', 3),
  },
  {
    limit: 'maxChannelReadsPerUser',
    low: 1,
    hello: 'ada',
    stimulus: askBehind('ada'),
    reaction: isReadWaiting,
  },
  {
    limit: 'maxSnapshotCalls',
    low: 1,
    hello: 'ada',
    stimulus: askBehind('bob'),
    reaction: isReadWaiting,
  },
  {
    limit: 'maxCalls',
    low: 1,
    stimulus: (raw) => send(raw, open(), invoke(2, 'hold'), invoke(3, 'hold')),
    reaction: 'TOO_MANY_CALLS',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('reply')),
  },
  {
    limit: 'maxResumableCalls',
    low: 1,
    stimulus: (raw) =>
      send(
        raw,
        open(),
        { ...invoke(2, 'generate'), callId: 'a'.repeat(22) },
        { ...invoke(3, 'generate'), callId: 'b'.repeat(22) },
      ),
    reaction: 'TOO_MANY_CALLS',
  },
  {
    limit: 'callWindow',
    low: 1,
    stimulus: (raw) => send(raw, open(), invoke(2, 'take'), itemOf(2), itemOf(2)),
    reaction: 'CALL_WINDOW_EXCEEDED',
  },
  {
    limit: 'callWindowBytes',
    low: 80,
    stimulus: (raw) => send(raw, open(), invoke(2, 'take'), itemOf(2), itemOf(2)),
    reaction: 'CALL_WINDOW_EXCEEDED',
  },
  {
    limit: 'maxObservedItems',
    low: 5,
    stimulus: (raw) => send(raw, open(), invoke(2, 'many', '50')),
    reaction: 'READER_OVERFLOW',
    goesOn: (raw) => raw.frame('end'),
  },
  {
    limit: 'maxResultStreams',
    low: 1,
    stimulus: (raw) => send(raw, open(), tell(2, 'endless'), tell(3, 'endless')),
    reaction: 'LIMIT_REACHED',
    goesOn: (raw) => raw.frame('ack', 3),
  },
  {
    limit: 'maxRequests',
    low: 1,
    stimulus: (raw) => send(raw, open(), tell(2, 'ask 2')),
    reaction: 'LIMIT_REACHED',
    goesOn: (raw) => raw.frame('request', 2),
  },
  {
    limit: 'maxRequestsPerConnection',
    low: 1,
    stimulus: (raw) => send(raw, open(), tell(2, 'ask 2')),
    reaction: 'LIMIT_REACHED',
    goesOn: (raw) => raw.frame('request', 2),
  },
  {
    limit: 'requestTimeoutMs',
    low: 40,
    stimulus: (raw) => send(raw, open(), tell(2, 'ask 1')),
    reaction: 'REQUEST_TIMEOUT',
    goesOn: (raw) => raw.frame('request', 1),
  },
  {
    limit: 'resendWindowMs',
    low: 0,
    hello: false,
    stimulus: async (raw) => {
      send(raw, { t: 'hello', v: 1, client: 'c'.repeat(22) }, open(), tell(2, 'now'));
      await raw.frame('ack', 2);
    },
    reaction: (_, { streams }) => streams.counters().rememberedBytes === 0,
  },
  {
    limit: 'resendMemoryBytes',
    low: 1_000,
    hello: false,
    stimulus: async (raw) => {
      const unknown = times(20, (n) => ({ ...tell(n + 2, 'now'), type: 'e2e.order' }));
      send(raw, { t: 'hello', v: 1, client: 'c'.repeat(22) }, open(), ...unknown);
      await raw.frame('error', 21);
    },
    reaction: (_, { streams }) => streams.counters().rememberedBytes < 2_000,
  },
  {
    limit: 'handlerTimeoutMs',
    low: 40,
    stimulus: (raw) => send(raw, open(), tell(2, 'wait')),
    reaction: 'HANDLER_TIMEOUT',
    goesOn: (raw, target) => (target.get(Desk).latch.open(), raw.frame('ack', 2)),
  },
  {
    limit: 'outboundSoftBytes',
    low: 2_000,
    stimulus: async (raw, { messages }) => {
      send(raw, open(), tell(2, 'subscribe news'));
      await raw.frame('ack', 2);
      await Promise.all(times(10, () => messages.postMessage('news', note(KIB))));
    },
    reaction: (_, { streams }) => streams.counters().droppedPublications > 0,
    goesOn: (raw) => raw.until(() => raw.frames.filter(({ t }) => t === 'publication').length === 10),
  },
  {
    limit: 'outboundHardBytes',
    low: 5_000,
    also: { outboundSoftBytes: 2_500 },
    stimulus: (raw) => send(raw, open(), tell(2, 'flood 10')),
    reaction: 4003,
    goesOn: (raw) => raw.frame('ack', 2),
  },
  {
    limit: 'slowConsumerMs',
    low: 40,
    also: roomy,
    stimulus: fill,
    reaction: isGone,
    goesOn: isThere,
  },
  {
    limit: 'outboundProcessBytes',
    // Each of two connections has room for what it gets; both together have not.
    low: 24_000_000,
    high: 1e9,
    also: {
      outboundHardBytes: 24_000_000,
      outboundSoftBytes: 1_000,
      slowConsumerMs: 60_000,
      handlerTimeoutMs: 1_000,
    },
    stimulus: async (raw, target) => {
      await fill(raw, target);
      await fill(await RawSocket.hello(target.port), target);
    },
    reaction: (_, { streams }) => streams.counters().connections === 1,
    goesOn: async (_, { streams }) => expect(streams.counters().connections).toBe(2),
  },
  {
    limit: 'closeTimeoutMs',
    low: 40,
    stimulus: (raw) => send(raw, { t: 'hello', v: 1 }),
    reaction: ({ isEnded }) => isEnded,
    goesOn: (raw) => raw.closing(),
  },
  { limit: 'maxConnectionAgeMs', low: 40, stimulus: () => undefined, reaction: 4006 },
  { limit: 'credentialGraceMs', low: 0, hello: 'expired', stimulus: () => undefined, reaction: 4005 },
  {
    limit: 'maxJsonDepth',
    low: 3,
    stimulus: (raw) => send(raw, { t: 'ping', pad: [[[[]]]] }),
    reaction: 'TOO_COMPLEX',
  },
  {
    limit: 'maxJsonNodes',
    low: 20,
    stimulus: (raw) => send(raw, { t: 'ping', pad: times(50, () => ({})) }),
    reaction: 'TOO_COMPLEX',
  },
  {
    limit: 'maxJsonKeys',
    low: 5,
    stimulus: (raw) => send(raw, Object.fromEntries([['t', 'ping'], ...times(9, (n) => [`k${n}`, n])])),
    reaction: 'TOO_COMPLEX',
  },
  {
    limit: 'maxJsonItems',
    low: 20,
    stimulus: (raw) => send(raw, { t: 'ping', pad: times(50, (n) => n) }),
    reaction: 'TOO_COMPLEX',
  },
];

afterEach(stopAll);

describe('Every limit', () => {
  it('has its trial', () => {
    expect(trials.map(({ limit }) => limit).toSorted()).toEqual(Object.keys(DEFAULT_LIMITS).toSorted());
  });

  it.each(trials.map((trial) => [trial.limit, trial] as const))(
    '%s reacts when it is low, and not when it is high',
    async (limit, trial) => {
      const highest = trial.high ?? DEFAULT_LIMITS[limit];
      const [low, high] = await Promise.all([trial.low, highest].map((value) => begin(trial, value)));

      await Promise.all([low!, high!].map(({ raw, target }) => trial.stimulus(raw, target)));

      await until(() => hasReacted(trial, low!), 8_000);
      await (trial.goesOn ?? answersPing)(high!.raw, high!.target);
      expect(hasReacted(trial, high!)).toBe(false);
    },
  );
});

describe('The heartbeat', () => {
  it.each([
    ['pingMs', { pingMs: 40, pongMs: 40 }, 4002],
    ['pongMs', { pingMs: 40, pongMs: 60_000 }, undefined],
    ['none', { pingMs: 60_000, pongMs: 40 }, undefined],
  ])('is bounded by %s', async (_, heartbeat, code) => {
    const [tight, target] = [
      await start({ heartbeat: { pingMs: 40, pongMs: 40 } }),
      await start({ heartbeat }),
    ];
    const [witness, raw] = [await RawSocket.hello(tight.port), await RawSocket.hello(target.port)];

    await witness.closing();

    if (code === undefined) await answersPing(raw);
    else expect(await raw.closing()).toBe(code);
  });

  it('is satisfied by any frame', async () => {
    const target = await start({ heartbeat: { pingMs: 40, pongMs: 40 } });
    const [lively, silent] = [await RawSocket.hello(target.port), await RawSocket.hello(target.port)];
    const alive = setInterval(() => lively.sendJson({ t: 'pong' }), 10);

    expect(await silent.closing()).toBe(4002);
    clearInterval(alive);

    await answersPing(lively);
  });
});

describe('Compression', () => {
  const deflate = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
  const compressed = rawFrame({ rsv: 0b100, payload: deflateRawSync('{"t":"hello","v":1}') });

  it('is off: neither agreed nor accepted', async () => {
    const raw = await RawSocket.upgrade((await start()).port, '/streams', deflate);

    raw.send(compressed);

    expect(raw.head).not.toMatch(/permessage-deflate/i);
    expect(await raw.closing()).toBe(1002);
  });

  it('is there where it is asked for', async () => {
    const raw = await RawSocket.upgrade((await start({ compression: 'inbound' })).port, '/streams', deflate);

    raw.send(compressed);

    expect(raw.head).toMatch(/permessage-deflate/i);
    await raw.frame('welcome');
  });
});

describe('Origins', () => {
  it.each([
    [undefined, 'http://app.example.com', 403],
    [[], 'http://app.example.com', 403],
    [['app.example.com'], 'http://app.example.com', 101],
    [['app.example.com'], 'https://app.example.com', 101],
    [['app.example.com'], 'https://app.example.com:8443', 403],
    [['app.example.com:8443'], 'https://app.example.com:8443', 101],
    [['APP.example.com'], 'https://app.example.com', 101],
    [['https://app.example.com'], 'https://app.example.com', 101],
    [['https://app.example.com'], 'http://app.example.com', 403],
    [['example.com'], 'https://app.example.com', 403],
    [['app.example.com'], 'https://app.example.com.evil.example', 403],
    ['*', 'https://anywhere.example', 101],
    ['*', 'null', 101],
    [undefined, 'http://localhost', 101],
    [undefined, 'https://LOCALHOST', 101],
    [undefined, 'http://localhost:3000', 403],
  ] as const)('%j let %s in with %i', async (origins, Origin, status) => {
    const raw = await RawSocket.upgrade((await start({ origins })).port, '/streams', { Origin });

    expect(raw.status).toBe(status);
  });
});

describe('Hosts', () => {
  it.each([
    [undefined, 'rebound.example:3000', 101],
    [['app.example.com'], 'app.example.com', 101],
    [['app.example.com'], 'APP.example.com:3000', 101],
    [['app.example.com:3000'], 'app.example.com:3000', 101],
    [['app.example.com:3000'], 'app.example.com', 421],
    [['app.example.com'], 'rebound.example', 421],
    [['app.example.com'], 'app.example.com.rebound.example', 421],
  ] as const)('%j let %s in with %i', async (hosts, Host, status) => {
    const raw = await RawSocket.upgrade((await start({ hosts })).port, '/streams', { Host });

    expect(raw.status).toBe(status);
  });
});

describe('The scheme of a page', () => {
  const from = async (options: StreamsModuleOptions, headers: Record<string, string>) =>
    (await RawSocket.upgrade((await start(options)).port, '/streams', headers)).status;
  const Origin = 'http://localhost';

  it.each([
    [1, 'https', 403],
    [1, 'http', 101],
    [['127.0.0.1'], 'https', 403],
    // The header of an untrusted proxy has no effect.
    [['10.0.0.1'], 'https', 101],
    [0, 'https', 101],
    [false, 'https', 101],
  ] as const)('is compared with what a believed proxy says: %j, %s', async (trustProxy, scheme, status) => {
    expect(await from({ trustProxy }, { Origin, 'X-Forwarded-Proto': scheme })).toBe(status);
  });
});

describe('trustProxy', () => {
  const forwarded = '198.51.100.1, 203.0.113.9, 10.0.0.5';
  it.each([
    [false, forwarded, '127.0.0.1'],
    [0, forwarded, '127.0.0.1'],
    [1, forwarded, '10.0.0.5'],
    [2, forwarded, '203.0.113.9'],
    [9, forwarded, '198.51.100.1'],
    [['127.0.0.1'], forwarded, '10.0.0.5'],
    [['127.0.0.0/8', '10.0.0.0/8'], forwarded, '203.0.113.9'],
    [['10.0.0.0/8'], forwarded, '127.0.0.1'],
    [1, '', '127.0.0.1'],
    // An empty entry is none.
    [1, '198.51.100.1, 203.0.113.9,', '203.0.113.9'],
    [1, '::ffff:cb00:7109', '203.0.113.9'],
    [1, '2001:DB8:0:0:0:0:0:1%eth0', '2001:db8::1'],
    [1, '::ffff:203.0.113.9', '203.0.113.9'],
    [1, '2001:db8::1', '2001:db8::1'],
    // Some proxies add the port; what stands before it was written by the client.
    [1, '198.51.100.1, 203.0.113.9:4711', '203.0.113.9'],
    [1, '198.51.100.1, [2001:db8::1]:4711', '2001:db8::1'],
  ] as const)('%j reads %j as %s', async (trustProxy, header, expected) => {
    const target = await start({ trustProxy });
    const raw = await RawSocket.upgrade(target.port, '/streams', { 'X-Forwarded-For': header });

    await hello(raw);

    expect(target.get(Desk).addresses).toEqual([expected]);
  });

  it.each([
    [false, {}, 101],
    [0, {}, 429],
    [1, { 'X-Forwarded-For': '127.0.0.1' }, 429],
    [1, { 'X-Forwarded-For': '2001:db8::1' }, 429],
  ] as const)('%j counts %j against the limits of an address: %i', async (trustProxy, headers, status) => {
    const target = await start({ trustProxy, limits: { maxConnectionsPerAddress: 1 } });

    await RawSocket.upgrade(target.port, '/streams', headers);
    const second = await RawSocket.upgrade(target.port, '/streams', headers);

    expect(second.status).toBe(status);
  });

  it.each([
    [1, 'unknown'],
    [1, '198.51.100.1, hidden'],
    [1, '198.51.100.1, 0177.0.0.1'],
    [['127.0.0.1', '10.0.0.0/8'], 'hidden, 10.0.0.5'],
  ] as const)('%j refuses %j, which hides the client', async (trustProxy, header) => {
    const target = await start({ trustProxy });

    const raw = await RawSocket.upgrade(target.port, '/streams', { 'X-Forwarded-For': header });

    expect(raw.status).toBe(400);
    expect(target.streams.counters().connections).toBe(0);
  });

  it.each([[1], [['127.0.0.1']]] as const)(
    '%j counts the client behind a header of any length',
    async (trustProxy) => {
      const target = await start({ trustProxy, limits: { maxConnectionsPerAddress: 1 } });
      const from = async (header: string) =>
        (await RawSocket.upgrade(target.port, '/streams', { 'X-Forwarded-For': header })).status;
      const long = '198.51.100.1, '.repeat(600);

      const statuses = [
        await from(`${long}203.0.113.9`),
        await from(`${'x'.repeat(5_000)}, 203.0.113.9`),
        await from(`${long}203.0.113.10`),
        await from(`${long}x`),
      ];

      expect(statuses).toEqual([101, 429, 101, 400]);
    },
  );

  it('refuses so many headers that Node may have left the address out', async () => {
    const target = await start({ trustProxy: 1 });
    const many = Object.fromEntries(times(1_100, (index) => [`a${index}`, '1']));

    const raw = await RawSocket.upgrade(target.port, '/streams', { ...many, ...address });

    expect(raw.status).toBe(431);
  });

  it('counts IPv6 by its /64', async () => {
    const target = await start({ trustProxy: 1, limits: { maxConnectionsPerAddress: 1 } });
    const from = async (ip: string) =>
      (await RawSocket.upgrade(target.port, '/streams', { 'X-Forwarded-For': ip })).status;

    expect([
      await from('2001:db8:0:1::1'),
      await from('2001:db8:0:1:ffff::2'),
      await from('2001:db8:0:2::1'),
    ]).toEqual([101, 429, 101]);
  });
});

/** One connection to an application with a limit at this value. */
async function begin({ limit, also, hello: token }: Trial, value: number) {
  const target = await start({ limits: { ...also, [limit]: value } });
  const raw = await RawSocket.upgrade(target.port, '/streams', address);
  if (token !== false) await hello(raw, token);
  return { target, raw };
}

function hasReacted({ reaction }: Trial, { raw, target }: Awaited<ReturnType<typeof begin>>): boolean {
  if (typeof reaction === 'function') return reaction(raw, target);
  const errors = raw.frames.map(({ error }) => (error as { code: string } | undefined)?.code);
  return [raw.status, raw.closeCode, ...errors].includes(reaction);
}

async function hello(raw: RawSocket, token?: string): Promise<void> {
  raw.sendJson({ t: 'hello', v: 1, token });
  await raw.frame('welcome');
}

async function answersPing(raw: RawSocket): Promise<void> {
  const pongs = () => raw.frames.filter(({ t }) => t === 'pong').length;
  const before = pongs();
  raw.sendJson({ t: 'ping' });
  await raw.until(() => pongs() > before || raw.isEnded);
  expect(raw.closeCode).toBeUndefined();
}
