import { Injectable, Logger } from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { EXCLUDED } from '@nestwire/messages/internal';
import { createMessageId, defineChannel, MessagesService, type Channel } from '@nestwire/messages';
import type { StreamGap } from '@nestwire/protocol';
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
import { IsString } from 'class-validator';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { Note, note } from './messages.js';
import { collect, failureOf, startApp, stopAll, towards, tracked, type RunningApp } from './start-app.js';

const history = { messages: 100, ageMs: 600_000 };
const kept = defineChannel('audience.kept', { messages: [Note], history });
const newest = defineChannel('audience.newest', { messages: [Note], latest: true });
const CHANNELS: Readonly<Record<string, string | Channel<Note>>> = {
  plain: 'audience.plain',
  kept: kept as Channel<Note>,
  newest: newest as Channel<Note>,
};

type Desk = StreamSession<Note | StreamGap, StreamUser>;

/** Subscribes to the channel that a note names, and posts notes to the others of it. */
@StreamEndpoint('desk', { requireLogin: true })
class DeskEndpoint {
  constructor(private readonly messages: MessagesService) {}

  @OnStreamMessage(Note)
  async order(session: Desk, { text }: Note): Promise<void> {
    const [verb, name, ...words] = text.split(' ');
    const channel = CHANNELS[name!]! as typeof kept;
    if (verb === 'join') await session.subscribe(channel);
    if (verb === 'say') await this.messages.postMessage(channel, note(words.join(' ')), { except: session });
    if (verb === 'tell') await this.messages.postMessage(channel, note(words.join(' ')));
  }
}

class RoomParams {
  @IsString() roomId!: string;
}

@StreamEndpoint('room', { params: RoomParams })
class RoomEndpoint {
  @OnStreamOpened() opened(_session: StreamSession<Note, unknown, RoomParams>): void {}
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token ? { id: token } : null;
  }
}

type Streams = StreamsOf<{ desk: DeskEndpoint }>;

const start = (options: StreamsModuleOptions = {}) =>
  startApp({ options: { authenticator: Users, ...options }, providers: [DeskEndpoint, RoomEndpoint] });

/** A client with the texts that its page has shown. */
async function page(server: RunningApp, user: string) {
  const warnings: string[] = [];
  const client = tracked(
    createStreamClient<Streams>()({
      ...towards(server),
      messages: [Note],
      auth: () => user,
      onWarning: (text: string) => void warnings.push(text),
    } as never),
  );
  await client.connectWebSocket();
  const seen = collect(client.desk.stream as AsyncIterable<Note>);
  const texts = () => seen.map((message) => ('text' in message ? message.text : message));
  const order = (text: string) => client.desk.sendStreamMessage(note(text));
  return { client, texts, order, warnings };
}

/** The frames of a raw client that reads one channel. */
async function raw(server: RunningApp, user: string, client: string, resume: unknown[] = []) {
  const socket = await RawSocket.upgrade(server.port);
  socket.sendJson({ t: 'hello', v: 1, token: user, client, resume });
  await socket.frame('welcome');
  socket.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
  await socket.frame('opened', 1);
  let id = 1;
  const order = async (text: string): Promise<void> => {
    socket.sendJson({ t: 'message', id: ++id, stream: 'desk', type: 'e2e.note', data: { text } });
    await socket.frame('ack', id);
  };
  const kinds = () =>
    socket.frames
      .filter(({ t }) => t === 'publication')
      .map(({ type, data }) => (type === 'e2e.note' ? (data as Note).text : type));
  return { socket, order, kinds };
}

/** Returns the position that a client has after its frames. */
function positionOf(socket: RawSocket): readonly unknown[] {
  const subscribed = socket.frames.find(({ t }) => t === 'subscribed')!;
  const last = socket.frames.findLast(({ t }) => t === 'publication');
  const [epoch, offset, id] = subscribed.position as readonly [string, number, string];
  const now = last ? [last.epoch ?? epoch, last.offset, last.id] : [epoch, offset, id];
  return ['desk', subscribed.channel, subscribed.resumeToken, ...now];
}

beforeAll(() => Logger.overrideLogger(false));
afterEach(stopAll);

const CLIENT = 'c'.repeat(22);
const OTHER = 'o'.repeat(22);

describe.each(['plain', 'kept', 'newest'])('A post on a channel (%s) with except', (name) => {
  it('reaches everyone but the connection of the session', async () => {
    const server = await start();
    const [ada, bob, phone] = [
      await page(server, 'ada'),
      await page(server, 'bob'),
      await page(server, 'ada'),
    ];
    for (const one of [ada, bob, phone]) await one.order(`join ${name}`);

    await ada.order(`say ${name} hello`);
    await until(() => bob.texts().length === 1 && phone.texts().length === 1);
    await bob.order(`say ${name} hi`);
    await until(() => ada.texts().length === 1 && phone.texts().length === 2);

    expect([ada.texts(), bob.texts(), phone.texts()]).toEqual([['hi'], ['hello'], ['hello', 'hi']]);
    expect(ada.warnings).toEqual([]);
  });
});

