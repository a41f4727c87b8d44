import { jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import {
  LocalBroker,
  LocalRevokedTokenStore,
  type RevokedTokens,
  type TokenRevocation,
} from '@nestwire/messages/backend';
import { MAX_CHANNEL_NAME_LENGTH } from '@nestwire/messages/internal';
import { StreamGap } from '@nestwire/protocol';
import {
  OnStreamMessage,
  SessionCloseReason,
  StreamAuthenticator,
  StreamEndpoint,
  type StreamHandshake,
  type StreamSession,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { Note, note } from '../e2e/messages.js';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

const room = defineChannel('regression.held', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});
const LONGEST_ENDPOINT = 'e'.repeat(128);
const LONGEST_ROOM = MAX_CHANNEL_NAME_LENGTH - room('x').name.length + 1;
const LONGEST_ID = 64;

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    if (token === null) return null;
    return { id: token === 'half' ? HALF : token };
  }
}

/** No credential brings it: what a client sends is mended. */
const HALF = 'alice\ud800';

type Session = StreamSession<Note | StreamGap, StreamUser | null>;

class Orders {
  /** Joins a room that the text names, or ends as the text says. */
  @OnStreamMessage(Note)
  async order(session: Session, { text }: Note): Promise<void> {
    const [verb, name = ''] = text.split(' ');
    if (verb === 'join') await session.subscribe(room(name));
    if (verb === 'expel') void session.close(new SessionCloseReason('expelled', 'You were expelled.'));
  }
}

@StreamEndpoint('rooms')
class RoomsEndpoint extends Orders {}

@StreamEndpoint('lobby')
class LobbyEndpoint extends Orders {}

@StreamEndpoint(LONGEST_ENDPOINT)
class LongEndpoint extends Orders {}

/** A list of revoked tokens that cannot be read, or written, while a test says so. */
class FaultyTokens extends LocalRevokedTokenStore {
  fails: 'read' | 'revoke' | undefined;

  override async read(...args: Parameters<LocalRevokedTokenStore['read']>): Promise<RevokedTokens> {
    if (this.fails === 'read') throw new Error('cannot be read');
    return super.read(...args);
  }

  override async revoke(revocation: TokenRevocation): Promise<RevokedTokens> {
    if (this.fails === 'revoke') throw new Error('cannot be written');
    return super.revoke(revocation);
  }
}

class FaultyBackend extends LocalBroker {
  override readonly revokedTokens = new FaultyTokens();
}

async function start(options: StreamsModuleOptions = {}) {
  const backend = new FaultyBackend();
  const target = await startApp({
    options: { authenticator: Users, messages: { broker: backend }, ...options },
    providers: [RoomsEndpoint, LobbyEndpoint, LongEndpoint],
  });
  return { target, tokens: backend.revokedTokens };
}

type Held = readonly [endpoint: string, channel: string, resumeToken: string, ...position: unknown[]];
interface Hello {
  readonly token?: string | null;
  readonly client?: string;
  readonly resume?: readonly Held[];
  readonly resumeUser?: string | null;
  readonly resumeName?: string;
}

const CLIENT = 'c'.repeat(22);
let lastId = 100;

async function hello(port: number, facts: Hello = {}, endpoints = ['rooms']): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(port);
  raw.sendJson({ t: 'hello', v: 1, token: 'alice', client: CLIENT, ...facts });
  await raw.frame('welcome');
  for (const [index, endpoint] of endpoints.entries()) {
    raw.sendJson({ t: 'open', id: index + 1, endpoint });
    await raw.frame('opened', index + 1);
  }
  return raw;
}

async function order(raw: RawSocket, text: string, endpoint = 'rooms'): Promise<void> {
  const id = ++lastId;
  raw.sendJson({ t: 'message', id, stream: endpoint, type: 'e2e.note', data: { text } });
  const isAnswered = (frame: Record<string, unknown>) =>
    (frame.t === 'ack' && (frame.id as number) >= id) || (frame.t === 'error' && frame.id === id);
  await raw.until(() => raw.frames.some(isAnswered));
}

