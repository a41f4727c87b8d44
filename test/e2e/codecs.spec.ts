import 'reflect-metadata';
import '@nestwire/protocol/class-transformer';
import { once } from 'node:events';
import { Type as Kind } from 'class-transformer';
import { Allow, IsDate, IsInstance, IsInt, IsNumber, IsString, ValidateNested } from 'class-validator';
import * as fc from 'fast-check';
import { WebSocket } from 'ws';
import { createStreamClient, type ConnectionOptions, type WebSocketClass } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import type { ClientCodec, Codec, JsonLimits } from '@nestwire/protocol/codec';
import { messagePack } from '@nestwire/protocol/message-pack';
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
import { collect, connected, failureOf, startApp, stopAll, towards, type RunningApp } from './start-app.js';
import { seedOf } from '../rig/seed.js';

fc.configureGlobal({ seed: seedOf('codecs') });

class Amount {
  @IsInt() cents!: number;
}

@StreamMessage('codecs.author')
class Author {
  declare readonly $type: 'codecs.author';
  @IsString() name!: string;
}

@StreamMessage('codecs.everything')
class Everything {
  declare readonly $type: 'codecs.everything';
  @IsString() text!: string;
  @IsDate() @Kind(() => Date) at!: Date;
  @IsInstance(Uint8Array) bytes!: Uint8Array;
  @IsNumber({ allowNaN: true, allowInfinity: true }) ratio!: number;
  @ValidateNested() @Kind(() => Amount) amount!: Amount;
  @ValidateNested() @Kind(() => Author) author!: Author;
  @Allow() big!: bigint;
  @Allow() tags!: Set<unknown>;
  @Allow() places!: Map<unknown, unknown>;
  @Allow() free: unknown = null;
}

const board = defineChannel('codecs', { messages: [Everything] });

@StreamEndpoint('echo')
class EchoEndpoint {
  readonly received: Everything[] = [];

  @OnStreamMessage(Everything)
  echo(_session: StreamSession<Everything>, message: Everything): Everything {
    this.received.push(message);
    return message;
  }
}

@StreamEndpoint('board')
class BoardEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Everything>): Promise<void> {
    await session.subscribe(board);
  }

  @OnStreamMessage(Everything)
  async post(_session: StreamSession<Everything>, message: Everything): Promise<void> {
    await this.messages.postMessage(board, message);
  }
}

@StreamEndpoint('relay')
class RelayEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Everything>): Promise<void> {
    await session.messages.addListener(board, (message) => session.sendStreamMessage(message));
  }
}

type Streams = StreamsOf<{ echo: EchoEndpoint; board: BoardEndpoint; relay: RelayEndpoint }>;

function everything(change: object = {}): Everything {
  return create(Everything, {
    text: 'Grüße 𝄞',
    at: new Date('1969-07-20T20:17:40.123Z'),
    bytes: Uint8Array.from({ length: 300 }, (_, index) => index),
    ratio: Number.NEGATIVE_INFINITY,
    amount: Object.assign(new Amount(), { cents: 5 }),
    author: create(Author, { name: 'Ada' }),
    big: 2n ** 100n,
    tags: new Set<unknown>(['a', new Date(5), new Uint8Array([1])]),
    places: new Map<unknown, unknown>([
      [1, new Uint8Array([2])],
      [new Date(7).getTime(), 'x'],
    ]),
    free: { $date: 'no tag', list: [new Date(8.64e15), -0, 1e300, 2 ** 40, [new Uint8Array()]] },
    ...change,
  });
}

const CODECS: Array<[string, ClientCodec | undefined, string]> = [
  ['JSON', undefined, 'nestwire.v1.json'],
  ['MessagePack', messagePack, 'nestwire.v1.msgpack'],
];

/** The sockets that the clients of a test made. */
const sockets: WebSocket[] = [];

class NotedWebSocket extends WebSocket {
  constructor(url: string, subprotocols: string | string[]) {
    super(url, subprotocols);
    sockets.push(this);
  }
}

async function start(options: StreamsModuleOptions = {}): Promise<RunningApp> {
  const providers = [EchoEndpoint, BoardEndpoint, RelayEndpoint];
  return startApp({ providers, options: { codecs: [messagePack], ...options } });
}

