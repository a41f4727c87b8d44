import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { IsArray, IsDate, IsOptional, IsString, ValidateNested } from 'class-validator';
import { createStreamClient, openOutbox, type OutboxOutcome } from '@nestwire/client';
import { defineChannel } from '@nestwire/messages';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import type { ClientCodec } from '@nestwire/protocol/codec';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamCall,
  StreamMethod,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { OriginLocks } from '../../libs/client/spec/page-locks.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { collect, connected, startApp, stopAll, towards, type RunningApp } from './start-app.js';

class Item {
  @IsString() name!: string;
}

/** Version 2 of the class; version 1 had `owner`. */
@StreamMessage('evolving.task', {
  version: 2,
  upcast: ({ owner, ...rest }) => ({ ...rest, assignee: owner }),
  unknownProperties: 'strip',
})
class Task {
  declare readonly $type: 'evolving.task';
  @IsString() assignee!: string;
  @IsOptional() @IsDate() @Type(() => Date) due?: Date;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items: Item[] = [];
}

const board = defineChannel('evolving-board', {
  messages: [Task],
  history: { messages: 50, ageMs: 60_000 },
});

@StreamEndpoint('board')
class BoardEndpoint {
  readonly tasks: Task[] = [];

  @OnStreamOpened()
  async opened(session: StreamSession<Task | StreamGap>): Promise<void> {
    await session.subscribe(board);
  }

  @OnStreamMessage(Task)
  task(_session: StreamSession<Task | StreamGap>, task: Task): void {
    this.tasks.push(task);
  }
}

type Streams = StreamsOf<{ board: BoardEndpoint }>;

const CODECS: ReadonlyArray<readonly [string, ClientCodec | undefined]> = [
  ['JSON', undefined],
  ['MessagePack', messagePack],
];

/** A codec that changes the data of sent messages, as a client of another build sends them. */
function sending(codec: ClientCodec | undefined, data: object): ClientCodec {
  const { subprotocols, natives, encode, decode } = codec ?? JSON_CODEC;
  return {
    subprotocols,
    ...(natives && { natives }),
    encode: (frame, chosen) =>
      encode((frame as { t: string }).t === 'message' ? { ...frame, data } : frame, chosen),
    decode,
  };
}

const JSON_CODEC: ClientCodec = {
  subprotocols: 'nestwire.v1.json',
  encode: (frame) => JSON.stringify(frame),
  decode: (payload) => JSON.parse(payload as string) as unknown,
};

let app: RunningApp;

const client = (codec?: ClientCodec) =>
  createStreamClient<Streams>()({ ...towards(app), messages: [Task, StreamGap], ...(codec && { codec }) });

/** Posts the text of another build: the channel carries it as it is. */
async function postAs(data: object): Promise<void> {
  const message = Object.assign(create(Task, { assignee: '' }), data);
  await app.messages.postMessage(board, message);
}

beforeEach(async () => {
  app = await startApp({ providers: [BoardEndpoint], options: { codecs: [messagePack] } });
});
afterEach(stopAll);

describe.each(CODECS)('Messages of another build, in %s', (_, codec) => {
  it('are converted, and lose the properties that the class lacks', async () => {
    const former = {
      owner: 'ada',
      due: { $date: '2026-01-01T00:00:00.000Z' },
      items: [{ name: 'paper', color: 'red' }],
      priority: 'high',
    };
    const { board: stream } = await connected(client(sending(codec, former)));
    await stream.sendStreamMessage(create(Task, { assignee: 'any' }));

    const [task] = app.get(BoardEndpoint).tasks;
    expect(task).toBeInstanceOf(Task);
    expect(JSON.parse(JSON.stringify(task))).toEqual({
      assignee: 'ada',
      due: '2026-01-01T00:00:00.000Z',
      items: [{ name: 'paper' }],
    });
  });

  it('are refused with their code if they are later than the class', async () => {
    const { board: stream } = await connected(client(sending(codec, { $version: 3, who: 'ada' })));
    const sent = stream.sendStreamMessage(create(Task, { assignee: 'any' }));

    await expect(sent).rejects.toMatchObject({
      code: 'UNKNOWN_VERSION',
      message: expect.stringContaining('has version 3, its class here 2') as string,
    });
    expect(app.get(BoardEndpoint).tasks).toEqual([]);
  });

  it('have their version on the way to a client and back', async () => {
    const { board: stream } = await connected(client(codec));
    const received = collect(stream.stream);
    const task = create(Task, { assignee: 'ada', due: new Date(0) });
    await stream.sendStreamMessage(task);
    await app.messages.postMessage(board, task);
    await until(() => received.length === 1);

    expect(received).toEqual([task]);
    expect(app.get(BoardEndpoint).tasks).toEqual([task]);
  });
});

