import { ATTACH } from './pubsub/hidden-members.js';
import { Injectable, Logger, Module, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { create, metaOf, StreamMessage, type Message } from '@nestwire/protocol';
import { encodeMessage } from '@nestwire/protocol/codec';
import { firstValueFrom, toArray } from 'rxjs';
import {
  defineChannel,
  MessagesError,
  MessagesErrorCode,
  MessagesModule,
  MessagesService,
  OnChannelMessage,
  type MessagesModuleOptions,
  type StoredPost,
} from './index.js';
import { LocalBroker, LocalHistoryStore } from './backend.js';
import { DONE, type Publication } from './internal.js';

@StreamMessage('messages.spec.said')
class Said {
  declare readonly $type: 'messages.spec.said';
  text = '';
  at: Date = new Date(0);
  tags: Set<string> = new Set();
}

@StreamMessage('messages.spec.left')
class Left {
  declare readonly $type: 'messages.spec.left';
  who = '';
}

class Unmarked {
  declare readonly $type: 'nothing';
}

const room = defineChannel('room', { messages: [Said] });
const yard = defineChannel('yard', { messages: [Said, Left] });
const closers: Array<() => Promise<void>> = [];

async function open(options: MessagesModuleOptions = {}, providers: never[] = []) {
  const app = await Test.createTestingModule({
    imports: [MessagesModule.forRoot(options)],
    providers,
  }).compile();
  await app.init();
  closers.push(() => app.close());
  return app.get(MessagesService);
}

function say(text: string): Said {
  return create(Said, { text });
}

beforeAll(() => Logger.overrideLogger(false));
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('MessagesService.postMessage', () => {
  it('resolves without listeners', async () => {
    const messages = await open();

    await expect(messages.postMessage('anything', say('a'))).resolves.toEqual({ delivered: 'local' });
  });

  it('reaches a listener that was added in the same tick', async () => {
    const messages = await open();
    const heard: string[] = [];

    const adding = messages.addListener('c', (message: Said) => heard.push(message.text));
    const posting = messages.postMessage('c', say('at once'));

    expect(heard).toEqual(['at once']);
    await Promise.all([adding, posting]);
  });

  it('reaches the listeners of its own channel only', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener('a', (message: Said) => heard.push(message.text));

    await messages.postMessage('b', say('x'));

    expect(heard).toEqual([]);
  });

  it('gives all listeners one frozen instance that is not the poster’s', async () => {
    const messages = await open();
    const heard: Said[] = [];
    await messages.addListener('c', (message: Said) => heard.push(message));
    await messages.addListener('c', (message: Said) => heard.push(message));
    const posted = create(Said, { text: 'x', at: new Date(5), tags: new Set(['t']) });

    await messages.postMessage('c', posted);

    const [one, two] = heard as [Said, Said];
    expect(one).toBe(two);
    expect(one).not.toBe(posted);
    expect(one).toBeInstanceOf(Said);
    expect(one).toEqual(posted);
    expect(() => (one.text = 'changed')).toThrow(TypeError);
    expect(() => one.at.setTime(0)).toThrow('cannot be changed');
    expect(() => one.tags.add('u')).toThrow('cannot be changed');
    expect(one.at.getTime()).toBe(5);
  });

  it('is not held up by a listener that throws or rejects', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener('c', () => {
      throw new Error('broken');
    });
    await messages.addListener('c', () => Promise.reject(new Error('broken later')));
    await messages.addListener('c', (message: Said) => heard.push(message.text));

    await messages.postMessage('c', say('x'));
    await messages.postMessage('c', say('y'));

    expect(heard).toEqual(['x', 'y']);
    expect(messages.counters().listenerErrors).toBe(4);
  });

  it('is not held up by a failure that cannot be shown', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener('c', () => {
      throw Object.create(null);
    });
    await messages.addListener('c', (message: Said) => heard.push(message.text));

    await messages.postMessage('c', say('x'));
    await messages.postMessage('c', say('y'));

    expect(heard).toEqual(['x', 'y']);
    expect(messages.counters().listenerErrors).toBe(2);
  });

  it('counts each listener, be it that several return one promise', async () => {
    const messages = await open();
    const [broken, fine] = [Promise.reject(new Error('broken later')), Promise.resolve()];
    for (const result of [broken, broken, fine, DONE, DONE, undefined, 'text'])
      await messages.addListener('c', () => result);

    await messages.postMessage('c', say('x'));
    await broken.catch(() => undefined);

    expect(messages.counters().listenerErrors).toBe(2);
  });

  it('keeps the order when a listener posts to the same channel', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener('c', (message: Said) => {
      if (message.text === '1') void messages.postMessage('c', say('2'));
    });
    await messages.addListener('c', (message: Said) => heard.push(message.text));

    await messages.postMessage('c', say('1'));

    expect(heard).toEqual(['1', '2']);
  });

  it('refuses a message that is none', async () => {
    const messages = await open();

    await expect(messages.postMessage('c', new Unmarked())).rejects.toMatchObject({ code: 'NOT_A_MESSAGE' });
  });

  it('refuses a class that the channel is not defined with', async () => {
    const messages = await open();

    // @ts-expect-error the channel carries Said only
    const posting = messages.postMessage(room('lobby'), create(Left, { who: 'bob' }));

    await expect(posting).rejects.toMatchObject({ code: 'WRONG_MESSAGE' });
  });

  it('refuses a message above maxMessageBytes', async () => {
    const messages = await open({ maxMessageBytes: 100 });

    await expect(messages.postMessage('c', say('€'.repeat(20)))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    });
    await expect(messages.postMessage('c', say('a'))).resolves.toBeDefined();
  });

  it('refuses the scope global without Redis', async () => {
    const messages = await open();

    await expect(messages.postMessage('c', say('x'), { scope: 'global' })).rejects.toMatchObject({
      code: 'NO_CLUSTER',
    });
  });

  it.each(['', 'a b', 'a\r\nb', 'a*', 'a[b]', '{a}', '💥', 'x'.repeat(201), '\ud800', 'a\0'])(
    'refuses the channel name %j',
    async (name) => {
      const messages = await open();

      await expect(messages.postMessage(name, say('x'))).rejects.toMatchObject({ code: 'BAD_CHANNEL' });
      await expect(messages.addListener(name, () => 0)).rejects.toMatchObject({ code: 'BAD_CHANNEL' });
    },
  );

  it('rejects after the shutdown', async () => {
    const messages = await open();
    await closers.pop()!();

    await expect(messages.postMessage('c', say('x'))).rejects.toMatchObject({ code: 'MESSAGES_CLOSED' });
    await expect(messages.addListener('c', () => 0)).rejects.toMatchObject({ code: 'MESSAGES_CLOSED' });
  });
});

