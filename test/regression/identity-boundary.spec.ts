import { Inject, Injectable, Module } from '@nestjs/common';
import { defineChannel, MessagesService, PresenceService } from '@nestwire/messages';
import { StreamGap } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamEndpoint,
  StreamSession,
  StreamsService,
  type StreamUser,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note } from '../e2e/messages.js';
import { Latch, startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { BannableUsers } from '../rig/users.js';

const inbox = defineChannel('regression.inbox', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});

type Session = StreamSession<Note | StreamGap, StreamUser | null>;

@Injectable()
class Desk {
  readonly log: string[] = [];
  readonly latch = new Latch();
  readonly sends: unknown[] = [];
  /** Whose inbox a stream of "guest" opens. */
  guest = 'nobody';
  resuming: string[] = [];
}

@Module({ providers: [Desk, BannableUsers], exports: [Desk, BannableUsers] })
class DeskModule {}

abstract class Flowing {
  constructor(
    @Inject(Desk) readonly desk: Desk,
    @Inject(MessagesService) readonly messages: MessagesService,
  ) {}

  async opened(session: Session): Promise<void> {
    this.desk.resuming = [...session.resuming];
    const name = session.user?.id ?? this.desk.guest;
    this.desk.log.push(`opened ${session.endpoint} for ${session.user?.id ?? 'nobody'}`);
    if (session.user) await session.presence.join('regression-members');
    session.setUserObject(note(`object of ${name}`));
    await session.subscribe(inbox(name));
    await session.messages.addListener(`listener-${name}`, ({ text }: Note) => void this.desk.log.push(text));
  }

  async order(session: Session, { text }: Note): Promise<Note | undefined> {
    const who = session.user?.id ?? 'nobody';
    this.desk.log.push(`${who} ${text}`);
    if (text === 'wait') {
      await this.desk.latch.pass();
      this.desk.log.push(`${session.user?.id ?? 'nobody'} goes on`);
      this.desk.sends.push(await session.sendStreamMessage(note('late')).catch((error: unknown) => error));
      return note('returned late');
    }
    if (text === 'leave') {
      void session.close('The handler ends it.');
      await this.desk.latch.pass();
      return note('returned late');
    }
    if (text === 'object') return session.getUserObject(Note);
    return undefined;
  }
}

@StreamEndpoint('inbox')
class InboxEndpoint extends Flowing {
  @OnStreamOpened()
  override opened(session: Session): Promise<void> {
    return super.opened(session);
  }

  @OnStreamMessage(Note)
  override order(session: Session, message: Note): Promise<Note | undefined> {
    return super.order(session, message);
  }

  @OnStreamClosed()
  closed(session: Session, { code }: SessionCloseReason): void {
    this.desk.log.push(`closed for ${session.user?.id ?? 'nobody'}: ${code}`);
  }
}

@StreamEndpoint('basket', { keepOnSignIn: true })
class BasketEndpoint extends Flowing {
  @OnStreamOpened()
  override opened(session: Session): Promise<void> {
    return super.opened(session);
  }

  @OnStreamMessage(Note)
  override order(session: Session, message: Note): Promise<Note | undefined> {
    return super.order(session, message);
  }
}

const start = () =>
  startApp({
    options: { authenticator: BannableUsers, imports: [DeskModule] },
    imports: [DeskModule],
    providers: [InboxEndpoint, BasketEndpoint],
  });

const open = (id: number, endpoint = 'inbox') => ({ t: 'open', id, endpoint });
const say = (id: number, text: string, endpoint = 'inbox') =>
  ({ t: 'message', id, stream: endpoint, type: 'e2e.note', data: { text } }) as const;
const auth = (id: number, token: string | null) => ({ t: 'auth', id, token });

type Held = readonly [endpoint: string, channel: string, resumeToken: string, ...position: unknown[]];

let lastClient = 0;
const newClient = () => `client-${++lastClient}-${'x'.repeat(22)}`;

