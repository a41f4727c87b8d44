import {
  Injectable,
  StandardSchemaValidationPipe,
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { type } from 'arktype';
import { Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { createStreamClient, openOutbox, type OutboxOutcome } from '@nestwire/client';
import { defineChannel, MessagesService, PresenceService } from '@nestwire/messages';
import {
  create,
  createAsync,
  decodeMessage,
  defineMessage,
  StreamGap,
  StreamMessage,
  type CodedError,
  type MessageClass,
  type MessageOf,
} from '@nestwire/protocol';
import type { ClientCodec } from '@nestwire/protocol/codec';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamMessageId,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { OriginLocks } from '../../libs/client/spec/page-locks.js';
import { Link } from '../rig/link.js';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { collect, connected, failureOf, startApp, stopAll, towards, type RunningApp } from './start-app.js';

// The definitions of the three libraries have the same types, except for their names.
const OfZod = defineMessage(
  'schema.zod',
  z.object({
    text: z.string().max(20),
    at: z.date().optional(),
    bytes: z.instanceof(Uint8Array).optional(),
    items: z.array(z.object({ cents: z.bigint() })).default([]),
  }),
);
const OfValibot = defineMessage(
  'schema.valibot',
  v.object({
    text: v.pipe(v.string(), v.maxLength(20)),
    at: v.optional(v.date()),
    bytes: v.optional(v.instance(Uint8Array)),
    items: v.optional(v.array(v.object({ cents: v.bigint() })), () => []),
  }),
);
const OfArktype = defineMessage(
  'schema.arktype',
  type({
    text: 'string <= 20',
    'at?': 'Date',
    'bytes?': 'TypedArray.Uint8',
    items: type({ cents: 'bigint' })
      .array()
      .default(() => []),
  }),
);
const LIBRARIES = [
  ['zod', OfZod],
  ['valibot', OfValibot as unknown as typeof OfZod],
  ['arktype', OfArktype as unknown as typeof OfZod],
] as const;

const CODECS: ReadonlyArray<readonly [string, ClientCodec | undefined]> = [
  ['JSON', undefined],
  ['MessagePack', messagePack],
];

const Taken = defineMessage(
  'schema.taken',
  v.objectAsync({
    name: v.pipeAsync(
      v.string(),
      v.checkAsync(async (name) => (await Promise.resolve(name)) !== 'taken', 'is taken'),
    ),
  }),
);
type Taken = MessageOf<typeof Taken>;

type Say = MessageOf<typeof OfZod>;

@Injectable()
class Log {
  readonly messages: unknown[] = [];
  readonly ids: Array<string | undefined> = [];
}

/** The parts of an application whose messages are of one library. */
function partsOf(Say: typeof OfZod) {
  const room = defineChannel(`schema-${Say.messageName}`, {
    messages: [Say],
    history: { messages: 50, ageMs: 60_000 },
  });

  @StreamEndpoint('desk')
  class DeskEndpoint {
    constructor(
      private readonly log: Log,
      private readonly messages: MessagesService,
    ) {}

    @OnStreamOpened()
    async opened(session: StreamSession<Say | StreamGap>): Promise<void> {
      await session.subscribe(room);
    }

    @OnStreamMessage(Say)
    async say(
      _session: StreamSession<Say | StreamGap>,
      message: Say,
      @StreamMessageId() id: string | undefined,
    ): Promise<Say | undefined> {
      this.log.messages.push(message);
      this.log.ids.push(id);
      if (message.text === 'echo') return message;
      await this.messages.postMessage(room, message);
      return undefined;
    }

    @OnStreamMessage(Taken)
    taken(_session: StreamSession, message: Taken): void {
      this.log.messages.push(message);
    }
  }

  return { room, DeskEndpoint };
}

type Streams = StreamsOf<{ desk: InstanceType<ReturnType<typeof partsOf>['DeskEndpoint']> }>;

const links: Link[] = [];

async function start(Say: typeof OfZod, options: StreamsModuleOptions = {}) {
  const { room, DeskEndpoint } = partsOf(Say);
  const app = await startApp({
    providers: [Log, DeskEndpoint],
    options: { codecs: [messagePack], ...options },
  });
  return { ...app, room, log: app.get(Log) };
}

async function clientOf(app: Pick<RunningApp, 'port'>, Say: typeof OfZod, codec?: ClientCodec) {
  const client = createStreamClient<Streams>()({
    ...towards(app),
    ...(codec && { codec }),
    messages: [Say, Taken, StreamGap],
  });
  return connected(client);
}

function full(Say: typeof OfZod, text: string): Say {
  return create(Say, {
    text,
    at: new Date(5),
    bytes: new Uint8Array([1, 2, 3]),
    items: [{ cents: 2n ** 70n }],
  });
}

const globals = globalThis as Record<string, unknown>;
const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

beforeEach(() => {
  const locks = new OriginLocks().page();
  Object.assign(globals, { indexedDB: new IDBFactory(), IDBKeyRange });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
});

afterEach(async () => {
  delete globals.indexedDB;
  delete globals.IDBKeyRange;
  if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
  else delete globals.navigator;
  await stopAll();
  for (const link of links.splice(0)) link.close();
});

describe.each(LIBRARIES)('A message of %s', (_, Say) => {
  it.each(CODECS)('goes to the handler and back in %s', async (_name, codec) => {
    const app = await start(Say);
    const client = await clientOf(app, Say, codec);
    const received = collect(client.desk.stream);

    await client.desk.sendStreamMessage(full(Say, 'echo'));
    await until(() => received.length === 1);

    expect(app.log.messages).toEqual([full(Say, 'echo')]);
    expect(received).toEqual([full(Say, 'echo')]);
    for (const message of [app.log.messages[0], received[0]]) {
      expect(message).toBeInstanceOf(Say);
      expect(message).toHaveProperty('$type', Say.messageName);
      expect(Object.keys(message as object)).not.toContain('$type');
    }
  });

  it.each(CODECS)('reaches clients through a channel and its history in %s', async (_name, codec) => {
    const app = await start(Say);
    const link = await Link.to(app.port);
    links.push(link);
    const client = await clientOf(link, Say, codec);
    const received = collect(client.desk.stream);
    await client.desk.sendStreamMessage(full(Say, 'first'));
    await until(() => received.length === 1);

    const { target } = link;
    link.target = 1;
    link.cut();
    await until(() => client.connectionStatus.kind !== 'connected');
    await app.messages.postMessage(app.room, full(Say, 'second'));
    await app.messages.postMessage(app.room, create(Say, { text: 'third' }));
    link.target = target;
    await until(() => received.length === 3);

    expect(received).toEqual([full(Say, 'first'), full(Say, 'second'), create(Say, { text: 'third' })]);
    for (const message of received) expect(message).toBeInstanceOf(Say);
  });

  it('is refused with the paths and texts of the schema, and reaches no handler', async () => {
    const app = await start(Say);
    const client = await clientOf(app, Say);
    const invalid = decodeMessage(Say as MessageClass<Say>, {
      text: 'longer than twenty characters',
      items: [{ cents: 1 }],
    });
    const error = await failureOf(client.desk.sendStreamMessage(invalid));

    expect(error.code).toBe('INVALID_MESSAGE');
    expect(error.details!.map(({ path }) => path).toSorted()).toEqual(['items.0.cents', 'text']);
    expect(error.details!.map(({ message }) => message).join()).toMatch(/20/);
    expect(app.log.messages).toEqual([]);
  });

  it('has the defaults of the schema when a client leaves properties out', async () => {
    const app = await start(Say);
    const raw = await RawSocket.hello(app.port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened', 1);
    const data = { text: 'raw' };
    raw.sendJson({ t: 'message', id: 2, stream: 'desk', type: Say.messageName, data });
    await until(() => app.log.messages.length === 1);

    expect(app.log.messages).toEqual([create(Say, { text: 'raw' })]);
    expect((app.log.messages[0] as Say).items).toEqual([]);
  });

  it('is sent again after a lost connection, and handled once', async () => {
    const app = await start(Say);
    const link = await Link.to(app.port);
    links.push(link);
    const client = await clientOf(link, Say);
    await client.desk.sendStreamMessage(create(Say, { text: 'one' }));
    link.freeze();
    const sent = client.desk.sendStreamMessage(full(Say, 'two'));
    link.cut();
    await sent;

    expect(app.log.messages).toEqual([create(Say, { text: 'one' }), full(Say, 'two')]);
    expect(new Set(app.log.ids).size).toBe(2);
  });

  it('is sent from an outbox by the next page', async () => {
    const app = await start(Say);
    const outcomes: OutboxOutcome[] = [];
    const page = async () => {
      const outbox = await openOutbox({ onOutcome: (outcome) => void outcomes.push(outcome) });
      const options = { ...towards(app), messages: [Say, Taken, StreamGap] as const, outbox };
      return { outbox, client: createStreamClient<Streams>()(options) };
    };
    const before = await page();
    before.client.desk.sendStreamMessage(full(Say, 'stored'), { durable: true }).catch(() => undefined);
    await before.client.close();
    await before.outbox.close();
    const { client, outbox } = await page();
    await connected(client);
    await until(() => outcomes.length === 1);
    await client.close();
    await outbox.close();

    expect(app.log.messages).toEqual([full(Say, 'stored')]);
    expect(outcomes).toMatchObject([{ type: Say.messageName, error: undefined }]);
    expect(outcomes[0]!.message).toEqual(full(Say, 'stored'));
    expect(outcomes[0]!.message).toBeInstanceOf(Say);
  });

  it('is plain data of a member of a channel, like a message of a class', async () => {
    const { app } = await start(Say);
    const presence = app.get(PresenceService);
    await presence.join('schema-presence', { id: '1', data: create(Say, { text: 'here' }) });
    await presence.join('schema-presence', { id: '2', data: note('here') });

    const members = await presence.list('schema-presence');
    expect(members.map(({ data }) => data)).toEqual([{ text: 'here', items: [] }, { text: 'here' }]);
  });
});

describe('A message of an asynchronous schema', () => {
  it('reaches its handler, or is refused with the issues', async () => {
    const app = await start(OfZod);
    const client = await clientOf(app, OfZod);
    await client.desk.sendStreamMessage(await createAsync(Taken, { name: 'free' }));
    const taken = decodeMessage(Taken as MessageClass<Taken>, { name: 'taken' });
    const error = await failureOf(client.desk.sendStreamMessage(taken));

    expect(app.log.messages).toEqual([await createAsync(Taken, { name: 'free' })]);
    expect(error).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'name', message: 'is taken' }],
    });
  });
});

