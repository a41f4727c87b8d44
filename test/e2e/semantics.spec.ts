import { Injectable } from '@nestjs/common';
import { interval, map, Observable, of, throwError, concat } from 'rxjs';
import { WebSocket } from 'ws';
import { createStreamClient, type WebSocketClass } from '@nestwire/client';
import { CloseCode } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
} from '@nestwire/streams';
import { answerFivePings, pingsOf } from '../rig/pings.js';
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';
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

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly latch = new Latch();
  /** The results that are running. */
  readonly running = new Set<string>();
}

/** Opens on use; its handler waits as long as the text says, and for the latch. */
@StreamEndpoint('desk')
export class DeskEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: StreamSession<Note>): void {
    this.desk.log.push('opened');
    void session.sendStreamMessage(note('hello'));
  }

  @OnStreamMessage(Note)
  async handle(_session: StreamSession<Note>, { text }: Note): Promise<void> {
    if (text === 'wait') await this.desk.latch.pass();
    else if (Number(text) % 3) for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    this.desk.log.push(text);
  }

  @OnStreamClosed()
  closed(): void {
    this.desk.log.push('closed');
  }
}

/** Opens by itself. */
@StreamEndpoint('news', { open: 'on-connect' })
export class NewsEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note>): Promise<Note> {
    this.desk.log.push('news opened');
    await session.subscribe('news');
    await session.sendStreamMessage(note('first news'));
    return note('second news');
  }

  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note>, message: Note): Note {
    return message;
  }
}

