import { IsString, MaxLength } from 'class-validator';
import { defineChannel } from '@nestwire/messages';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  type StreamHandshake,
  type StreamUser,
} from '@nestwire/streams';
import { StreamMessage, type StreamGap } from '@nestwire/protocol';
import { Note } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

const CHANNELS = 100;
const ANSWER_BYTES = 65_536;
const FREE_BYTES_PER_SECOND = 1_024;
const HELLO = { t: 'hello', v: 1 };

const room = defineChannel('answers-room', { messages: [Note], history: { messages: 10, ageMs: 60_000 } });

/** A message that is wrong in more places than its bytes. */
@StreamMessage('answers.form')
class Form {
  declare readonly $type: 'answers.form';
}
for (let index = 0; index < 30; index++) {
  Reflect.defineMetadata('design:type', String, Form.prototype, `field${index}`);
  IsString()(Form.prototype, `field${index}`);
  MaxLength(5)(Form.prototype, `field${index}`);
}

@StreamEndpoint('hall')
class HallEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    for (let index = 0; index < CHANNELS; index++) await session.subscribe(room(index));
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  session: StreamSession | undefined;

  @OnStreamMessage(Form)
  fill(_session: StreamSession, _form: Form): void {}

  @OnStreamMessage(Note)
  async handle(session: StreamSession, { text }: Note): Promise<void> {
    this.session = session;
    if (text !== 'turn') return;
    for (let index = 0; index < CHANNELS; index++) (await session.subscribe(`turn:${index}`)).remove();
  }
}