describe('MessagesService.addListener', () => {
  it('delivers nothing after remove(), be it in the middle of a delivery', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener('c', () => second.remove());
    const second = await messages.addListener('c', (message: Said) => heard.push(message.text));

    await messages.postMessage('c', say('x'));

    expect(heard).toEqual([]);
    expect(second.removed).toBe(true);
  });

  it('begins with the next message when added during a delivery', async () => {
    const messages = await open();
    const heard: string[] = [];
    let added = false;
    await messages.addListener('c', () => {
      if (!added) void messages.addListener('c', (message: Said) => heard.push(message.text));
      added = true;
    });

    await messages.postMessage('c', say('1'));
    await messages.postMessage('c', say('2'));

    expect(heard).toEqual(['2']);
  });

  it('counts by subscription, not by function', async () => {
    const messages = await open();
    const heard: string[] = [];
    const listener = (message: Said) => heard.push(message.text);
    const end = new AbortController();
    const one = await messages.addListener('a', listener, { signal: end.signal });
    await messages.addListener('a', listener, { signal: end.signal });
    await messages.addListener('b', listener, { signal: end.signal });

    one.remove();
    await messages.postMessage('a', say('still one'));
    end.abort();
    await messages.postMessage('a', say('x'));
    await messages.postMessage('b', say('x'));

    expect(heard).toEqual(['still one']);
  });

  it('adds nothing under a signal that has aborted', async () => {
    const messages = await open();
    const heard: string[] = [];

    const subscription = await messages.addListener('c', () => heard.push('x'), {
      signal: AbortSignal.abort(),
    });
    await messages.postMessage('c', say('x'));

    expect(subscription.removed).toBe(true);
    expect(heard).toEqual([]);
  });

  it('is disposed by using', async () => {
    const messages = await open();
    const heard: string[] = [];
    {
      using _subscription = await messages.addListener('c', (message: Said) => heard.push(message.text));
      await messages.postMessage('c', say('in'));
    }

    await messages.postMessage('c', say('out'));

    expect(heard).toEqual(['in']);
  });

  it('drops and counts a class that the channel is not defined with', async () => {
    const messages = await open();
    const heard: string[] = [];
    await messages.addListener(room('lobby'), (message) => heard.push(message.text));

    await messages.postMessage('room:lobby', create(Left, { who: 'bob' }));

    expect(heard).toEqual([]);
    expect(messages.counters().mismatched).toBe(1);
  });
});

