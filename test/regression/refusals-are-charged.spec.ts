import type { Socket } from 'node:net';
import { BadRequestException } from '@nestjs/common';
import { IsString, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { defineMessage, StreamMessage, type MessageOf } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamSession,
  type StreamHandshake,
  type StreamUser,
} from '@nestwire/streams';
import * as v from 'valibot';
import { jsonFrame, rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { startApp, stopAll } from '../e2e/start-app.js';

const WORK_MS = 20;

/** Uses processor time, which a busy machine does not change. */
function work(): void {
  const before = process.cpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  while (spentMs() < WORK_MS);
}

@ValidatorConstraint({ name: 'slow' })
class SlowRefusal implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (value === 'slow' || value === 'slow and fine') work();
    return value !== 'slow' && value !== 'bad';
  }
}

@StreamMessage('charged.form')
class Form {
  declare readonly $type: 'charged.form';
  @IsString() @Validate(SlowRefusal) text!: string;
}

/** Answers later. Items are asked about in groups, of which the second is asked in a later turn. */
@ValidatorConstraint({ name: 'slow-later', async: true })
class SlowRefusalLater implements ValidatorConstraintInterface {
  async validate(value: unknown): Promise<boolean> {
    if (value === 'slow') work();
    return Promise.resolve(value !== 'slow');
  }
}

@StreamMessage('charged.later')
class LaterForm {
  declare readonly $type: 'charged.later';
  @Validate(SlowRefusalLater, { each: true }) texts!: string[];
}

function isFine(text: string): boolean {
  if (text === 'slow') work();
  return text !== 'slow';
}

const SchemaForm = defineMessage('charged.schema', v.object({ text: v.pipe(v.string(), v.check(isFine)) }));

/** Works in a microtask, after the synchronous part of the schema. */
const LaterSchemaForm = defineMessage(
  'charged.later-schema',
  v.objectAsync({
    text: v.pipeAsync(
      v.string(),
      v.checkAsync(async () => Promise.resolve(true)),
      v.checkAsync(async (text) => Promise.resolve(isFine(text))),
    ),
  }),
);

@StreamEndpoint('desk')
class DeskEndpoint {
  @OnStreamMessage(SchemaForm, LaterSchemaForm)
  schema(_session: StreamSession, _form: MessageOf<typeof SchemaForm | typeof LaterSchemaForm>): void {}

  @OnStreamMessage(LaterForm)
  later(_session: StreamSession, _form: LaterForm): void {}

  @OnStreamMessage(Form)
  handle(_session: StreamSession, { text }: Form): void {
    if (text !== 'refused by the application') return;
    work();
    throw new BadRequestException('No.');
  }
}

@StreamEndpoint('shut')
class ShutEndpoint {
  @OnStreamOpened()
  opened(): void {
    work();
    throw new BadRequestException('Not you.');
  }
}

class Users extends StreamAuthenticator {
  calls = 0;

  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    this.calls++;
    return token === 'ada' ? { id: 'ada' } : null;
  }
}

const start = (options: object = {}) =>
  startApp({
    options: { authenticator: Users, ...options },
    providers: [DeskEndpoint, ShutEndpoint],
    imports: [],
  });
const tell = (id: number, text: string) => ({
  ...{ t: 'message', id, stream: 'desk', type: 'charged.form', data: { text } },
});
const times = (count: number, make: (index: number) => object) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => jsonFrame(make(index))));
const codesOf = ({ frames }: RawSocket) =>
  frames.filter(({ t }) => t === 'error').map(({ error }) => (error as { code: string }).code);

async function opened(port: number): Promise<RawSocket> {
  const raw = await RawSocket.hello(port);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
  await raw.frame('opened');
  return raw;
}

afterEach(stopAll);