describe('A stored post with except', () => {
  it('advances the position of its client, which does not get it after a reconnect either', async () => {
    const server = await start();
    const first = await raw(server, 'ada', CLIENT);
    await first.order('join kept');
    await first.order('say kept mine');
    await first.socket.until(() => first.kinds().length === 1);
    expect(first.kinds()).toEqual(['nestwire.skipped']);
    const atMine = positionOf(first.socket);
    const before = [...atMine.slice(0, 4), 0, ''];
    first.socket.destroy();
    await server.messages.postMessage(kept, note('later'));

    // From the position after the message, and from the one before it.
    const after = await raw(server, 'ada', CLIENT, [atMine]);
    await after.socket.until(() => after.kinds().includes('later'));
    expect(after.kinds()).toEqual(['later']);
    after.socket.destroy();
    const early = await raw(server, 'ada', CLIENT, [before]);
    await early.socket.until(() => early.kinds().includes('later'));
    expect(early.kinds()).toEqual(['nestwire.skipped', 'later']);
  });

  it('reaches another device of the same user, also one that resumes', async () => {
    const server = await start();
    const [mine, phone] = [await raw(server, 'ada', CLIENT), await raw(server, 'ada', OTHER)];
    await phone.order('join kept');
    const position = positionOf(phone.socket);
    phone.socket.destroy();

    await mine.order('say kept mine');

    const again = await raw(server, 'ada', OTHER, [position]);
    await again.socket.until(() => again.kinds().length > 0);
    expect(again.kinds()).toEqual(['mine']);
  });

  it('is not the newest message of a channel for its client', async () => {
    const server = await start();
    const first = await raw(server, 'ada', CLIENT);
    await first.order('say newest mine');
    await first.order('join newest');
    const bob = await raw(server, 'bob', OTHER);
    await bob.order('join newest');
    await bob.socket.until(() => bob.kinds().length === 1);
    await first.order('tell newest all');
    await first.socket.until(() => first.kinds().includes('all'));

    expect(first.kinds()).toEqual(['nestwire.skipped', 'all']);
    expect(bob.kinds()[0]).toBe('mine');
  });

  it('is stored once when it is posted again with the same options, and refused with others', async () => {
    const server = await start();
    const session = (client: string) => ({ except: excluded(client) });
    const id = createMessageId();
    const first = await server.messages.postMessage(kept, note('one'), { id, ...session('a') });
    const again = await server.messages.postMessage(kept, note('one'), { id, ...session('a') });
    const known = first.position.id.split('~')[0]!;

    expect([first.isDuplicate, again.isDuplicate]).toEqual([false, true]);
    for (const options of [{}, session('b')])
      expect(
        await failureOf(server.messages.postMessage(kept, note('one'), { id: known, ...options })),
      ).toMatchObject({ code: 'BAD_MESSAGE_ID', message: expect.stringContaining('another "except"') });
    const long = { id: 'i'.repeat(47), ...session('a') };
    expect(await failureOf(server.messages.postMessage(kept, note('one'), long))).toMatchObject({
      code: 'BAD_MESSAGE_ID',
      message: expect.stringContaining('at most 46'),
    });
  });

  it('reaches the listeners of servers', async () => {
    const server = await start();
    const heard: string[] = [];
    await server.messages.addListener(
      kept,
      (message) => void ('text' in message && heard.push(message.text)),
    );
    const ada = await page(server, 'ada');

    await ada.order('say kept hello');

    await until(() => heard.length === 1);
    expect(heard).toEqual(['hello']);
  });
});

/** Returns a receiver as a session is one. */
function excluded(name: string): StreamSession {
  const base = StreamSession.prototype as object;
  return Object.create(base, { [EXCLUDED]: { value: name } }) as StreamSession;
}