describe('MessagesService.attach', () => {
  it('hands over the text as it was encoded, and the same decoded message to all', async () => {
    const messages = await open();
    const seen: Publication[] = [];
    await messages[ATTACH](room('lobby'), (publication) => seen.push(publication));
    let heard: Said | undefined;
    await messages.addListener(room('lobby'), (message) => (heard = message));
    const posted = say('x');

    await messages.postMessage(room('lobby'), posted);

    expect(seen[0]).toMatchObject({ channel: 'room:lobby', ...encodeMessage(posted) });
    expect(seen[0]!.message).toBe(heard);
    expect(encodeMessage(heard!)).toEqual(encodeMessage(posted));
  });
});

describe('MessagesService.readHistory', () => {
  const kept = defineChannel('kept', { messages: [Said], history: { messages: 3, ageMs: 60_000 } });
  const textsOf = async (messages: MessagesService, count: number) =>
    (await messages.readHistory(kept('lobby'), count)).map(({ text }) => text);

  it('reads the last messages, the oldest first, as far as the history has them', async () => {
    const messages = await open();
    for (const text of ['1', '2', '3', '4']) await messages.postMessage(kept('lobby'), say(text));
    const [last] = await messages.readHistory(kept('lobby'), 1);

    expect(await textsOf(messages, 2)).toEqual(['3', '4']);
    expect(await textsOf(messages, 100)).toEqual(['2', '3', '4']);
    expect(metaOf(last!)?.position?.[1]).toBe(4);
  });

  it('reads on when a page is full, and leaves out what it cannot read', async () => {
    const broker = new LocalBroker();
    const messages = await open({ broker, maxMessageBytes: 1_000_000 });
    const large = 'x'.repeat(600_000);
    for (const text of ['1', '2', '3']) await messages.postMessage(kept('lobby'), say(`${text}${large}`));
    expect((await textsOf(messages, 3)).map((text) => text[0])).toEqual(['1', '2', '3']);

    await broker.history.append({ ...kept('lobby'), history: kept.history! }, [
      { id: 'a', type: 'nobody.knows', data: '{}' },
      { id: 'b', ...encodeMessage(say('after')) },
    ]);
    expect((await textsOf(messages, 2)).map((text) => text.slice(0, 9))).toEqual(['after']);
  });

  it('is refused after the shutdown', async () => {
    const messages = await open();
    await closers.pop()!();
    await expect(messages.readHistory(kept('lobby'), 1)).rejects.toMatchObject({ code: 'MESSAGES_CLOSED' });
  });
});