/** The arguments of pipes and the messages of handlers. */
const seen: unknown[] = [];

class MetadataPipe implements PipeTransform {
  transform(value: unknown, { metatype, schema }: ArgumentMetadata): unknown {
    seen.push({ metatype, schema });
    return value;
  }
}

@StreamEndpoint('piped')
class PipedEndpoint {
  @OnStreamMessage(OfZod)
  whole(_session: StreamSession, message: Say): void {
    seen.push(message);
  }

  @OnStreamMessage(OfArktype)
  text(
    @ConnectedSocket() _session: StreamSession,
    @MessageBody() _message: MessageOf<typeof OfArktype>,
    @MessageBody('text') text: string,
  ): void {
    seen.push(text);
  }

  @OnStreamMessage(Note)
  note(_session: StreamSession, message: Note): void {
    seen.push(message);
  }
}

type Piped = StreamsOf<{ piped: PipedEndpoint }>;

async function send(pipe: PipeTransform, message: Say | Note): Promise<CodedError | undefined> {
  seen.length = 0;
  const app = await startApp({
    providers: [PipedEndpoint],
    prepare: (nest) => nest.useGlobalPipes(pipe),
  });
  const client = createStreamClient<Piped>()({
    ...towards(app),
    messages: [OfZod, OfArktype, Note] as never,
  });
  return (await connected(client)).piped.sendStreamMessage(message as never).then(
    () => undefined,
    (error: unknown) => error as CodedError,
  );
}