/** Returns what a client brings back of all that flowed to it. */
function heldOf({ frames }: RawSocket): Held[] {
  const held = new Map<string, Held>();
  for (const { stream, channel, resumeToken, position } of frames)
    if (resumeToken)
      held.set(`${stream} ${channel}`, [stream, channel, resumeToken, ...(position as [])] as never);
  return [...held.values()];
}

const post = ({ messages }: RunningApp, name: string, text: string, id?: string) =>
  messages.postMessage(room(name), note(text), { id });

const publications = (raw: RawSocket) =>
  raw.frames
    .filter(({ t }) => t === 'publication')
    .map(
      ({ data }) => (data as { text?: string; reason?: string }).text ?? (data as { reason: string }).reason,
    );

/** Lets a client follow a room, leave, and miss a message; returns what it comes back with. */
async function missOne(target: RunningApp, facts: Hello = {}): Promise<Held[]> {
  const raw = await hello(target.port, facts);
  await order(raw, 'join a');
  const held = heldOf(raw);
  raw.destroy();
  await post(target, 'a', 'missed');
  return held;
}

/** Returns what a client gets that opens its stream, behind which nothing comes by itself. */
async function gets(target: RunningApp, facts: Hello): Promise<string[]> {
  const raw = await hello(target.port, facts);
  raw.sendJson({ t: 'ping' });
  await raw.frame('pong');
  const got = publications(raw);
  raw.destroy();
  return got;
}

afterEach(stopAll);

describe('A list of revoked tokens', () => {
  it('that cannot be read lets no client resume; who subscribes afresh is served', async () => {
    const { target, tokens } = await start();
    const held = await missOne(target);
    tokens.fails = 'read';

    const raw = await hello(target.port, { resume: held });
    await raw.frame('unsubscribed');
    expect(publications(raw)).toEqual(['resume-refused']);
    await order(raw, 'join a');
    await post(target, 'a', 'next');
    await raw.until(() => publications(raw).at(-1) === 'next');
    expect(publications(raw)).not.toContain('missed');
  });

  it('that can be read lets the client resume (control)', async () => {
    const { target } = await start();
    const held = await missOne(target);

    expect(await gets(target, { resume: held })).toEqual(['missed']);
  });

  it('that cannot be written ends a kicked session all the same, says so, and lets nothing resume', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { target, tokens } = await start();
    const raw = await hello(target.port);
    await order(raw, 'join a');
    const held = heldOf(raw);
    tokens.fails = 'revoke';
    raw.sendJson({
      t: 'message',
      id: 99,
      stream: 'rooms',
      type: 'e2e.note',
      data: { text: 'expel' },
    });
    expect(await raw.frame('closed')).toMatchObject({ reason: { code: 'expelled' } });
    raw.destroy();
    await post(target, 'a', 'secret');

    await until(() =>
      warn.mock.calls.some(([line]) => /cannot be revoked at the moment; .*written/.test(String(line))),
    );
    expect(await gets(target, { resume: held })).toEqual(['resume-refused']);
    tokens.fails = undefined;
    // It is written within two seconds, and holds then.
    await until(async () => (await gets(target, { resume: held })).length === 1, 5_000);
    expect(await gets(target, { resume: held })).toEqual(['resume-refused']);
    warn.mockRestore();
  });
});

describe('What a client says of its tokens', () => {
  it.each([
    ['nothing', {}, ['missed']],
    ['that they are of the user who signs in', { resumeUser: 'alice' }, ['missed']],
    ['that they are of another user', { resumeUser: 'bob' }, []],
    ['that they are of nobody', { resumeUser: null }, []],
  ])('by resumeUser: %s', async (_what, facts: Hello, expected) => {
    const { target } = await start();
    const held = await missOne(target);

    expect(await gets(target, { ...facts, resume: held })).toEqual(expected);
  });

  it('does not make them those of another user', async () => {
    const { target } = await start();
    const held = await missOne(target);

    for (const resumeUser of [undefined, 'bob'])
      expect(await gets(target, { token: 'bob', resume: held, resumeUser })).not.toContain('missed');
  });

  it.each([
    ['the secret that they were issued to, on another client', { resumeName: 'h'.repeat(22) }, ['missed']],
    ['another secret', { resumeName: 'x'.repeat(22) }, ['resume-refused']],
    ['nothing', {}, ['resume-refused']],
  ])('by resumeName without a user: %s', async (_what, facts: Hello, expected) => {
    const { target } = await start();
    const held = await missOne(target, { token: null, resumeName: 'h'.repeat(22) });

    expect(await gets(target, { token: null, client: 'd'.repeat(22), ...facts, resume: held })).toEqual(
      expected,
    );
  });
});