async function hello(
  port: number,
  rest: { token?: string | null; client?: string; resume?: readonly Held[] },
) {
  const raw = await RawSocket.upgrade(port);
  raw.sendJson({ t: 'hello', v: 1, ...rest });
  await raw.frame('welcome');
  return raw;
}

/** Returns what the client would bring to its next connection, as the last frames of a channel say. */
function heldOf(raw: RawSocket, name: string, endpoint = 'inbox'): Held {
  const frames = raw.frames.filter((frame) => frame.stream === endpoint && frame.channel === name);
  const { resumeToken } = frames.findLast((frame) => frame.resumeToken) as { resumeToken: string };
  const { position } = frames.findLast((frame) => frame.position) as { position: unknown[] };
  return [endpoint, name, resumeToken, ...position];
}

const textsOf = (raw: RawSocket) =>
  raw.frames
    .filter(({ t }) => t === 'publication' || t === 'message')
    .map(({ data }) => (data as { text?: string }).text);

const post = (target: RunningApp, name: string, text: string) =>
  target.messages.postMessage(inbox(name), note(text));

/** Waits until all that was posted before would have come. */
async function settle(raw: RawSocket): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    const pongs = raw.frames.filter(({ t }) => t === 'pong').length;
    raw.sendJson({ t: 'ping' });
    await raw.until(() => raw.frames.filter(({ t }) => t === 'pong').length > pongs || raw.isEnded);
  }
}

/** Opens the inbox of alice and waits until it flows. */
async function alice(target: RunningApp, client = newClient()): Promise<RawSocket> {
  const raw = await hello(target.port, { token: 'alice', client });
  raw.sendJson(open(1));
  await raw.frame('opened', 1);
  return raw;
}

afterEach(stopAll);

describe('A sign-out', () => {
  it('ends the flow of the inbox, and says so before it says who the connection belongs to', async () => {
    const target = await start();
    const raw = await alice(target);

    raw.sendJson(auth(2, null));
    await raw.frame('authenticated', 2);
    const kinds = raw.frames.map(({ t }) => t);
    await post(target, 'alice', 'secret');
    await target.messages.postMessage('listener-alice', note('heard'));
    await settle(raw);

    expect(textsOf(raw)).toEqual([]);
    expect(target.get(Desk).log).not.toContain('heard');
    expect(await raw.frame('closed')).toMatchObject({
      stream: 'inbox',
      reason: { code: 'identity-changed' },
    });
    expect(kinds.indexOf('closed')).toBeLessThan(kinds.indexOf('authenticated'));
  });

  it('issues no resume token to the next identity', async () => {
    const target = await start();
    const raw = await alice(target);
    const before = raw.frames.filter(({ resumeToken }) => resumeToken).length;

    raw.sendJson(auth(2, null));
    raw.sendJson(auth(3, 'bob'));
    await raw.frame('authenticated', 3);
    await settle(raw);

    expect(raw.frames.filter(({ resumeToken }) => resumeToken)).toHaveLength(before);
  });

  it('leaves nothing of alice to bob, who signs in on the same connection', async () => {
    const target = await start();
    const raw = await alice(target);

    raw.sendJson(auth(2, null));
    raw.sendJson(auth(3, 'bob'));
    raw.sendJson(open(4));
    await raw.frame('opened', 4);
    await post(target, 'alice', 'secret');
    await post(target, 'bob', 'for bob');
    raw.sendJson(say(5, 'object'));
    await raw.frame('ack', 5);
    await raw.until(() => textsOf(raw).includes('for bob'));

    expect(textsOf(raw)).toEqual(expect.arrayContaining(['for bob', 'object of bob']));
    expect(textsOf(raw)).not.toContain('secret');
  });

  it('is no way around a ban: nothing of alice runs on', async () => {
    const target = await start();
    const raw = await alice(target);
    raw.sendJson(auth(2, null));
    await raw.frame('authenticated', 2);

    target.get(BannableUsers).banned.add('alice');
    await target.app.get(StreamsService).revoke({ userId: 'alice' });
    await post(target, 'alice', 'secret');
    await settle(raw);

    expect(textsOf(raw)).toEqual([]);
  });

  it('of a client that is nobody already changes and costs nothing', async () => {
    const target = await start();
    const raw = await hello(target.port, { client: newClient() });
    raw.sendJson(open(1));
    await raw.frame('opened', 1);
    const before = raw.frames.length;

    raw.sendJson(auth(2, null));
    await raw.frame('authenticated', 2);
    await settle(raw);

    expect(raw.frames.slice(before).map(({ t }) => t)).toEqual(['authenticated', 'pong', 'pong', 'pong']);
  });
});