describe('The work of a refusal', () => {
  it('is charged for invalid messages: the connection is refused undecoded', async () => {
    const raw = await opened((await start()).port);

    raw.send(times(32, (n) => tell(n + 2, 'slow')));
    await raw.until(() => codesOf(raw).length === 32);

    const codes = codesOf(raw);
    // 100 ms of work are there at once, and 50 ms more each second.
    expect(codes).toContain('INVALID_MESSAGE');
    expect(codes).toContain('RATE_LIMITED');
  });

  it('is charged for checks that answer later', async () => {
    const raw = await opened((await start()).port);
    const data = { texts: [...Array.from({ length: 64 }, () => 'good'), 'slow'] };

    for (let id = 2; !codesOf(raw).includes('RATE_LIMITED'); id++) {
      raw.sendJson({ ...tell(id, ''), type: 'charged.later', data });
      await raw.frame('error', id);
      expect(id).toBeLessThan(60);
    }

    expect(codesOf(raw)[0]).toBe('INVALID_MESSAGE');
  });

  it.each(['charged.schema', 'charged.later-schema'])('is charged for the schema of %s', async (type) => {
    const raw = await opened((await start()).port);

    for (let id = 2; !codesOf(raw).includes('RATE_LIMITED'); id++) {
      raw.sendJson({ ...tell(id, 'slow'), type });
      await raw.frame('error', id);
      expect(id).toBeLessThan(60);
    }

    expect(codesOf(raw)[0]).toBe('INVALID_MESSAGE');
  });

  it('is charged for streams that do not open', async () => {
    const raw = await RawSocket.hello((await start()).port);

    for (let id = 1; !codesOf(raw).includes('RATE_LIMITED'); id++) {
      raw.sendJson({ t: 'open', id, endpoint: 'shut' });
      await raw.frame('error', id);
      expect(id).toBeLessThan(60);
    }

    expect(new Set(codesOf(raw))).toEqual(new Set(['INVALID_MESSAGE', 'RATE_LIMITED']));
  });

  it('is charged for accepted messages too, where reading one takes long', async () => {
    const raw = await opened((await start()).port);

    raw.send(times(32, (n) => tell(n + 2, 'slow and fine')));
    await raw.until(() => codesOf(raw).includes('RATE_LIMITED'));

    expect(codesOf(raw)).not.toContain('INVALID_MESSAGE');
  });

  it('is not charged for what the application answers with', async () => {
    const raw = await opened((await start()).port);

    raw.send(times(60, (n) => tell(n + 2, 'refused by the application')));
    await raw.frame('error', 61);

    expect(codesOf(raw)).not.toContain('RATE_LIMITED');
  });

  it('is nothing that a person with a form notices', async () => {
    const raw = await opened((await start()).port);

    raw.send(times(25, (n) => tell(n + 2, 'bad')));
    await raw.frame('error', 26);

    expect(codesOf(raw)).toEqual(Array.from({ length: 25 }, () => 'INVALID_MESSAGE'));
  });
});

describe('Sign-ins on an open connection', () => {
  it('end with the fifth credential that is not accepted', async () => {
    const { port, get } = await start();
    const raw = await RawSocket.hello(port);
    const before = get(StreamAuthenticator as never) as unknown as Users;
    const callsBefore = before.calls;

    raw.send(times(30, (n) => ({ t: 'auth', id: n + 1, token: `guess ${n}` })));

    expect(await raw.closing()).toBe(4501);
    expect(before.calls - callsBefore).toBe(5);
  });

  it('ask the authenticator no more often than the limit', async () => {
    const { port, get } = await start();
    const raw = await RawSocket.hello(port);
    const users = get(StreamAuthenticator as never) as unknown as Users;
    const callsBefore = users.calls;

    raw.send(times(30, (n) => ({ t: 'auth', id: n + 1, token: 'ada' })));
    await raw.frame('error', 30);

    // The burst, and what a second and more of a slow machine adds.
    expect(users.calls - callsBefore).toBeLessThanOrEqual(13);
    expect(codesOf(raw)).toContain('RATE_LIMITED');
  });
});

it('A client that connects again has no new allowance for refusals, unlike one of another address', async () => {
  const { port } = await start({ trustProxy: 1 });
  const sendSlow = async (address: string) => {
    const raw = await RawSocket.upgrade(port, '/streams', { 'x-forwarded-for': address });
    raw.sendJson({ t: 'hello', v: 1 });
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('opened');
    for (let id = 2; id < 12; id++) raw.sendJson(tell(id, 'slow'));
    await raw.frame('error', 11);
    raw.destroy();
    await raw.ended();
    return codesOf(raw).filter((code) => code === 'INVALID_MESSAGE').length;
  };

  const [first, again, other] = [
    await sendSlow('203.0.113.1'),
    await sendSlow('203.0.113.1'),
    await sendSlow('203.0.113.2'),
  ];

  // Messages of 20 ms, an allowance of 100 ms, and what a slow machine adds.
  expect(first).toBeGreaterThanOrEqual(5);
  expect(again).toBeLessThan(first - 2);
  expect(other).toBeGreaterThanOrEqual(5);
});

it.each([
  ['closed for a frame', jsonFrame({ t: 'welcome' }), 4500],
  // ws closes these by itself.
  ['closed for a broken frame', rawFrame({ rsv: 0b010 }), 1002],
  ['left with a close frame', rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }), 1000],
])('A connection that was %s and goes on sending is no longer read', async (_name, last, code) => {
  const { app, port } = await start();
  const sockets: Socket[] = [];
  app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
  const raw = await RawSocket.hello(port);

  const junk = jsonFrame({ t: 'ping', pad: 'x'.repeat(50_000) });
  raw.socket.write(last);
  for (let sent = 0; sent < 200; sent++) raw.socket.write(junk);
  expect(await raw.closing()).toBe(code);
  await until(() => sockets[0]!.destroyed);

  expect(sockets[0]!.bytesRead).toBeLessThan(1_000_000);
});