describe('A history with messages of several builds', () => {
  it('is read in the present form, with a gap in the place of a later form', async () => {
    const { board: stream } = await connected(client());
    const received = collect(stream.stream);
    const heard = collect(app.messages.createStream(board));
    const listened: unknown[] = [];
    await app.messages.addListener(board, (message) => listened.push(message));
    await until(() => app.streams.counters().sessions === 1);
    for (const data of [{ $version: 3 }, { $version: 1, owner: 'bob' }]) await postAs(data);
    await app.messages.postMessage(board, create(Task, { assignee: 'ada' }));
    await until(() => received.length === 3 && listened.length === 3);

    const shown = (message: unknown) =>
      message instanceof StreamGap ? message.reason : (message as Task).assignee;
    expect(received.map(shown)).toEqual(['unreadable', 'bob', 'ada']);
    expect(listened.map(shown)).toEqual(['unreadable', 'bob', 'ada']);
    expect(app.messages.counters().undecodable).toBe(1);
    expect(heard).toEqual([]);
  });
});

describe('The hash of the contract', () => {
  it('is in the welcome, and equal on another server', async () => {
    const hashOf = async ({ port }: RunningApp) =>
      (await (await RawSocket.hello(port)).frame('welcome')).contract;
    const other = await startApp({ providers: [BoardEndpoint] });

    expect(await hashOf(app)).toMatch(/^[\w-]{22}$/);
    expect(await hashOf(other)).toBe(await hashOf(app));
  });

  it('differs with an endpoint, its parameters, its messages and its methods', async () => {
    class Params {
      @IsString() board!: string;
    }
    @StreamEndpoint('other')
    class Plain {}
    @StreamEndpoint('other', { params: Params })
    class WithParams {
      @OnStreamOpened()
      opened(_session: StreamSession<never, unknown, Params>): void {}
    }
    @StreamEndpoint('other')
    class WithMessage {
      @OnStreamMessage(Task)
      task(_session: StreamSession, _task: Task): void {}
    }
    @StreamEndpoint('other')
    class WithMethod {
      @StreamMethod(Task)
      task(_call: StreamCall, task: Task): Task {
        return task;
      }
    }
    const hashes = new Set<unknown>();
    for (const other of [undefined, Plain, WithParams, WithMessage, WithMethod]) {
      const { port } = await startApp({ providers: [BoardEndpoint, ...(other ? [other] : [])] });
      hashes.add((await (await RawSocket.hello(port)).frame('welcome')).contract);
    }

    expect(hashes.size).toBe(5);
  });
});

describe('An outbox of a page of another build', () => {
  const globals = globalThis as Record<string, unknown>;
  const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

  beforeEach(() => {
    const locks = new OriginLocks().page();
    Object.assign(globals, { indexedDB: new IDBFactory(), IDBKeyRange });
    Object.defineProperty(globals, 'navigator', { value: { locks }, configurable: true });
  });
  afterEach(() => {
    delete globals.indexedDB;
    delete globals.IDBKeyRange;
    delete globals.navigator;
    if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
  });

  it('is sent as it was stored: the server converts it, or refuses it with its code', async () => {
    const outcomes: OutboxOutcome[] = [];
    const page = async () => {
      const outbox = await openOutbox({
        onOutcome: (outcome) => void outcomes.push(outcome),
        onWarning: () => undefined,
      });
      const options = { ...towards(app), messages: [Task, StreamGap] as const, outbox };
      return { outbox, client: createStreamClient<Streams>()(options) };
    };
    const before = await page();
    for (const data of [{ $version: 1, owner: 'ada' }, { $version: 3 }]) {
      const task = Object.assign(create(Task, { assignee: '' }), data);
      before.client.board.sendStreamMessage(task, { durable: true }).catch(() => undefined);
    }
    await before.client.close();
    await before.outbox.close();
    const { client: next, outbox } = await page();
    await connected(next);
    await until(() => outcomes.length === 2);
    await next.close();
    await outbox.close();

    expect(app.get(BoardEndpoint).tasks).toEqual([create(Task, { assignee: 'ada' })]);
    expect(outcomes.map(({ error }) => error?.code)).toEqual([undefined, 'UNKNOWN_VERSION']);
    expect(outcomes.map(({ message }) => message)).toEqual([create(Task, { assignee: 'ada' }), undefined]);
  });
});