describe('A message to a user', () => {
  it('reaches the sessions of all devices, and nobody else', async () => {
    const server = await start();
    const [ada, phone, bob] = [
      await page(server, 'ada'),
      await page(server, 'ada'),
      await page(server, 'bob'),
    ];
    for (const one of [ada, phone, bob]) await one.order('join plain');

    expect(await server.streams.sendToUser('desk', 'ada', note('hello'))).toEqual({ delivered: 'local' });
    await server.streams.sendToUser('desk', 'carol', note('not here'));
    await server.streams.sendToUser('desk', 'bob', note('last'));

    await until(() => bob.texts().length === 1 && phone.texts().length === 1 && ada.texts().length === 1);
    expect([ada.texts(), phone.texts(), bob.texts()]).toEqual([['hello'], ['hello'], ['last']]);
  });

  it('reaches the streams with all parameters, and those of its endpoint alone', async () => {
    const server = await start();
    const ada = await RawSocket.hello(server.port, 'ada');
    for (const [index, roomId] of ['a', 'b'].entries()) {
      ada.sendJson({ t: 'open', id: index + 1, endpoint: 'room', stream: `#${roomId}`, params: { roomId } });
      await ada.frame('opened', index + 1);
    }
    ada.sendJson({ t: 'open', id: 3, endpoint: 'desk' });
    await ada.frame('opened', 3);

    await server.streams.sendToUser('room', 'ada', note('hello'));
    ada.sendJson({ t: 'ping' });
    await ada.frame('pong');

    expect(ada.frames.filter(({ t }) => t === 'message').map(({ stream }) => stream)).toEqual(['#a', '#b']);
  });

  it('is for nobody after a sign-out', async () => {
    const server = await start();
    const ada = await RawSocket.hello(server.port, 'ada');
    ada.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await ada.frame('opened', 1);
    ada.sendJson({ t: 'auth', id: 2, token: 'bob' });
    await ada.frame('authenticated', 2);
    ada.sendJson({ t: 'open', id: 3, endpoint: 'desk' });
    await ada.frame('opened', 3);

    await server.streams.sendToUser('desk', 'ada', note('secret'));
    await server.streams.sendToUser('desk', 'bob', note('public'));
    await ada.frame('message');

    expect(ada.frames.filter(({ t }) => t === 'message').map(({ data }) => data)).toEqual([
      { text: 'public' },
    ]);
  });

  it('is refused without a receiver, and when it is no message', async () => {
    const { streams } = await start();
    const no = 'INVALID_MESSAGE';
    expect(await failureOf(streams.sendToUser('', 'ada', note('x')))).toMatchObject({ code: no });
    expect(await failureOf(streams.sendToUser('desk', '', note('x')))).toMatchObject({ code: no });
    expect(await failureOf(streams.sendToUser('desk', 'ada', { $type: 'x' }))).toMatchObject({
      code: 'NOT_A_MESSAGE',
    });
  });
});

describeWithRedis('Audiences on two servers', (redis) => {
  const servers = async () => {
    const both = await Promise.all([start({ redis: redis().url }), start({ redis: redis().url })]);
    return both as readonly [RunningApp, RunningApp];
  };

  it.each(['plain', 'kept', 'newest'])('a post (%s) leaves out the session of one alone', async (name) => {
    const [one, two] = await servers();
    const [ada, bob, phone] = [await page(one, 'ada'), await page(two, 'bob'), await page(two, 'ada')];
    const before = name === 'newest' ? 1 : 0;
    if (before) await ada.order(`tell ${name} first`);
    for (const each of [ada, bob, phone]) await each.order(`join ${name}`);
    await ada.order(`say ${name} hello`);
    await bob.order(`tell ${name} bye`);

    await until(() => [ada, bob, phone].every(({ texts }) => texts().includes('bye')));
    expect(ada.texts()).not.toContain('hello');
    expect([bob, phone].map(({ texts }) => texts().slice(-2))).toEqual([
      ['hello', 'bye'],
      ['hello', 'bye'],
    ]);
  });

  it('a stored post leaves out its client on another server too', async () => {
    const [one, two] = await servers();
    const first = await raw(one, 'ada', CLIENT);
    await first.order('join kept');
    const position = positionOf(first.socket);
    await first.order('say kept mine');
    first.socket.destroy();
    await one.messages.postMessage(kept, note('later'));

    const again = await raw(two, 'ada', CLIENT, [position]);
    await again.socket.until(() => again.kinds().includes('later'));
    expect(again.kinds()).toEqual(['nestwire.skipped', 'later']);
  });

  it('a message to a user reaches the devices at both', async () => {
    const [one, two] = await servers();
    const [ada, phone, bob] = [await page(one, 'ada'), await page(two, 'ada'), await page(two, 'bob')];
    for (const each of [ada, phone, bob]) await each.order('join plain');

    expect(await one.streams.sendToUser('desk', 'ada', note('hello'))).toEqual({ delivered: 'global' });
    await two.streams.sendToUser('desk', 'bob', note('last'));

    await until(() => [ada, phone, bob].every(({ texts }) => texts().length === 1));
    expect([ada.texts(), phone.texts(), bob.texts()]).toEqual([['hello'], ['hello'], ['last']]);
  });
});
