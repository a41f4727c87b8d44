import { Injectable } from '@nestjs/common';
import { IsDate, IsOptional, IsString, MaxLength } from 'class-validator';
import { create, defineMessage, StreamMessage, type Message, type MessageOf } from '@nestwire/protocol';
import { Type } from '@nestwire/protocol/class-transformer';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  type Asks,
  type RequestOptions,
  type StreamsModuleOptions,
} from '@nestwire/streams';
import { z } from 'zod';
import { rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { failureOf, startApp, stopAll, type RunningApp } from './start-app.js';

@StreamMessage('requests.confirm')
class Confirm {
  declare readonly $type: 'requests.confirm';
  @IsString() text = '';
}

@StreamMessage('requests.confirmed')
class Confirmed {
  declare readonly $type: 'requests.confirmed';
  @IsString() @MaxLength(20) by!: string;
  @IsOptional() @IsDate() @Type(() => Date) at?: Date;
}

@StreamMessage('requests.denied')
class Denied {
  declare readonly $type: 'requests.denied';
}

/** A message of the application that is no reply. */
@StreamMessage('requests.secret')
class Secret {
  declare readonly $type: 'requests.secret';
  static made = 0;
  constructor() {
    Secret.made++;
  }
}

const Checked = defineMessage(
  'requests.checked',
  z.object({
    name: z.string().refine(async (name) => (await Promise.resolve(name)) !== 'taken', 'is taken'),
  }),
);
type Checked = MessageOf<typeof Checked>;

type Session = StreamSession<Asks<Confirm, Confirmed | Denied> | Asks<Secret, Checked>>;

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: { readonly token: string | null }) {
    return token === null ? null : { id: token };
  }
}

@Injectable()
class Desk {
  readonly sessions: Session[] = [];
  readonly told: string[] = [];

  get session(): Session {
    return this.sessions.at(-1)!;
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: Session): void {
    this.desk.sessions.push(session);
  }

  @OnStreamMessage(Confirm)
  async ask(session: Session, { text }: Confirm): Promise<void> {
    const reply = await session.request(create(Confirm, { text }), { reply: [Confirmed, Denied] });
    this.desk.told.push(`${text}: ${reply.$type === 'requests.confirmed' ? reply.by : 'denied'}`);
  }
}

@StreamEndpoint('other')
class OtherEndpoint extends DeskEndpoint {}

const QUESTION = create(Confirm, { text: 'sure?' });
const REPLY: RequestOptions<Confirmed | Denied> = { reply: [Confirmed, Denied] };

let app: RunningApp;
let desk: Desk;

async function start(options: StreamsModuleOptions = {}): Promise<void> {
  app = await startApp({
    providers: [Desk, DeskEndpoint, OtherEndpoint],
    options: { authenticator: Users, codecs: [messagePack], ...options },
  });
  desk = app.get(Desk);
}

/** Connects, and opens the stream of an endpoint. */
async function open(...endpoints: string[]): Promise<RawSocket> {
  const raw = await RawSocket.hello(app.port);
  for (const [index, endpoint] of (endpoints.length ? endpoints : ['desk']).entries()) {
    raw.sendJson({ t: 'open', id: 100 + index, endpoint });
    await raw.frame('opened', 100 + index);
  }
  return raw;
}

const answer = (raw: RawSocket, request: unknown, data: object, type = 'requests.confirmed') =>
  raw.sendJson({ t: 'response', request, type, data });
const ask = (options: Partial<RequestOptions<Confirmed | Denied>> = {}) => {
  const asked = desk.session.request(QUESTION, { ...REPLY, ...options });
  // Tests await it later.
  asked.catch(() => undefined);
  return asked;
};
/** Waits until the server has handled all frames that were sent before. */
const handled = async (raw: RawSocket) => {
  const before = raw.frames.filter(({ t }) => t === 'pong').length;
  raw.sendJson({ t: 'ping' });
  await until(() => raw.frames.filter(({ t }) => t === 'pong').length > before);
};
const codeOf = async (asked: Promise<unknown>) => (await failureOf(asked)).code;

beforeEach(() => start());
afterEach(stopAll);

