import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { Allow, IsNumber } from 'class-validator';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { CodedError, create, StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  DEFAULT_JSON_LIMITS,
  FrameFault,
  JSON_SUBPROTOCOL,
  JsonCodec,
  type ClientCodec,
  type Codec,
  type FramePayload,
} from '@nestwire/protocol/codec';
import { decodeMessage, encodeProperties } from '@nestwire/protocol/internal';
import { decodeCompiled, encodingOf, nativeProperties } from '@nestwire/protocol/compiled';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import {
  calls,
  Holder,
  PLACES,
  VALUE_TABLE,
  withUndefined,
  type Outcome,
} from '../rig/values/value-table.js';
import { collect, connected, failureOf, startApp, stopAll, towards } from './start-app.js';

const RUNS = 25;

/** The state that all copies of the package in this process share, with class-transformer if it is imported. */
const shared = (globalThis as unknown as Record<symbol, { transformer?: object }>)[Symbol.for('nestwire')]!;
const imported = shared.transformer;

/** Runs code of a client, with or without the import of class-transformer. */
function asClient<T>(hasImport: boolean, run: () => T): T {
  shared.transformer = hasImport ? imported : undefined;
  try {
    return run();
  } finally {
    shared.transformer = imported;
  }
}

const plainClient: ClientCodec = {
  subprotocols: JSON_SUBPROTOCOL,
  encode: (frame) => JSON.stringify(frame),
  decode: (payload) => JSON.parse(payload as string) as unknown,
};

const CODECS: ReadonlyArray<readonly [name: string, server: Codec, client: ClientCodec]> = [
  ['JSON', new JsonCodec(), plainClient],
  ['MessagePack', messagePack.withLimits(DEFAULT_JSON_LIMITS), messagePack],
];

const COMBINATIONS = CODECS.flatMap(([name, server, client]) =>
  [true, false].map((hasImport) => ({
    name: `${name}, a client ${hasImport ? 'with' : 'without'} class-transformer`,
    server,
    client,
    hasImport,
  })),
);
type Combination = (typeof COMBINATIONS)[number];

/** Sends a message as a client does, and makes the instance that its handler gets. */
function toServer(message: Holder, { server, client, hasImport }: Combination): Holder {
  const payload = asClient(hasImport, () => {
    const data = encodeProperties(message, client.natives);
    const frame = { t: 'message', id: 1, stream: 'e', type: message.$type, data };
    return client.encode(frame, server.subprotocol);
  });
  const frame = server.decodeClientFrame(payload);
  if (frame instanceof FrameFault) throw new CodedError(frame.code, frame.message);
  return decodeCompiled(Holder, (frame as { data: object }).data);
}

/** Sends a message as a session of a server does. */
function toClient(message: Holder, { server, client, hasImport }: Combination): Holder {
  const data = server.natives && nativeProperties(message, server.natives);
  const payload = data
    ? server.encodeFrame({ t: 'message', stream: 'e', type: message.$type, data })
    : server.encodeServerMessage('e', encodingOf(message));
  return received(payload, client, hasImport);
}

/** Posts a message to a channel, which carries its text, and lets the channel flow to a client. */
function throughChannel(message: Holder, { server, client, hasImport }: Combination): Holder {
  const heard = decodeCompiled(Holder, JSON.parse(encodingOf(message).data) as object);
  return received(server.encodePublication('c', encodingOf(heard)), client, hasImport);
}

function received(payload: FramePayload, client: ClientCodec, hasImport: boolean): Holder {
  const bytes = typeof payload === 'string' ? payload : (payload.slice().buffer as ArrayBuffer);
  const { data } = client.decode(bytes) as { data: object };
  return asClient(hasImport, () => decodeMessage(Holder, data));
}

function outcomeOf(run: () => Holder): Outcome {
  try {
    return { arrives: run().free };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { code: error.code };
  }
}

/** Strict about classes, holes, NaN and -0. */
function shown(outcome: Outcome): string {
  return inspect(outcome, { depth: Infinity, maxArrayLength: null, maxStringLength: null });
}

const ROUTES = [
  ['to a server', toServer, true],
  ['to a client', toClient, false],
  ['through a channel', throughChannel, false],
] as const;