describe('Global pipes', () => {
  it.each([
    ['whitelist', new ValidationPipe({ whitelist: true })],
    ['forbidNonWhitelisted', new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })],
    ['forbidUnknownValues', new ValidationPipe({ forbidUnknownValues: true })],
    [
      'transform',
      new ValidationPipe({ transform: true, transformOptions: { enableImplicitConversion: true } }),
    ],
    ['whitelist and transform', new ValidationPipe({ whitelist: true, transform: true })],
    ['a pipe for Standard Schemas', new StandardSchemaValidationPipe()],
    ['such a pipe without transform', new StandardSchemaValidationPipe({ transform: false })],
  ])('leave a message of a schema whole: %s', async (_, pipe) => {
    const message = full(OfZod, 'whole');

    expect(await send(pipe, message)).toBeUndefined();
    expect(seen).toEqual([message]);
    expect(seen[0]).toBeInstanceOf(OfZod);
    expect(seen[0]).toHaveProperty('$type', 'schema.zod');
  });

  it('leave a property of a message of a schema whole', async () => {
    const pipe = new ValidationPipe({ whitelist: true, transform: true });

    expect(await send(pipe, create(OfArktype, { text: 'a text' }) as never)).toBeUndefined();
    expect(seen).toEqual(['a text']);
  });

  it('get the schema of a message, and no class', async () => {
    await send(new MetadataPipe(), create(OfZod, { text: 'hi' }));

    expect(seen[0]).toEqual({ metatype: undefined, schema: OfZod.schema });
  });

  it('get the class of a message with decorators, and no schema', async () => {
    await send(new MetadataPipe(), note('hi'));

    expect(seen[0]).toEqual({ metatype: Note, schema: undefined });
  });
});

