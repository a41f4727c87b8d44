import { Injectable, Logger } from '@nestjs/common';
import { WebSocket } from 'ws';
import { createStreamClient, type AnyStreamClient, type WebSocketClass } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { CodedError, StreamGap } from '@nestwire/protocol';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { failureOf, startApp, stopAll, towards, tracked, type RunningApp } from './start-app.js';

const room = defineChannel('client-rooms', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});

class RoomParams {
  @IsString() @MaxLength(8) roomId!: string;
  @IsOptional() @IsString() side?: string;
}

type Room = StreamSession<Note | StreamGap, StreamUser, RoomParams>;

let opened: string[] = [];
let banned = new Set<string>();

@StreamEndpoint('room', { params: RoomParams, requireLogin: true })
class RoomEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: Room): Promise<void> {
    const { roomId } = session.params;
    if (banned.has(roomId)) throw new CodedError('BANNED', `You are banned from ${roomId}.`);
    opened.push(roomId);
    await session.subscribe(room(roomId));
  }

  @OnStreamMessage(Note)
  async say({ params, user }: Room, { text }: Note): Promise<void> {
    await this.messages.postMessage(room(params.roomId), note(`${user.id}: ${text}`));
  }
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token ? { id: token } : null;
  }
}

type Streams = StreamsOf<{ room: RoomEndpoint }>;

const sockets: WebSocket[] = [];

/** A socket that a test can cut. */
class CutWebSocket extends WebSocket {
  constructor(url: string, subprotocols: string[]) {
    super(url, subprotocols);
    sockets.push(this);
  }
}

/** Cuts all connections of clients, as a failing network does. */
function dropConnections(): void {
  for (const socket of sockets.splice(0)) socket.terminate();
}

/** Cuts all connections, and resolves when the client has noticed; it may be back at once. */
async function loseConnection(client: AnyStreamClient): Promise<void> {
  const lost = new Promise<void>((resolve) => {
    const stop = client.addConnectionStatusListener((status) => {
      if (status.kind === 'connected') return;
      stop();
      resolve();
    });
  });
  dropConnections();
  await lost;
}

const start = (options: StreamsModuleOptions = {}) =>
  startApp({
    options: { authenticator: Users, codecs: [messagePack], ...options },
    providers: [RoomEndpoint],
  });

async function connect(server: RunningApp, user: string, options: object = {}) {
  const client = tracked(
    createStreamClient<Streams>()({
      ...towards(server),
      webSocket: CutWebSocket as unknown as WebSocketClass,
      messages: [Note, StreamGap],
      auth: () => user,
      ...options,
    }),
  );
  await client.connectWebSocket();
  return client;
}

/** Reads a stream to its end; the list grows, and ends with the code of the error. */
function readAll(stream: AsyncIterable<Note | StreamGap>): string[] {
  const seen: string[] = [];
  void (async () => {
    try {
      for await (const message of stream) seen.push('text' in message ? message.text : message.reason);
    } catch (error) {
      seen.push((error as CodedError).code);
    }
  })();
  return seen;
}

beforeAll(() => Logger.overrideLogger(false));
beforeEach(() => {
  opened = [];
  banned = new Set();
  sockets.length = 0;
});
afterEach(stopAll);

describe.each([
  ['JSON', () => ({})],
  ['MessagePack', () => ({ codec: messagePack })],
])('A client of rooms with %s', (_codec, options) => {
  it('has a stream of each, which continue after a reconnect', async () => {
    const server = await start();
    const ada = await connect(server, 'ada', options());
    const [a, b] = [ada.room({ roomId: 'a' }), ada.room({ roomId: 'b', side: 'left' })];
    const [inA, inB] = [readAll(a.stream), readAll(b.stream)];
    await Promise.all([a.sendStreamMessage(note('one')), b.sendStreamMessage(note('two'))]);
    await until(() => inA.length === 1 && inB.length === 1);

    await loseConnection(ada);
    await server.messages.postMessage(room('a'), note('meanwhile'));
    await server.messages.postMessage(room('b'), note('there too'));
    await until(() => inA.length === 2 && inB.length === 2);

    expect(inA).toEqual(['ada: one', 'meanwhile']);
    expect(inB).toEqual(['ada: two', 'there too']);
    expect(opened).toEqual(['a', 'b', 'a', 'b']);
  });

  it('learns that parameters are not valid', async () => {
    const ada = await connect(await start(), 'ada', options());

    const failure = await failureOf(ada.room({ roomId: 'too long for it' }).sendStreamMessage(note('x')));

    expect(failure).toMatchObject({
      code: 'INVALID_PARAMS',
      details: [expect.objectContaining({ path: 'roomId' })],
    });
  });
});

describe('A client that is evicted from a room', () => {
  it('learns it, stays in the others, and returns at its next use alone', async () => {
    const server = await start();
    const ada = await connect(server, 'ada');
    const [inA, inB] = [readAll(ada.room({ roomId: 'a' }).stream), readAll(ada.room({ roomId: 'b' }).stream)];
    await until(() => opened.length === 2);

    banned.add('a');
    await server.streams.close({ endpoint: 'room', params: { roomId: 'a' }, userId: 'ada' }, 'Out.');
    await until(() => inA.length === 1);
    for (const roomId of ['a', 'b']) await server.messages.postMessage(room(roomId), note(`in ${roomId}`));
    await until(() => inB.length === 1);

    expect([inA, inB, opened]).toEqual([['evicted'], ['in b'], ['a', 'b']]);
    expect(server.streams.counters().sessions).toBe(1);
    expect(await failureOf(ada.room({ roomId: 'a' }).sendStreamMessage(note('x')))).toMatchObject({
      code: 'BANNED',
    });
    banned.clear();
    await ada.room({ roomId: 'a' }).sendStreamMessage(note('back'));
    expect(opened).toEqual(['a', 'b', 'a']);
  });
});

describeWithRedis('A client of rooms on two servers', (redis) => {
  it('is evicted by the other server, also after a reconnect', async () => {
    const [one, two] = await Promise.all([start({ redis: redis().url }), start({ redis: redis().url })]);
    const ada = await connect(one, 'ada');
    const inA = readAll(ada.room({ roomId: 'a' }).stream);
    await until(() => opened.length === 1);
    dropConnections();
    await until(() => opened.length === 2);

    await two.streams.close({ endpoint: 'room', params: { roomId: 'a' } });
    await until(() => inA.length === 1);
    await two.messages.postMessage(room('a'), note('not for you'));
    await loseConnection(ada);
    await until(() => ada.connectionStatus.kind === 'connected');

    expect(inA).toEqual(['evicted']);
    expect(opened).toEqual(['a', 'a']);
    expect(one.streams.counters().sessions).toBe(0);
  });
});