describe('A request to the client', () => {
  it('has the question and its time, and resolves to the validated reply', async () => {
    const raw = await open();
    const asked = ask();
    const { id, ...frame } = await raw.frame('request');
    answer(raw, id, { by: 'ada', at: { $date: '2026-01-01T00:00:00.000Z' } });
    const reply = await asked;

    expect(frame).toEqual({
      ...{ t: 'request', stream: 'desk', type: 'requests.confirm', data: { text: 'sure?' } },
      timeoutMs: 30_000,
    });
    expect(reply).toBeInstanceOf(Confirmed);
    expect(reply).toEqual(create(Confirmed, { by: 'ada', at: new Date('2026-01-01T00:00:00.000Z') }));
  });

  it('may have one of several replies, answered in any order', async () => {
    const raw = await open('desk', 'other');
    const [first, second] = [ask(), ask()];
    await raw.frame('request', 2);
    answer(raw, 2, {}, 'requests.denied');
    answer(raw, 1, { by: 'ada' });

    expect(await second).toBeInstanceOf(Denied);
    expect(await first).toMatchObject({ by: 'ada' });
  });

  it('is awaited by a handler, while later messages wait and replies do not', async () => {
    const raw = await open();
    const tell = (id: number, text: string) =>
      raw.sendJson({ t: 'message', id, stream: 'desk', type: 'requests.confirm', data: { text } });
    tell(1, 'a');
    tell(2, 'b');
    answer(raw, (await raw.frame('request', 1)).id, { by: 'ada' });
    answer(raw, (await raw.frame('request', 2)).id, {}, 'requests.denied');
    await raw.frame('ack', 2);

    expect(desk.told).toEqual(['a: ada', 'b: denied']);
  });

  it('is validated by a schema, also an asynchronous one', async () => {
    const raw = await open();
    const request = () => desk.session.request(create(Secret), { reply: Checked });
    const [free, taken] = [request(), request()];
    taken.catch(() => undefined);
    await raw.frame('request', 2);
    answer(raw, 1, { name: 'free' }, 'requests.checked');
    answer(raw, 2, { name: 'taken' }, 'requests.checked');

    expect(await free).toMatchObject({ name: 'free' });
    expect(await failureOf(taken)).toMatchObject({
      code: 'INVALID_MESSAGE',
      details: [{ path: 'name', message: 'is taken' }],
    });
  });

  it('travels in MessagePack', async () => {
    const protocol = 'nestwire.v1.msgpack';
    const raw = await RawSocket.upgrade(app.port, '/streams', { 'Sec-WebSocket-Protocol': protocol });
    const send = (frame: object) =>
      raw.send(rawFrame({ opcode: 2, payload: messagePack.encode(frame, protocol) as Uint8Array }));
    send({ t: 'hello', v: 1 });
    send({ t: 'open', id: 1, endpoint: 'desk' });
    await until(() => desk.sessions.length === 1);
    const asked = ask();
    const at = new Date(86_400_000);
    send({ t: 'response', request: 1, type: 'requests.confirmed', data: { by: 'ada', at } });

    expect(await asked).toEqual(create(Confirmed, { by: 'ada', at }));
  });
});

describe('A request rejects', () => {
  it.each<[string, object, string]>([
    ['that is not valid', { by: 'a name of more than twenty characters' }, 'requests.confirmed'],
    ['with an unknown property', { by: 'ada', isAdmin: true }, 'requests.confirmed'],
    ['of another class', {}, 'requests.secret'],
    ['of no class', {}, 'requests.unknown'],
  ])('with INVALID_MESSAGE for a reply %s', async (_, data, type) => {
    const raw = await open();
    const asked = ask();
    const before = Secret.made;
    answer(raw, (await raw.frame('request')).id, data, type);

    expect(await codeOf(asked)).toBe('INVALID_MESSAGE');
    expect(Secret.made).toBe(before);
  });

  it('with REQUEST_REFUSED for an error, whatever code the client chooses', async () => {
    const raw = await open();
    const asked = ask();
    const { id } = await raw.frame('request');
    raw.sendJson({ t: 'response', request: id, error: { code: 'SESSION_CLOSED', message: 'no' } });
    const error = await failureOf(asked);

    expect(error.code).toBe('REQUEST_REFUSED');
    expect(error.cause).toMatchObject({ code: 'SESSION_CLOSED', message: 'no' });
  });

  it('with REQUEST_TIMEOUT, tells the client, and gives the late reply to nobody', async () => {
    const raw = await open();
    const late = ask({ timeoutMs: 20 });
    const { id, timeoutMs } = await raw.frame('request');
    expect(await codeOf(late)).toBe('REQUEST_TIMEOUT');
    const next = ask();
    await raw.frame('request', 2);
    answer(raw, id, { by: 'late' });
    await handled(raw);
    answer(raw, 2, { by: 'next' });

    expect(timeoutMs).toBe(20);
    expect(raw.frames).toContainEqual({ t: 'withdrawn', request: id });
    expect(await next).toMatchObject({ by: 'next' });
  });

  it('with ABORTED before and after it is sent', async () => {
    const raw = await open();
    const abort = new AbortController();
    const asked = ask({ signal: abort.signal });
    await raw.frame('request');
    abort.abort(new Error('not needed'));

    expect(await codeOf(asked)).toBe('ABORTED');
    expect(await codeOf(ask({ signal: abort.signal }))).toBe('ABORTED');
    await raw.frame('withdrawn');
    await handled(raw);
    expect(raw.frames.filter(({ t }) => t === 'request')).toHaveLength(1);
  });

  it.each<[string, (raw: RawSocket) => unknown]>([
    ['the connection is lost', (raw) => raw.destroy()],
    ['the client closes the stream', (raw) => raw.sendJson({ t: 'close', id: 7, stream: 'desk' })],
    ['the server closes it', () => desk.session.close('enough')],
    ['the identity changes', (raw) => raw.sendJson({ t: 'auth', id: 7, token: 'ada' })],
  ])('with UNCERTAIN when %s', async (_, end) => {
    const raw = await open();
    const asked = ask();
    await raw.frame('request');
    await end(raw);

    expect(await codeOf(asked)).toBe('UNCERTAIN');
    expect(await codeOf(ask())).toBe('SESSION_CLOSED');
  });

  it('with LIMIT_REACHED above the bounds of the session and of the connection', async () => {
    await stopAll();
    await start({ limits: { maxRequests: 2, maxRequestsPerConnection: 3 } });
    const raw = await open('desk', 'other');
    const [ofDesk, ofOther] = desk.sessions as [Session, Session];
    const request = (session: Session) => {
      const asked = session.request(QUESTION, REPLY);
      asked.catch(() => undefined);
      return asked;
    };
    const first = request(ofDesk);
    void request(ofDesk);
    const beyondSession = await failureOf(request(ofDesk));
    void request(ofOther);
    const beyondConnection = await failureOf(request(ofOther));
    await raw.frame('request', 3);
    answer(raw, 1, { by: 'ada' });
    await first;
    void request(ofOther);

    expect([beyondSession.code, beyondConnection.code]).toEqual(['LIMIT_REACHED', 'LIMIT_REACHED']);
    expect(beyondSession.message).toContain('maxRequests');
    expect(beyondConnection.message).toContain('maxRequestsPerConnection');
    await raw.frame('request', 4);
  });

  it.each([0, -1, NaN, Infinity, 2 ** 31])('with TypeError for a time of %p', async (timeoutMs) => {
    await open();
    await expect(ask({ timeoutMs })).rejects.toThrow(TypeError);
  });

  it('with TypeError without the class of a reply', async () => {
    await open();
    for (const reply of [undefined, [], Date])
      await expect(ask({ reply: reply as never })).rejects.toThrow(TypeError);
  });
});