/** Returns what the text names. */
@StreamEndpoint('results')
export class ResultsEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamMessage(Task)
  answer(
    session: StreamSession<Note>,
    { text }: Task,
  ): Note | Note[] | AsyncIterable<Note> | Observable<Note> | undefined {
    const results: Record<string, () => ReturnType<ResultsEndpoint['answer']>> = {
      message: () => note('one'),
      array: () => [note('one'), note('two')],
      'no messages': () => [],
      iterable: () => this.count(3),
      observable: () => of(note('0'), note('1'), note('2')),
      'endless iterable': () => this.count(Infinity),
      'silent iterable': () => this.silence(),
      'endless observable': () => this.tick(),
      'failing iterable': () => this.count(2, new Error('secret')),
      'failing observable': () =>
        concat(
          of(note('0')),
          throwError(() => new Error('secret')),
        ),
      'broken iterable': () => ({
        [Symbol.asyncIterator]() {
          throw new Error('secret');
        },
      }),
      'stubborn iterable': () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => undefined),
          return: () => {
            throw new Error('secret');
          },
        }),
      }),
      'after the end': () => {
        void session.close();
        return this.silence();
      },
      nothing: () => undefined,
      junk: () => ({ text: 'no message' }) as never,
      'junk in an array': () => [note('one'), 5 as never],
    };
    return results[text]!();
  }

  private async *count(end: number, error?: Error): AsyncGenerator<Note> {
    this.desk.running.add('iterable');
    try {
      for (let at = 0; at < end; at++) {
        yield note(String(at));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (error) throw error;
    } finally {
      this.desk.running.delete('iterable');
    }
  }

  /** An iterable whose source never says anything, and that notices that it is returned. */
  private silence(): AsyncIterable<Note> {
    let end: (result: IteratorResult<Note>) => void;
    const { running } = this.desk;
    return {
      [Symbol.asyncIterator]: () => {
        running.add('silence');
        return {
          next: () => new Promise((resolve) => (end = resolve)),
          return: () => {
            running.delete('silence');
            end?.({ done: true, value: undefined });
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
  }

  private tick(): Observable<Note> {
    return new Observable<Note>((subscriber) => {
      this.desk.running.add('observable');
      const source = interval(5)
        .pipe(map((at) => note(String(at))))
        .subscribe(subscriber);
      subscriber.add(() => {
        source.unsubscribe();
        this.desk.running.delete('observable');
      });
    });
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint; news: NewsEndpoint; results: ResultsEndpoint }>;

const start = (options?: StreamsModuleOptions) =>
  startApp({ options, providers: [Desk, DeskEndpoint, NewsEndpoint, ResultsEndpoint] });

const clientOf = (target: RunningApp, webSocket?: WebSocketClass) =>
  tracked(
    createStreamClient<Streams>()({
      ...towards(target),
      ...(webSocket && { webSocket }),
      messages: MESSAGES,
    }),
  );

const texts = (messages: readonly Note[]) => messages.map(({ text }) => text);

afterEach(stopAll);

describe('A stream opens', () => {
  it.each([
    ['reading', (client: ReturnType<typeof clientOf>) => void collect(client.desk.stream)],
    ['sending', (client: ReturnType<typeof clientOf>) => client.desk.sendStreamMessage(note('x'))],
    [
      'adding a listener',
      (client: ReturnType<typeof clientOf>) => void client.desk.addStreamOpenedListener(() => undefined),
    ],
  ])('on its first use: %s', async (_, use) => {
    const target = await start();
    const { log } = target.get(Desk);
    const client = await connected(clientOf(target));
    // The answer to this comes behind whatever connecting opens.
    await client.results.sendStreamMessage(task('nothing'));
    expect(log).toEqual(['news opened']);

    const sent = use(client);

    await until(() => log.includes('opened'));
    await sent;
  });

  it('on connect, where the endpoint says so, and what it sends then arrives', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    await until(() => target.get(Desk).log.includes('news opened'));
    await client.results.sendStreamMessage(task('nothing'));

    await target.messages.postMessage('news', note('third news'));
    const read = collect(client.news.stream);
    await client.news.sendStreamMessage(note('fourth news'));

    await until(() => read.length === 4);
    expect(texts(read)).toEqual(['first news', 'second news', 'third news', 'fourth news']);
    expect(target.get(Desk).log.filter((entry) => entry === 'news opened')).toHaveLength(1);
  });

  it('with what it sends before anything else', async () => {
    const client = await connected(clientOf(await start()));
    const reader = client.desk.stream[Symbol.asyncIterator]();

    expect((await reader.next()).value).toMatchObject({ text: 'hello' });
  });

  it('once for the same session, whoever asks', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port);

    for (const id of [1, 2]) raw.sendJson({ t: 'open', id, endpoint: 'desk' });
    const [first, second] = [await raw.frame('opened', 1), await raw.frame('opened', 2)];
    raw.sendJson({ t: 'open', id: 3, endpoint: 'desk' });

    expect(second.session).toBe(first.session);
    expect((await raw.frame('opened', 3)).session).toBe(first.session);
    expect(target.streams.counters().sessions).toBe(2);
  });
});

describe('Order', () => {
  it('is that of sending, whatever each handler takes', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));

    await Promise.all(numbers.map((text) => client.desk.sendStreamMessage(note(text))));

    expect(target.get(Desk).log.filter((entry) => /^\d/.test(entry))).toEqual(numbers);
  });

  it('is kept by a slow handler, which holds up nothing else', async () => {
    const target = await start({ heartbeat: { pingMs: 150, pongMs: 500 } });
    const desk = target.get(Desk);
    const [client, other] = [await connected(clientOf(target)), await connected(clientOf(target))];
    const [raw, silent] = [await RawSocket.hello(target.port), await RawSocket.hello(target.port)];
    const slow = client.desk.sendStreamMessage(note('wait'));
    const behind = client.desk.sendStreamMessage(note('behind'));
    await until(() => desk.latch.size === 1);

    await client.results.sendStreamMessage(task('message'));
    await other.desk.sendStreamMessage(note('other'));
    await answerFivePings(raw);
    expect(await silent.closing()).toBe(CloseCode.HeartbeatLost);
    expect(pingsOf(silent)).toBe(1);
    expect(desk.log).not.toContain('behind');
    desk.latch.open();

    await Promise.all([slow, behind]);
    expect(client.connectionStatus.kind).toBe('connected');
    expect(desk.log.slice(-2)).toEqual(['wait', 'behind']);
  });
});

describe('An answer', () => {
  it('comes when the handler has finished', async () => {
    const target = await start();
    const { latch } = target.get(Desk);
    const client = await connected(clientOf(target));
    let isAnswered = false;

    const sending = client.desk.sendStreamMessage(note('wait')).then(() => (isAnswered = true));
    await until(() => latch.size === 1);
    await client.results.sendStreamMessage(task('nothing'));
    expect(isAnswered).toBe(false);
    latch.open();

    await sending;
  });

  it('is one for all that was handled in a turn', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'results' });
    await raw.frame('opened', 1);
    const frames = Array.from({ length: 20 }, (_, index) =>
      jsonFrame({
        t: 'message',
        id: index + 2,
        stream: 'results',
        type: 'e2e.task',
        data: { text: 'nothing' },
      }),
    );

    raw.send(Buffer.concat(frames));

    await raw.frame('ack', 21);
    expect(raw.frames.filter(({ t }) => t === 'ack').length).toBeLessThan(5);
  });

  it('refuses a message that is too large before it is sent', async () => {
    const client = await connected(clientOf(await start({ limits: { maxPayloadBytes: 2_000 } })));

    const error = await failureOf(client.desk.sendStreamMessage(note('x'.repeat(3_000))));

    expect(error.code).toBe('MESSAGE_TOO_LARGE');
    await client.desk.sendStreamMessage(note('small'));
  });
});