/** Accepts a credential when it is let go on. */
class Users extends StreamAuthenticator {
  private waiting: (() => void)[] = [];
  isHolding = false;

  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    if (this.isHolding && token !== null) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return token === null ? null : { id: token };
  }

  letGo(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

const start = (limits: object = {}) =>
  startApp({
    options: { limits: { framesPerSecond: 1_000, ...limits }, authenticator: Users },
    providers: [HallEndpoint, DeskEndpoint],
  });
const tell = (id: number, text: string, more: object = {}) => ({
  ...{ t: 'message', id, stream: 'desk', type: 'e2e.note', data: { text } },
  ...more,
});
const answerTo = (id: number) => (frame: Record<string, unknown>) => frame.id === id && frame.t !== 'ping';

/** Counts what a client sends and what it is answered. */
class Meter {
  sent = 0;
  private readonly startedAt = performance.now();

  constructor(private readonly raw: RawSocket) {}

  send(frame: object): void {
    this.sent += JSON.stringify(frame).length;
    this.raw.sendJson(frame);
  }

  get answered(): number {
    return this.raw.frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
  }

  /** The bytes that a debt may begin with are in it: those of one stream with its channels. */
  get allowed(): number {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    return 4 * this.sent + ANSWER_BYTES + FREE_BYTES_PER_SECOND * seconds;
  }
}

const form = (id: number) => ({ t: 'message', id, stream: 'desk', type: 'answers.form', data: {} });

/** Returns the bytes of the errors that a client got. */
function errorBytesOf({ frames }: RawSocket): number {
  const errors = frames.filter(({ t }) => t === 'error');
  return errors.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
}

const detailsOf = (frame: Record<string, unknown>) =>
  (frame.error as { details?: readonly object[] }).details ?? [];

const codesOf = ({ frames }: RawSocket) =>
  frames.filter(({ t }) => t === 'error').map(({ error }) => (error as { code: string }).code);

afterEach(stopAll);

describe('The answers to a client', () => {
  it('are whole where it opens a stream with a hundred channels, and another one once more', async () => {
    const { port } = await start();
    const raw = await RawSocket.hello(port);

    for (const id of [1, 3]) {
      raw.sendJson({ t: 'open', id, endpoint: 'hall' });
      await raw.frame('opened', id);
      raw.sendJson({ t: 'close', id: id + 1, stream: 'hall' });
      await raw.frame('closed', id + 1);
    }

    expect(raw.frames.filter(({ t }) => t === 'subscribed')).toHaveLength(2 * CHANNELS);
    expect(codesOf(raw)).toEqual([]);
  });

  it('are bounded where it opens and closes such a stream over and over', async () => {
    const { port } = await start({ maxRefusals: 1_000_000 });
    const raw = await RawSocket.hello(port);
    const meter = new Meter(raw);
    let largest = 0;

    for (let id = 1; id < 240; id += 2) {
      const before = meter.answered;
      meter.send({ t: 'open', id, endpoint: 'hall' });
      await raw.until(() => raw.frames.some(answerTo(id)));
      meter.send({ t: 'close', id: id + 1, stream: 'hall' });
      await raw.until(() => raw.frames.some(answerTo(id + 1)));
      largest = Math.max(largest, meter.answered - before);
    }

    expect(codesOf(raw)).toContain('RATE_LIMITED');
    expect(meter.answered).toBeLessThan(meter.allowed + largest);
  });

  it('are bounded where it sends all of this at once', async () => {
    const { port } = await start({ maxRefusals: 1_000_000, answerBytes: 2_000 });
    const raw = await RawSocket.hello(port);

    for (let id = 1; id < 60; id += 2) {
      raw.sendJson({ t: 'open', id, endpoint: 'hall' });
      raw.sendJson({ t: 'close', id: id + 1, stream: 'hall' });
    }
    const answers = () => raw.frames.filter(({ t, id }) => id !== undefined && t !== 'ping');
    await raw.until(() => answers().length === 60);

    expect(codesOf(raw)).toContain('RATE_LIMITED');
    expect(raw.frames.filter(({ t }) => t === 'subscribed')).toHaveLength(CHANNELS);
  });

  it('are bounded where a handler subscribes and unsubscribes for it', async () => {
    const { port } = await start({ maxRefusals: 1_000_000 });
    const raw = await RawSocket.hello(port);
    const meter = new Meter(raw);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');

    for (let id = 2; id < 60; id++) {
      meter.send(tell(id, 'turn'));
      await raw.until(() => raw.frames.some(answerTo(id)));
    }

    expect(codesOf(raw)).toContain('RATE_LIMITED');
    // Messages are refused when the debt is as large as the allowance.
    expect(meter.answered).toBeLessThan(meter.allowed + ANSWER_BYTES + 20_000);
  });

  it('are bounded where it sends these messages at once', async () => {
    const { port } = await start({ maxRefusals: 1_000_000, answerBytes: 2_000 });
    const raw = await RawSocket.hello(port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');

    for (let id = 2; id < 30; id++) raw.sendJson(tell(id, 'turn'));
    await raw.until(() => raw.frames.some(answerTo(29)));

    const refused = raw.frames.filter(({ t }) => t === 'error').map(({ id }) => id);
    expect(refused).toEqual(Array.from({ length: 27 }, (_, index) => index + 3));
    expect(new Set(codesOf(raw))).toEqual(new Set(['RATE_LIMITED']));
    expect(raw.frames.filter(({ t }) => t === 'subscribed')).toHaveLength(CHANNELS);
    expect(raw.frames.find(({ t }) => t === 'ack')).toMatchObject({ id: 2 });
  });

  it('do not count what the application subscribes by itself', async () => {
    const { port, get } = await start({ answerBytes: 2_000 });
    const raw = await RawSocket.hello(port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    raw.sendJson(tell(2, 'here'));
    await raw.frame('ack', 2);

    const { session } = get(DeskEndpoint);
    for (let index = 0; index < CHANNELS; index++) await session!.subscribe(`own:${index}`);
    raw.sendJson(tell(3, 'again'));
    await raw.frame('ack', 3);
    raw.sendJson({ t: 'open', id: 4, endpoint: 'desk' });
    await raw.frame('opened', 4);

    expect(codesOf(raw)).toEqual([]);
  });

  it('are errors of at most four bytes for each byte of the client, from the first one on', async () => {
    const { port } = await start({ maxRefusals: 1_000_000 });
    const raw = await RawSocket.hello(port);
    const startedAt = performance.now();
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');
    let most = 0;

    for (let id = 2; id < 40; id++) {
      raw.sendJson(form(id));
      await raw.until(() => raw.frames.some(answerTo(id)));
      const free = (FREE_BYTES_PER_SECOND * (performance.now() - startedAt)) / 1_000;
      most = Math.max(most, (errorBytesOf(raw) - free) / raw.socket.bytesWritten);
    }

    expect(codesOf(raw)).toHaveLength(38);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThan(4);
  });

  it('are errors with the details that a client has paid for', async () => {
    const { port } = await start();
    const raw = await RawSocket.hello(port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');

    raw.sendJson(form(2));
    const first = detailsOf(await raw.frame('error', 2));
    raw.sendJson({ t: 'ping', pad: 'x'.repeat(4_000) });
    raw.sendJson(form(3));

    expect(detailsOf(await raw.frame('error', 3))).toHaveLength(20);
    expect(first.length).toBeGreaterThan(2);
    expect(first.length).toBeLessThan(20);
  });

  it('go on when they are paid: a client that sends may open streams again', async () => {
    const { port } = await start({ answerBytes: 2_000 });
    const raw = await RawSocket.hello(port);
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened', 1);
    raw.sendJson({ t: 'open', id: 2, endpoint: 'hall' });
    await raw.frame('opened', 2);
    raw.sendJson({ t: 'open', id: 3, endpoint: 'hall' });
    expect((await raw.frame('error', 3)).error).toMatchObject({ code: 'RATE_LIMITED' });

    // Three bytes for each, and the ping is never refused.
    raw.sendJson({ t: 'ping', pad: 'x'.repeat(30_000) });
    await raw.frame('pong');
    raw.sendJson({ t: 'open', id: 4, endpoint: 'hall' });

    await raw.frame('opened', 4);
  });
});

it('A message that is refused during a sign-in does not count as handled', async () => {
  const { port, get } = await start({ maxEarlyFrames: 2 });
  const users = get(StreamAuthenticator as never) as unknown as Users;
  const hello = { ...HELLO, client: 'c'.repeat(22) };
  const first = await RawSocket.upgrade(port);
  users.isHolding = true;
  first.sendJson({ ...hello, token: 'ada' });
  first.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
  for (const id of [2, 3]) first.sendJson(tell(id, `text ${id}`));
  await first.frame('error', 3);
  users.isHolding = false;
  users.letGo();
  await first.frame('ack', 2);
  first.sendJson(tell(4, 'text 4'));
  await first.frame('ack', 4);
  first.destroy();

  const second = await RawSocket.upgrade(port);
  second.sendJson({ ...hello, token: 'ada' });
  second.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
  second.sendJson(tell(3, 'text 3', { redelivered: true }));
  await until(() => second.frames.some(({ t, id }) => id === 3 && t !== 'opened'));

  expect(second.frames.find(({ id }) => id === 3)).toMatchObject({ t: 'error', error: { code: 'BUSY' } });
});