describe('MessagesService.createStream', () => {
  it('holds what is posted before the first read', async () => {
    const messages = await open();
    const stream = messages.createStream(room('lobby'));
    await messages.postMessage(room('lobby'), say('1'));
    await messages.postMessage(room('lobby'), say('2'));

    const read: string[] = [];
    for await (const message of stream) if (read.push(message.text) === 2) break;

    expect(read).toEqual(['1', '2']);
    expect(stream.ended).toBe(true);
  });

  it('rejects one next() for a message of another class, and goes on', async () => {
    const messages = await open();
    const stream = messages.createStream('c', Said);
    const first = stream.next();
    await messages.postMessage('c', create(Left, { who: 'bob' }));
    await messages.postMessage('c', say('after'));

    await expect(first).rejects.toMatchObject({ code: 'WRONG_MESSAGE' });
    expect((await stream.next()).value?.text).toBe('after');
  });

  it('can be iterated again behind a message of another class', async () => {
    const messages = await open();
    const stream = messages.createStream('c', Said);
    await messages.postMessage('c', create(Left, { who: 'bob' }));
    await messages.postMessage('c', say('after'));
    const read: string[] = [];
    const readAll = async () => {
      for await (const message of stream) if (read.push(message.text)) break;
    };

    await expect(readAll()).rejects.toMatchObject({ code: 'WRONG_MESSAGE' });
    await readAll();

    expect(read).toEqual(['after']);
  });

  it('drops the oldest beyond its limit, and counts', async () => {
    const messages = await open();
    const stream = messages.createStream('c', Said, { limit: 2 });
    for (const text of ['1', '2', '3']) await messages.postMessage('c', say(text));

    expect((await stream.next()).value?.text).toBe('2');
    expect(stream.dropped).toBe(1);
    expect(messages.counters().overflowed).toBe(1);
  });

  it('drops the newest under drop-newest', async () => {
    const messages = await open();
    const stream = messages.createStream('c', Said, { limit: 1, overflow: 'drop-newest' });
    for (const text of ['1', '2']) await messages.postMessage('c', say(text));

    expect((await stream.next()).value?.text).toBe('1');
    expect(stream.dropped).toBe(1);
  });

  it('reports the loss under fail, and goes on', async () => {
    const messages = await open();
    const stream = messages.createStream('c', Said, { limit: 2, overflow: 'fail' });
    for (const text of ['1', '2', '3', '4']) await messages.postMessage('c', say(text));

    await expect(stream.next()).rejects.toMatchObject({ code: 'STREAM_OVERFLOW' });
    expect((await stream.next()).value?.text).toBe('4');
    expect(stream.dropped).toBe(3);
  });

  it('ends with its signal, waiting readers included', async () => {
    const messages = await open();
    const end = new AbortController();
    const stream = messages.createStream('c', Said, { signal: end.signal });
    const reading = stream.next();

    end.abort();

    expect(await reading).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('ends at the shutdown', async () => {
    const messages = await open();
    const reading = messages.createStream('c', Said).next();

    await closers.pop()!();

    expect((await reading).done).toBe(true);
  });

  it('warns nobody when a session has many streams', async () => {
    const messages = await open();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const end = new AbortController();

    for (let i = 0; i < 30; i++) {
      messages.createStream(`c${i}`, Said, { signal: end.signal });
      await messages.addListener(`c${i}`, () => 0, { signal: end.signal });
    }
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    end.abort();

    expect(warnings).toEqual([]);
  });
});

describe('MessagesService.observe', () => {
  it('gives each subscriber the messages from then on, until the signal', async () => {
    const messages = await open();
    const end = new AbortController();
    const collected = firstValueFrom(messages.observe(yard('x'), { signal: end.signal }).pipe(toArray()));

    await messages.postMessage(yard('x'), say('1'));
    await messages.postMessage(yard('x'), create(Left, { who: 'bob' }));
    end.abort();

    expect((await collected).map(({ $type }) => $type)).toEqual(['messages.spec.said', 'messages.spec.left']);
  });

  it('errs for a bad channel name', async () => {
    const messages = await open();

    await expect(firstValueFrom(messages.observe('a b'))).rejects.toMatchObject({ code: 'BAD_CHANNEL' });
  });
});

@Injectable()
class Audit {
  readonly heard: string[] = [];

  @OnChannelMessage(yard('gate'), Said)
  said(message: Said) {
    this.heard.push(`said ${message.text}`);
  }

  @OnChannelMessage(yard('gate'))
  @OnChannelMessage('alerts', Left)
  any(message: Said | Left) {
    this.heard.push(message.$type);
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @OnChannelMessage('alerts', Left)
  left(_message: Left) {}
}

@Injectable()
class Mistaken {
  @OnChannelMessage('a b', Left)
  badName(_message: Left) {}

  @OnChannelMessage('alerts', Unmarked)
  unmarked(_message: Unmarked) {}

  @OnChannelMessage('alerts', undefined as unknown as typeof Left)
  undefinedClass(_message: Left) {}

  @OnChannelMessage(room('lobby'), Left)
  notOfTheChannel(_message: Left) {}
}

describe('@OnChannelMessage', () => {
  it('calls the method for the channel and class it names', async () => {
    const app = await Test.createTestingModule({
      imports: [MessagesModule.forRoot()],
      providers: [Audit, { provide: 'alias', useExisting: Audit }],
    }).compile();
    await app.init();
    closers.push(() => app.close());
    const messages = app.get(MessagesService);

    await messages.postMessage(yard('gate'), create(Left, { who: 'bob' }));
    await messages.postMessage(yard('gate'), say('hi'));
    await messages.postMessage('alerts', create(Left, { who: 'eve' }));
    await messages.postMessage('alerts', say('not this class'));

    expect(app.get(Audit).heard.sort()).toEqual(
      ['messages.spec.left', 'messages.spec.left', 'messages.spec.said', 'said hi'].sort(),
    );
  });

  it('reports all mistakes at bootstrap, together', async () => {
    const app = await Test.createTestingModule({
      imports: [MessagesModule.forRoot()],
      providers: [Mistaken, PerRequest],
    }).compile();

    const error = await app.init().catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'MESSAGES_CONFIGURATION' });
    expect((error as Error).message).toMatch(/Mistaken\.badName: The name of a channel/);
    expect((error as Error).message).toMatch(/Mistaken\.unmarked: Unmarked is not a message/);
    expect((error as Error).message).toMatch(/Mistaken\.undefinedClass: no message class/);
    expect((error as Error).message).toMatch(
      /Mistaken\.notOfTheChannel: the channel is not defined with Left/,
    );
    expect((error as Error).message).toMatch(/PerRequest\.left: the class is request-scoped/);
    await app.close();
  });
});

describe('MessagesModule', () => {
  it('works without settings', async () => {
    const app = await Test.createTestingModule({ imports: [MessagesModule] }).compile();
    await app.init();
    closers.push(() => app.close());

    expect(app.get(MessagesService).status).toBe('local');
  });

  it('takes its options from a factory', async () => {
    const app = await Test.createTestingModule({
      imports: [MessagesModule.forRootAsync({ useFactory: async () => ({ maxMessageBytes: 10 }) })],
    }).compile();
    await app.init();
    closers.push(() => app.close());

    await expect(app.get(MessagesService).postMessage('c', say('too long'))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    });
  });

  it('refuses to be imported twice, also inside another module', async () => {
    @Module({ imports: [MessagesModule.forRoot({ isGlobal: false })] })
    class Streams {}
    const app = await Test.createTestingModule({ imports: [Streams, MessagesModule.forRoot()] }).compile();

    await expect(app.init()).rejects.toThrow(/imported 2 times[\s\S]*leave MessagesModule out/);
    await app.close();
  });
});