function clientOf(app: RunningApp, codec?: ClientCodec, options: Partial<ConnectionOptions> = {}) {
  const webSocket = NotedWebSocket as unknown as WebSocketClass;
  const client = createStreamClient<Streams>()({
    ...towards(app),
    webSocket,
    codec,
    ...options,
    messages: [Everything],
  });
  return connected(client);
}

afterEach(async () => {
  await stopAll();
  sockets.length = 0;
});

describe.each(CODECS)('A client that speaks %s', (_, codec, subprotocol) => {
  it('sends every kind of value and gets it back as it was', async () => {
    const app = await start();
    const client = await clientOf(app, codec);
    const back = collect(client.echo.stream);

    await client.echo.sendStreamMessage(everything());
    await until(() => back.length === 1);

    expect(sockets[0]!.protocol).toBe(subprotocol);
    expect(app.get(EchoEndpoint).received).toEqual([everything()]);
    expect(back).toEqual([everything()]);
    expect(back[0]!.author).toBeInstanceOf(Author);
    expect(back[0]!.amount).toBeInstanceOf(Amount);
    expect(back[0]!.bytes.constructor).toBe(Uint8Array);
  });

  it('sends many at once and hears of each', async () => {
    const client = await clientOf(await start(), codec);
    const back = collect(client.echo.stream);
    const texts = Array.from({ length: 100 }, (_each, index) => `${index}`);

    await Promise.all(texts.map((text) => client.echo.sendStreamMessage(everything({ text }))));
    await until(() => back.length === texts.length);

    expect(back.map(({ text }) => text)).toEqual(texts);
  });

  it('receives the problem of a message, and its path', async () => {
    const client = await clientOf(await start(), codec);
    const wrong = everything({
      text: 7,
      amount: Object.assign(new Amount(), { cents: 'x' }),
      bytes: new Date(0),
    });
    const paths = ['text', 'bytes', 'amount.cents'];

    const failure = await failureOf(client.echo.sendStreamMessage(wrong));
    expect(failure.code).toBe('INVALID_MESSAGE');
    expect(failure.details!.map(({ path }) => path)).toEqual(paths);
    const noDate = everything({ at: { toJSON: () => new Uint8Array(3) } });
    expect(await failureOf(client.echo.sendStreamMessage(noDate))).toMatchObject({
      code: expect.any(String),
    });
    await client.echo.sendStreamMessage(everything());
  });

  it.each([
    ['a number beyond those that are safe', everything({ free: [2 ** 60] }), 'INVALID_MESSAGE'],
    [
      'a tree that is too deep',
      everything({ free: JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown }),
      'TOO_COMPLEX',
    ],
    ['too many values', everything({ free: Array.from({ length: 2_001 }, () => []) }), 'TOO_COMPLEX'],
    ['a reserved key', everything({ free: { list: [{ prototype: 1 }] } }), 'NOT_ENCODABLE'],
    ['more than the server takes', everything({ bytes: new Uint8Array(70_000) }), 'MESSAGE_TOO_LARGE'],
  ])('is refused %s, and goes on', async (_what, message, code) => {
    const client = await clientOf(await start(), codec);

    const sending = client.echo.sendStreamMessage(message);
    expect(await failureOf(sending)).toMatchObject({ code });

    await client.echo.sendStreamMessage(everything());
    expect(client.connectionStatus.kind).toBe('connected');
  });

  it('queues a message without a connection, as it was when it was sent', async () => {
    const app = await start();
    const client = createStreamClient<Streams>()({ ...towards(app), codec, messages: [Everything] });
    const bytes = new Uint8Array(300);
    const sending = client.echo.sendStreamMessage(everything({ bytes }), { offline: 'queue' });
    bytes.fill(1);
    await connected(client);
    await sending;

    expect(app.get(EchoEndpoint).received[0]!.bytes).toEqual(new Uint8Array(300));
  });

  it('signs out and pings in its codec', async () => {
    const app = await start({ heartbeat: { pingMs: 40, pongMs: 400 } });
    const client = await clientOf(app, codec);
    const frames: unknown[] = [];
    sockets[0]!.on('message', (_data, isBinary) => frames.push(isBinary));

    await client.authenticate();
    await until(() => frames.length > 3);

    expect(new Set(frames)).toEqual(new Set([codec !== undefined]));
    expect(client.connectionStatus.kind).toBe('connected');
  });

  it('speaks JSON with a server that has nothing else', async () => {
    const app = await start({ codecs: [] });
    const client = await clientOf(app, codec, { offline: 'queue' });
    const back = collect(client.echo.stream);
    await client.echo.sendStreamMessage(everything());
    await until(() => back.length === 1);

    expect(sockets.at(-1)!.protocol).toBe('nestwire.v1.json');
    expect(back).toEqual([everything()]);
  });
});