describe('A result', () => {
  const open = async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    return { target, client, desk: target.get(Desk), read: collect(client.results.stream) };
  };

  it.each([
    ['message', ['one']],
    ['array', ['one', 'two']],
    ['iterable', ['0', '1', '2']],
    ['observable', ['0', '1', '2']],
    ['nothing', []],
    ['no messages', []],
  ])('that is %s is sent', async (text, expected) => {
    const { client, read } = await open();

    await client.results.sendStreamMessage(task(text));

    await until(() => read.length === expected.length);
    await client.results.sendStreamMessage(task('nothing'));
    expect(texts(read)).toEqual(expected);
  });

  it.each([
    ['endless iterable', 'iterable'],
    ['endless observable', 'observable'],
    ['silent iterable', 'silence'],
  ])(
    'that is an %s is answered at once, runs beside the next message and ends with the session',
    async (text, name) => {
      const { target, client, desk, read } = await open();

      await client.results.sendStreamMessage(task(text));
      await client.results.sendStreamMessage(task('message'));
      await until(() => texts(read).includes('one'));
      expect([...desk.running]).toEqual([name]);
      await client.close();

      await until(() => desk.running.size === 0);
      await untilNothingIsLeft(target);
    },
  );

  it.each(['failing iterable', 'failing observable', 'broken iterable'])(
    'that is a %s tells the client, and the stream goes on',
    async (text) => {
      const target = await start();
      const raw = await RawSocket.hello(target.port);
      raw.sendJson({ t: 'open', id: 1, endpoint: 'results' });

      raw.sendJson({ t: 'message', id: 2, stream: 'results', type: 'e2e.task', data: { text } });

      const error = await raw.frame('error');
      expect(error).toMatchObject({ error: { code: 'INTERNAL' } });
      expect(JSON.stringify(error)).not.toContain('secret');
      raw.sendJson({ t: 'message', id: 3, stream: 'results', type: 'e2e.task', data: { text: 'array' } });
      await raw.frame('ack', 3);
      expect(target.get(Desk).running.size).toBe(0);
    },
  );

  it.each(['after the end', 'stubborn iterable'])('that is returned %s leaves nothing', async (text) => {
    const { target, client, desk } = await open();

    await client.results.sendStreamMessage(task(text)).catch(() => undefined);
    await client.close();

    await untilNothingIsLeft(target);
    expect(desk.running.size).toBe(0);
  });

  it.each(['junk', 'junk in an array'])('that is %s is answered as the failure that it is', async (text) => {
    const { client } = await open();

    expect(await failureOf(client.results.sendStreamMessage(task(text)))).toMatchObject({ code: 'INTERNAL' });
    await client.results.sendStreamMessage(task('message'));
  });

  it('is bounded in number where it does not end', async () => {
    const target = await start({ limits: { maxResultStreams: 2 } });
    const client = await connected(clientOf(target));

    await client.results.sendStreamMessage(task('silent iterable'));
    await client.results.sendStreamMessage(task('endless observable'));

    const error = await failureOf(client.results.sendStreamMessage(task('endless iterable')));
    expect(error).toMatchObject({ code: 'LIMIT_REACHED' });
  });
});

describe('A reader', () => {
  it('has a queue of its own, and the first one what came before', async () => {
    const client = await connected(clientOf(await start()));
    await client.results.sendStreamMessage(task('array'));

    const first = collect(client.results.stream);
    await until(() => first.length === 2);
    const second = collect(client.results.stream);
    await client.results.sendStreamMessage(task('message'));

    await until(() => first.length === 3 && second.length === 1);
  });
});

describe('A reconnect', () => {
  it('opens streams as new sessions, runs what sets them up again, and readers go on', async () => {
    const sockets: WebSocket[] = [];
    class CutSocket extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const target = await start();
    const { log } = target.get(Desk);
    const client = clientOf(target, CutSocket as unknown as WebSocketClass);
    const read = collect(client.desk.stream);
    let opened = 0;
    client.desk.addStreamOpenedListener(() => void opened++);
    await connected(client);
    await until(() => opened === 1 && read.length === 1);

    sockets[0]!.terminate();

    await until(() => opened === 2 && read.length === 2);
    expect(log.filter((entry) => entry === 'opened')).toHaveLength(2);
    await until(() => log.includes('closed'));
    await client.desk.sendStreamMessage(note('5'));
    expect(target.streams.counters().connections).toBe(1);
  });
});