describe('A handler that runs while its user signs out', () => {
  it('keeps its user, cannot send, and its reply reaches nobody', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const raw = await alice(target);
    raw.sendJson(say(2, 'wait'));
    await until(() => desk.latch.size === 1);
    raw.sendJson(auth(3, 'bob'));
    await raw.frame('authenticated', 3);

    desk.latch.open();
    await raw.frame('error', 2);
    await settle(raw);

    expect(desk.log).toContain('alice goes on');
    expect(desk.sends).toMatchObject([{ code: 'SESSION_CLOSED' }]);
    expect(textsOf(raw)).toEqual([]);
    expect(await raw.frame('error', 2)).toMatchObject({ error: { code: 'SESSION_CLOSED' } });
    await until(() => desk.log.includes('closed for alice: identity-changed'));
  });

  it('takes with it the messages that wait behind it: no other user runs them', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const raw = await alice(target);
    raw.sendJson(say(2, 'wait'));
    raw.sendJson(say(3, 'queued'));
    await until(() => desk.latch.size === 1);

    raw.sendJson(auth(4, 'bob'));
    raw.sendJson(open(5));

    expect(await raw.frame('error', 3)).toMatchObject({ error: { code: 'IDENTITY_CHANGED' } });
    desk.latch.open();
    await raw.frame('opened', 5);
    expect(desk.log.filter((line) => line.endsWith('queued'))).toEqual([]);
  });

  it('reaches nobody with its reply, also when its session had ended before', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const raw = await alice(target);
    raw.sendJson(say(2, 'leave'));
    await until(() => desk.latch.size === 1);
    raw.sendJson(auth(3, 'bob'));
    await raw.frame('authenticated', 3);

    desk.latch.open();
    expect(await raw.frame('error', 2)).toMatchObject({ error: { code: 'SESSION_CLOSED' } });
    await until(() => desk.log.includes('closed for alice: closed-by-server'));
    await settle(raw);

    expect(textsOf(raw)).toEqual([]);
    expect(raw.frames.filter(({ t }) => t === 'closed' || t === 'authenticated')).toMatchObject([
      { t: 'closed', reason: { code: 'closed-by-server' } },
      { t: 'authenticated', user: 'bob' },
    ]);
  });

  it('leaves no close of the next user without its answer', async () => {
    const target = await start();
    const desk = target.get(Desk);
    const raw = await alice(target);
    raw.sendJson(say(2, 'wait'));
    await until(() => desk.latch.size === 1);
    raw.sendJson(auth(3, 'bob'));
    await raw.frame('authenticated', 3);

    raw.sendJson({ t: 'close', id: 4, stream: 'inbox' });
    await settle(raw);
    desk.latch.open();
    await until(() => desk.log.includes('closed for alice: identity-changed'));
    await settle(raw);

    const answers = raw.frames.filter(({ id }) => id === 4);
    expect(answers).toMatchObject([{ t: 'error', error: { code: 'STREAM_NOT_OPEN' } }]);
    expect(raw.frames.filter(({ t }) => t === 'closed')).toHaveLength(1);
  });
});