/** A history whose first read fails, and whose second one arrives when a test says. */
class SlowHistory extends LocalHistoryStore {
  release!: () => void;
  readonly hasRead: Promise<void>;
  private readonly released = new Promise<void>((resolve) => (this.release = resolve));
  private reads = 0;
  private tellRead!: () => void;

  constructor() {
    super();
    this.hasRead = new Promise((resolve) => (this.tellRead = resolve));
  }

  override async read(...args: Parameters<LocalHistoryStore['read']>): ReturnType<LocalHistoryStore['read']> {
    if (++this.reads === 1) throw new MessagesError(MessagesErrorCode.Unavailable, 'not now');
    const page = await super.read(...args);
    this.tellRead();
    await this.released;
    return page;
  }
}

describe('A received message', () => {
  const kept = defineChannel('kept-meta', { messages: [Said], history: { messages: 10, ageMs: 60_000 } });
  const newest = defineChannel('newest-meta', { messages: [Said], latest: true });

  it.each([
    ['with history', kept('a')],
    ['of which the newest matters', newest('a')],
  ])('tells the channel and position of a channel %s', async (_, channel) => {
    const messages = await open();
    const heard: Message[] = [];
    await messages.addListener(channel, (message: Message) => heard.push(message));
    const posted = create(Said, { text: 'hello' });
    const { position } = (await messages.postMessage(channel, posted)) as StoredPost;
    await new Promise(setImmediate);

    expect(heard.map((message) => metaOf(message))).toEqual([
      { channel: channel.name, position: [position.epoch, position.offset, position.id] },
    ]);
    expect(metaOf(posted)).toBeUndefined();
  });

  it('tells the channel alone where nothing is kept', async () => {
    const messages = await open();
    const heard: Message[] = [];
    await messages.addListener('plain', (message) => heard.push(message));
    await messages.postMessage('plain', create(Said, { text: 'hello' }));

    expect(heard.map((message) => metaOf(message))).toEqual([{ channel: 'plain', position: undefined }]);
  });

  it('comes to a listener of a latest channel once, when it is heard before the first read has ended', async () => {
    const history = new SlowHistory();
    const messages = await open({ broker: Object.assign(new LocalBroker(), { history }) });
    const heard: string[] = [];
    await messages.addListener(newest('b'), ({ text }: Said) => heard.push(text));
    await history.hasRead;
    await messages.postMessage(newest('b'), say('1'));
    history.release();
    await new Promise(setImmediate);

    expect(heard).toEqual(['1']);
  });
});

describe('defineChannel', () => {
  it('names a channel after its arguments', () => {
    expect([room.name, room('lobby').name, room('a', 7).name]).toEqual(['room', 'room:lobby', 'room:a:7']);
    expect(room('lobby').messages).toEqual([Said]);
  });

  it('refuses an argument that could stand for two', () => {
    expect(() => room('a:b')).toThrow(expect.objectContaining({ code: 'BAD_CHANNEL' }));
    expect(() => room('')).toThrow(expect.objectContaining({ code: 'BAD_CHANNEL' }));
  });

  it('refuses a class without @StreamMessage', () => {
    expect(() => defineChannel('x', { messages: [Unmarked] })).toThrow(/Unmarked is not a message/);
  });
});