describe('A hello', () => {
  it('brings back as many channels as may flow, however long their names are', async () => {
    const { target } = await start();
    const raw = await hello(target.port, {}, [LONGEST_ENDPOINT]);
    const names: string[] = [];
    while (!raw.frames.some(({ t }) => t === 'error')) {
      names.push(String(names.length).padStart(LONGEST_ROOM, 'x'));
      await order(raw, `join ${names.at(-1)}`, LONGEST_ENDPOINT);
    }
    expect(raw.frames.find(({ t }) => t === 'error')).toMatchObject({
      error: { code: 'TOO_MANY_SUBSCRIPTIONS', message: expect.stringContaining('limits.maxPayloadBytes') },
    });
    names.pop();
    expect(names.length).toBeGreaterThan(100);
    const idOf = (index: number, number: number) => `${index}-${number}`.padStart(LONGEST_ID, 'i');
    for (const [index, name] of names.entries()) await post(target, name, 'first', idOf(index, 1));
    await raw.until(() => publications(raw).length === names.length);
    const last = new Map(raw.frames.filter(({ t }) => t === 'publication').map((it) => [it.channel, it]));
    const held = heldOf(raw).map(([endpoint, channel, resumeToken, epoch]) => {
      const { offset, id } = last.get(channel)!;
      return [endpoint, channel, resumeToken, epoch, offset, id] as const;
    });
    raw.destroy();
    for (const [index, name] of names.entries()) await post(target, name, 'missed', idOf(index, 2));

    const back = await hello(target.port, { resume: held, resumeUser: 'alice' }, [LONGEST_ENDPOINT]);
    await back.until(() => publications(back).length >= names.length);
    expect(new Set(publications(back))).toEqual(new Set(['missed']));
  }, 60_000);

  it('brings back a channel for each stream that it flowed to', async () => {
    const { target } = await start({ limits: { maxSubscriptions: 2 } });
    const endpoints = ['rooms', 'lobby'];
    const raw = await hello(target.port, {}, endpoints);
    for (const endpoint of endpoints) for (const name of 'ab') await order(raw, `join ${name}`, endpoint);
    const held = heldOf(raw);
    raw.destroy();
    for (const name of 'ab') await post(target, name, 'missed');

    const back = await hello(target.port, { resume: held }, endpoints);
    await back.until(() => publications(back).length === 4);
    expect(publications(back)).toEqual(Array(4).fill('missed'));
  });
});

describe('A user id', () => {
  it.each([
    ['with a lone surrogate', 'half', 4501],
    ['of more than 256 characters', 'a'.repeat(257), 4501],
  ])('%s is refused, and the log says why', async (_what, token, code) => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { target } = await start();
    const raw = await RawSocket.upgrade(target.port);
    raw.sendJson({ t: 'hello', v: 1, token, client: CLIENT });

    expect(await raw.closing()).toBe(code);
    expect(JSON.stringify(error.mock.calls)).toContain('The authenticator returned a user whose');
    error.mockRestore();
  });

  it.each([
    ['with a whole surrogate pair', 'alice\u{1f600}'],
    ['of 256 characters', 'a'.repeat(256)],
  ])('%s is accepted', async (_what, token) => {
    const { target } = await start();
    const held = await missOne(target, { token });

    expect(await gets(target, { token, resume: held, resumeUser: token })).toEqual(['missed']);
  });
});