describe('The start of an application', () => {
  it('refuses two definitions with one name', async () => {
    const One = defineMessage('schema.twice', z.object({}));
    defineMessage('schema.twice', z.object({}));

    @StreamEndpoint('twice')
    class TwiceEndpoint {
      @OnStreamMessage(One)
      one(_session: StreamSession, _message: MessageOf<typeof One>): void {}
    }

    await expect(startApp({ providers: [TwiceEndpoint] })).rejects.toThrow(
      /Two message classes have the name "schema.twice".*defineMessage\(\)/,
    );
  });

  it('refuses a message of a schema inside of a class with decorators', async () => {
    @StreamMessage('schema.holder')
    class Holder {
      declare readonly $type: 'schema.holder';
      @ValidateNested() @Type(() => OfZod as never) inner!: Say;
    }

    @StreamEndpoint('holder')
    class HolderEndpoint {
      @OnStreamMessage(Holder)
      one(_session: StreamSession, _message: Holder): void {}
    }

    await expect(startApp({ providers: [HolderEndpoint] })).rejects.toThrow(
      /Holder\.inner: @ValidateNested\(\) does not apply the schema of "schema\.zod"/,
    );
  });
});

describeWithRedis('Over Redis', (redis) => {
  it.each(LIBRARIES)('messages of %s reach other servers and their histories', async (_, Say) => {
    const options = { redis: redis().url };
    const [one, other] = [await start(Say, options), await start(Say, options)];
    await one.messages.postMessage(one.room, full(Say, 'stored'));
    const client = await clientOf(other, Say);
    const received = collect(client.desk.stream);
    await client.desk.sendStreamMessage(create(Say, { text: 'echo' }));
    await until(() => received.length === 1);
    await one.messages.postMessage(one.room, full(Say, 'posted'));
    await until(() => received.length === 2);
    const stream = other.messages.createStream(other.room);
    await stream.attached;
    await one.messages.postMessage(one.room, full(Say, 'once more'));
    const { value } = await stream[Symbol.asyncIterator]().next();

    expect(received.slice(0, 2)).toEqual([create(Say, { text: 'echo' }), full(Say, 'posted')]);
    expect(value).toEqual(full(Say, 'once more'));
    expect(value).toBeInstanceOf(Say);
  });

  it('a message that only another version of the schema accepts is delivered', async () => {
    const options = { redis: redis().url };
    const [one, other] = [await start(OfZod, options), await start(OfZod, options)];
    const stream = other.messages.createStream(other.room);
    await stream.attached;
    const newer = decodeMessage(OfZod as MessageClass<Say>, { text: 'more than twenty characters', more: 1 });
    await one.messages.postMessage(one.room, newer);
    const { value } = await stream[Symbol.asyncIterator]().next();

    expect(value).toEqual(newer);
  });
});