describe.each(COMBINATIONS)('Values in $name', (combination) => {
  describe.each(ROUTES)('%s', (_, send, isFromClient) => {
    it.each(VALUE_TABLE)('$value: $outcome', ({ values, expected, isAnywhere }) => {
      calls.count = 0;
      fc.assert(
        fc.property(values, fc.nat(PLACES.length - 1), (value, at) => {
          const cases = isAnywhere
            ? [[PLACES[at]!(value), placed(expected(value, isFromClient), at)] as const]
            : WITHOUT;
          for (const [sent, outcome] of cases)
            expect(shown(outcomeOf(() => send(create(Holder, { free: sent }), combination)))).toBe(
              shown(outcome),
            );
        }),
        { numRuns: RUNS },
      );
      expect(calls.count).toBe(0);
    });
  });
});

const WITHOUT = withUndefined(undefined).map(([sent, arrives]) => [sent, { arrives }] as const);

function placed(outcome: Outcome, at: number): Outcome {
  return 'arrives' in outcome ? { arrives: PLACES[at]!(outcome.arrives) } : outcome;
}

describe('The table of docs/messages.md', () => {
  it('has the lines that are tested, in this order', () => {
    const page = readFileSync('docs/messages.md', 'utf8');
    const printed = page.slice(page.indexOf('| value | '), page.indexOf('\n\n', page.indexOf('| value | ')));
    const lines = VALUE_TABLE.map(({ value, outcome }) => `| ${value} | ${outcome} |`);
    expect(printed.split('\n')).toEqual(['| value | what arrives |', '|---|---|', ...lines]);
  });
});

@StreamMessage('values.posted')
class Posted {
  declare readonly $type: 'values.posted';
  @Allow() free: unknown = 'default';
}

@StreamMessage('values.measured')
class Measured {
  declare readonly $type: 'values.measured';
  @IsNumber() ratio!: number;
}

const board = defineChannel('values', {
  messages: [Posted, Holder],
  history: { messages: 100, ageMs: 60_000 },
});

@StreamEndpoint('board')
class BoardEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Posted | Holder | StreamGap>): Promise<void> {
    await session.subscribe(board);
  }

  @OnStreamMessage(Posted)
  async post(_session: StreamSession<Posted | Holder | StreamGap>, message: Posted): Promise<void> {
    await this.messages.postMessage(board, message);
  }

  /** Lets clients name the class inside of others. */
  @OnStreamMessage(Holder)
  held(_session: StreamSession<Posted | Holder | StreamGap>, _message: Holder): void {}

  @OnStreamMessage(Measured)
  measured(_session: StreamSession<Posted | Holder | StreamGap>, _message: Measured): void {}
}

type Streams = StreamsOf<{ board: BoardEndpoint }>;

/** A few values of each line, in a place, with what becomes of them. */
const SAMPLES = VALUE_TABLE.filter(({ isAnywhere }) => isAnywhere).flatMap(({ values, expected }, line) =>
  fc.sample(values, { seed: line, numRuns: 2 }).map((value, at) => {
    const place = (line + at) % PLACES.length;
    return [PLACES[place]!(value), placed(expected(value, true), place)] as const;
  }),
);

describeWithRedis('Values on the way over two servers and a history in Redis', (redis) => {
  afterEach(stopAll);

  async function clientOf(codec?: ClientCodec) {
    const options = { codecs: [messagePack], redis: redis().url };
    const app = await startApp({ providers: [BoardEndpoint], options });
    return connected(
      createStreamClient<Streams>()({
        ...towards(app),
        codec,
        messages: [Posted, Measured, Holder, StreamGap],
      }),
    );
  }

  it.each([
    ['JSON', undefined, messagePack],
    ['MessagePack', messagePack, undefined],
  ])('arrive from a client with %s at one with the other codec, or are refused', async (_, from, to) => {
    const [poster, reader] = [await clientOf(from), await clientOf(to)];
    const arrived = collect(reader.board.stream);
    await reader.board.sendStreamMessage(create(Measured, { ratio: 1 }));

    await Promise.all(
      SAMPLES.map(async ([free, outcome]) => {
        const sent = poster.board.sendStreamMessage(create(Posted, { free }));
        if ('code' in outcome) expect(await failureOf(sent)).toMatchObject({ code: outcome.code });
        else await sent;
      }),
    );

    const expected = SAMPLES.flatMap(([, outcome]) => ('arrives' in outcome ? [outcome.arrives] : []));
    await until(() => arrived.length === expected.length);
    expect(arrived.map((message) => shown({ arrives: (message as Posted).free }))).toEqual(
      expected.map((arrives) => shown({ arrives })),
    );
  });

  it('are left to constraints: NaN passes @Allow() and not @IsNumber()', async () => {
    const client = await clientOf();

    await client.board.sendStreamMessage(create(Posted, { free: NaN }));
    expect(await failureOf(client.board.sendStreamMessage(create(Measured, { ratio: NaN })))).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'ratio' }],
    });
  });
});