describe('Clients that speak both', () => {
  it.each(['board', 'relay'] as const)('get the same of a channel by way of "%s"', async (way) => {
    const app = await start();
    const clients = await Promise.all([...CODECS, ...CODECS].map(([, codec]) => clientOf(app, codec)));
    const heard = clients.map((client) => collect(client[way].stream));
    const opened = clients.map(
      (client) => new Promise<void>((resolve) => client[way].addStreamOpenedListener(() => resolve())),
    );
    await Promise.all(opened);

    await app.messages.postMessage(board, everything({ text: 'to all' }));
    await until(() => heard.every((messages) => messages.length));

    for (const messages of heard) expect(messages).toEqual([everything({ text: 'to all' })]);
    expect(sockets.map(({ protocol }) => protocol).sort()).toEqual(
      [...CODECS, ...CODECS].map(([, , name]) => name).sort(),
    );
  });
});

it('A publication is encoded once a codec, however its members stand', async () => {
  let encoded = 0;
  const withLimits = (limits: JsonLimits): Codec => {
    const codec = messagePack.withLimits(limits);
    const encode = codec.encodePublication.bind(codec);
    const counted: typeof encode = (channel, message) => (encoded++, encode(channel, message));
    return Object.assign(codec, { encodePublication: counted });
  };
  const app = await start({ codecs: [{ ...messagePack, withLimits }] });
  for (const [, codec] of [...CODECS, ...CODECS, ...CODECS]) {
    const client = await clientOf(app, codec);
    await new Promise<void>((resolve) => client.board.addStreamOpenedListener(() => resolve()));
  }

  await app.messages.postMessage(board, everything());

  expect(encoded).toBe(1);
});