describe('A hostile client', () => {
  it('settles a request once, and only its own', async () => {
    const [raw, other] = [await open(), await open()];
    const [ofRaw, ofOther] = desk.sessions as [Session, Session];
    const mine = ofRaw.request(QUESTION, REPLY);
    const theirs = ofOther.request(QUESTION, REPLY);
    const { id } = await raw.frame('request');
    await other.frame('request');
    for (const request of [id, id, 2, 2_147_483_647]) answer(raw, request, { by: 'mallory' });
    await handled(raw);
    answer(other, 1, { by: 'ada' });

    expect(await mine).toMatchObject({ by: 'mallory' });
    expect(await theirs).toMatchObject({ by: 'ada' });
  });

  it('cannot settle a later request with an earlier answer', async () => {
    const raw = await open();
    for (const request of [1, 2, 3]) answer(raw, request, { by: 'mallory' });
    await handled(raw);
    const asked = ask();
    await raw.frame('request');
    answer(raw, 1, { by: 'ada' });

    expect(await asked).toMatchObject({ by: 'ada' });
  });

  it('is closed after too many responses that nothing waits for', async () => {
    await stopAll();
    await start({ limits: { maxRefusals: 20, framesPerSecond: 1_000 } });
    const [raw, honest] = [await open(), await open()];
    for (let n = 0; n < 21; n++) answer(raw, n + 1, {});
    const [, session] = desk.sessions as [Session, Session];
    for (let n = 0; n < 30; n++) {
      const asked = session.request(QUESTION, REPLY);
      answer(honest, (await honest.frame('request', n + 1)).id, { by: 'ada' });
      await asked;
    }

    expect(await raw.closing()).toBe(4004);
    expect(honest.isEnded).toBe(false);
  });

  it('is told that a response is malformed, and closed for one without a number', async () => {
    const raw = await open();
    raw.sendJson({ t: 'response', request: 1 });
    const { error } = await raw.frame('error');
    raw.sendJson({ t: 'response', request: 'one', type: 'requests.denied', data: {} });

    expect(error).toMatchObject({ code: 'BAD_FRAME' });
    expect(await raw.closing()).toBe(4500);
  });
});

describe('A shutdown', () => {
  it('lets the client answer the request of a handler', async () => {
    const raw = await open();
    raw.sendJson({ t: 'message', id: 1, stream: 'desk', type: 'requests.confirm', data: { text: 'a' } });
    const { id } = await raw.frame('request');
    const closed = app.app.close();
    await raw.frame('goaway');
    answer(raw, id, { by: 'ada' });
    await closed;

    expect(desk.told).toEqual(['a: ada']);
  });
});

/** Compiled, not run: the types of a request. */
export async function types(session: Session, plain: StreamSession<Confirm>): Promise<Message> {
  // @ts-expect-error -- the class of the reply is required
  await session.request(QUESTION, {});
  // @ts-expect-error -- the session declares another reply
  await session.request(QUESTION, { reply: Checked });
  // @ts-expect-error -- the session does not ask this
  await session.request(create(Denied), REPLY);
  // @ts-expect-error -- the session asks nothing
  await plain.request(QUESTION, REPLY);
  const reply: Confirmed | Denied = await session.request(QUESTION, REPLY);
  return reply;
}