describe('Another user on an open connection', () => {
  it('gets new sessions, and a handler of the former is not waited for by the sign-in', async () => {
    const target = await start();
    const raw = await alice(target);

    raw.sendJson(auth(2, 'bob'));

    expect(await raw.frame('authenticated', 2)).toMatchObject({ user: 'bob' });
    expect(await raw.frame('closed')).toMatchObject({ reason: { code: 'identity-changed' } });
    raw.sendJson(open(3));
    await raw.frame('opened', 3);
    const members = await target.get(PresenceService).list('regression-members');
    expect(members).toMatchObject([{ userId: 'bob' }]);
  });

  it('does not inherit the answers of the former to messages sent again', async () => {
    const target = await start();
    const raw = await alice(target);
    raw.sendJson(say(2, 'once'));
    await raw.frame('ack', 2);

    raw.sendJson(auth(3, 'bob'));
    raw.sendJson(open(4));
    raw.sendJson({ ...say(2, 'once'), redelivered: true });
    await raw.frame('opened', 4);
    await raw.until(() => raw.frames.filter(({ t, id }) => t === 'ack' && id === 2).length === 2);

    expect(target.get(Desk).log.filter((line) => line.endsWith('once'))).toEqual(['alice once', 'bob once']);
  });
});

describe('A resume token', () => {
  it('of an anonymous client opens nothing for another anonymous client', async () => {
    const target = await start();
    target.get(Desk).guest = 'guest';
    const client = newClient();
    const first = await hello(target.port, { client });
    first.sendJson(open(1));
    await first.frame('opened', 1);
    const held = [heldOf(first, inbox('guest').name)];
    first.destroy();
    await post(target, 'guest', 'secret');
    target.get(Desk).guest = 'other';

    const thief = await hello(target.port, { client: newClient(), resume: held });
    thief.sendJson(open(1));
    await thief.frame('opened', 1);
    await settle(thief);
    const owner = await hello(target.port, { client, resume: held });
    owner.sendJson(open(1));
    await owner.until(() => textsOf(owner).includes('secret'));

    expect(textsOf(thief)).not.toContain('secret');
  });

  it('that is forged puts no name into session.resuming', async () => {
    const target = await start();
    const names = ['regression.inbox:x', 'a\u0007b', 'y'.repeat(300)];
    const held = names.map((name) => ['inbox', name, '1.0.x', 'e', 1, 'i'] as const);

    const raw = await hello(target.port, { token: 'alice', client: newClient(), resume: held });
    raw.sendJson(open(1));
    await raw.frame('opened', 1);

    expect(target.get(Desk).resuming).toEqual([]);
  });
});

describe('An endpoint with keepOnSignIn', () => {
  it('goes on when an anonymous client signs in, with new resume tokens', async () => {
    const target = await start();
    target.get(Desk).guest = 'guest';
    const client = newClient();
    const raw = await hello(target.port, { client });
    raw.sendJson(open(1, 'basket'));
    raw.sendJson(open(2, 'inbox'));
    await raw.frame('opened', 2);

    raw.sendJson(auth(3, 'alice'));
    await raw.frame('authenticated', 3);
    raw.sendJson(say(4, 'object', 'basket'));
    await raw.frame('ack', 4);
    await post(target, 'guest', 'kept');
    await raw.until(() => textsOf(raw).includes('kept'));

    expect(textsOf(raw)).toContain('object of guest');
    expect(target.get(Desk).log).toContain('alice object');
    expect(raw.frames.filter(({ t }) => t === 'closed')).toMatchObject([{ stream: 'inbox' }]);
    const held = [heldOf(raw, inbox('guest').name, 'basket')];
    raw.destroy();
    await post(target, 'guest', 'missed');
    const back = await hello(target.port, { token: 'alice', client: newClient(), resume: held });
    back.sendJson(open(1, 'basket'));
    await back.until(() => textsOf(back).includes('missed'));
  });

  it('ends like the others when the user signs out', async () => {
    const target = await start();
    const raw = await hello(target.port, { token: 'alice', client: newClient() });
    raw.sendJson(open(1, 'basket'));
    await raw.frame('opened', 1);

    raw.sendJson(auth(2, null));

    expect(await raw.frame('closed')).toMatchObject({
      stream: 'basket',
      reason: { code: 'identity-changed' },
    });
  });
});