describe('A server that has both', () => {
  const OPEN = { t: 'open', id: 1, endpoint: 'echo' };
  const rejections: unknown[] = [];
  const onRejection = (error: unknown): unknown => rejections.push(error);

  beforeEach(() => process.on('unhandledRejection', onRejection));
  afterEach(() => {
    process.off('unhandledRejection', onRejection);
    expect(rejections).toEqual([]);
  });

  it.each([
    ['a text on a connection of MessagePack', 'nestwire.v1.msgpack', '{"t":"ping"}'],
    ['a text for hello there', 'nestwire.v1.msgpack', '{"t":"hello","v":1}'],
    ['bytes on a connection of JSON', 'nestwire.v1.json', messagePack.encode({ t: 'ping' }, undefined)],
  ])('closes with 1003 at %s', async (what, subprotocol, payload) => {
    const peer = await Peer.connect(await start(), [subprotocol]);
    if (!what.includes('hello')) await peer.hello();
    peer.socket.send(payload);

    expect(await peer.closed).toMatchObject({ code: 1003 });
  });

  it('takes the first that it has of those offered, and says what it has where there is none', async () => {
    const app = await start();
    const both = ['nestwire.v1.json', 'nestwire.v1.msgpack'];
    expect((await Peer.connect(app, ['nestwire.v9', ...both])).socket.protocol).toBe('nestwire.v1.json');
    expect((await Peer.connect(app, [...both].reverse())).socket.protocol).toBe('nestwire.v1.msgpack');
    const stranger = await RawSocket.upgrade(app.port, '/streams', {
      'Sec-WebSocket-Protocol': 'nestwire.v9',
    });

    expect(await stranger.closing()).toBe(4503);
    expect(String(stranger.controls.at(-1)!.payload.subarray(2))).toBe(
      `the subprotocol is ${both.join(', ')}`,
    );
  });

  it('answers broken bytes and goes on, until there are too many', async () => {
    const peer = await Peer.connect(await start(), ['nestwire.v1.msgpack']);
    await peer.hello();
    for (const bytes of [[0xc1], [0xdf, 0xff, 0xff, 0xff, 0xff]]) {
      peer.socket.send(Uint8Array.from(bytes));
      expect(await peer.frame('error')).toMatchObject({ error: { code: 'BAD_FRAME' } });
    }
    peer.send(OPEN);
    expect(await peer.frame('opened')).toMatchObject({ id: 1 });
    peer.socket.send(Uint8Array.from([0x80, 0x80]));

    expect(await peer.closed).toMatchObject({ code: 4500 });
  });

  it('answers what it refuses with the id of the frame', async () => {
    const peer = await Peer.connect(await start(), ['nestwire.v1.msgpack']);
    await peer.hello();
    peer.send({ t: 'message', id: 70_000, stream: 'echo', type: 'x', data: { a: 2 ** 60 } });

    expect(await peer.frame('error')).toMatchObject({ id: 70_000, error: { code: 'INVALID_MESSAGE' } });
  });

  it('closes with 1009 at more than it takes', async () => {
    const peer = await Peer.connect(await start(), ['nestwire.v1.msgpack']);
    await peer.hello();
    peer.send({ t: 'ping', more: new Uint8Array(66_000) });

    expect(await peer.closed).toMatchObject({ code: 1009 });
  });

  it('closes with 4500 at a first frame that is none, and at a large hello', async () => {
    const app = await start();
    const broken = await Peer.connect(app, ['nestwire.v1.msgpack']);
    broken.socket.send(Uint8Array.from([0xc1]));
    const large = await Peer.connect(app, ['nestwire.v1.msgpack']);
    large.send({ t: 'hello', v: 1, more: new Uint8Array(5_000) });

    expect(await broken.closed).toMatchObject({ code: 4500 });
    expect(await large.closed).toMatchObject({ code: 4500 });
  });

  it('outlives whatever bytes there are', async () => {
    const app = await start({
      limits: { maxBadFrames: 1_000_000, framesPerSecond: 1_000_000, bytesPerSecond: 1e9 },
    });
    const witness = await clientOf(app, messagePack);
    const message = messagePack.encode(
      {
        t: 'message',
        id: 9,
        stream: 'echo',
        type: 'codecs.everything',
        data: { at: new Date(), list: [1, {}, 'x'] },
      },
      undefined,
    ) as Uint8Array;
    const random = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 80 }), 150);
    const changes = fc.sample(
      fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      350,
    );
    const mutated = changes.map((change) =>
      change.reduce((bytes, [at, byte]) => bytes.with(at, byte), message),
    );
    let peer = await Peer.connect(app, ['nestwire.v1.msgpack']);
    const judged: number[] = [];
    for (const bytes of [...random, ...mutated]) {
      if (peer.socket.readyState !== WebSocket.OPEN) {
        judged.push((await peer.closed).code);
        peer = await Peer.connect(app, ['nestwire.v1.msgpack']);
      }
      if (!peer.isWelcome) await peer.hello();
      peer.socket.send(bytes);
      peer.send({ t: 'ping' });
      await peer.answered();
    }

    expect(judged.filter((code) => code < 4500 || code > 4503)).toEqual([]);
    await witness.echo.sendStreamMessage(everything());
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

/** A client of a test that sends what it wants. */
class Peer {
  isWelcome = false;
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly frames: Array<Record<string, unknown>> = [];
  private isClosed = false;

  private constructor(readonly socket: WebSocket) {
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) =>
      this.frames.push(messagePack.decode(data as ArrayBuffer | string) as Record<string, unknown>);
    this.closed = new Promise(
      (resolve) => (socket.onclose = ({ code, reason }) => resolve({ code, reason })),
    );
    void this.closed.then(() => (this.isClosed = true));
  }

  static async connect({ port }: RunningApp, subprotocols: string[]): Promise<Peer> {
    const peer = new Peer(new WebSocket(`ws://127.0.0.1:${port}/streams`, subprotocols));
    await once(peer.socket, 'open');
    return peer;
  }

  send(frame: object): void {
    this.socket.send(messagePack.encode(frame, this.socket.protocol));
  }

  async hello(): Promise<void> {
    this.send({ t: 'hello', v: 1 });
    await this.frame('welcome');
    this.isWelcome = true;
  }

  /** Takes the next frame of this type; forgets those before it. */
  async frame(t: string): Promise<Record<string, unknown>> {
    await until(() => this.frames.some((frame) => frame.t === t));
    for (;;) {
      const frame = this.frames.shift()!;
      if (frame.t === t) return frame;
    }
  }

  /** Resolves when the last ping has its answer, or the connection is closed. */
  async answered(): Promise<void> {
    await until(() => this.isClosed || this.frames.some(({ t }) => t === 'pong'));
    this.frames.length = 0;
  }
}
