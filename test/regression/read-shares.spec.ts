import {} from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import type { StreamGap } from '@nestwire/protocol';
import { OnStreamOpened, StreamEndpoint, type StreamSession } from '@nestwire/streams';
import { Note, note } from '../e2e/messages.js';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { TokenUsers } from '../rig/users.js';

const MESSAGES = 25;
const TEXT_BYTES = 8_000;
const BYTES_PER_SECOND = 16_000;
/** Eight seconds' worth, and the message that begins the debt. */
const AT_ONCE = (8 * BYTES_PER_SECOND) / TEXT_BYTES + 1;
const VISITS = 4;

const log = defineChannel('regression.read-shares', {
  messages: [Note],
  history: { messages: 100, ageMs: 600_000 },
});

@StreamEndpoint('log')
class LogEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Note | StreamGap>): Promise<void> {
    await session.subscribe(log);
  }
}

interface Visitor {
  readonly token?: string;
  readonly client: string;
}

type Held = readonly unknown[];

async function enter(port: number, { token, client }: Visitor, held: readonly Held[] = []) {
  const raw = await RawSocket.upgrade(port);
  raw.sendJson({ t: 'hello', v: 1, token, client: client.padEnd(22, 'c'), resume: held });
  raw.sendJson({ t: 'open', id: 1, endpoint: 'log' });
  return raw;
}

const readBy = (raw: RawSocket) => raw.frames.filter(({ t }) => t === 'publication').length;

/** Lets a visitor follow the log once; returns what it resumes with. */
async function follow(port: number, visitor: Visitor): Promise<Held> {
  const raw = await enter(port, visitor);
  const { resumeToken, position } = await raw.frame('subscribed');
  raw.destroy();
  return ['log', log.name, resumeToken, ...(position as unknown[])];
}

async function start(historyBytesPerSecond: number): Promise<RunningApp> {
  return startApp({
    options: { authenticator: TokenUsers, limits: { historyBytesPerSecond } },
    providers: [LogEndpoint],
  });
}

/** Lets a visitor come back again and again from the same position; returns how many messages it read. */
async function comeBackOften(historyBytesPerSecond: number, visitors: readonly Visitor[]) {
  const { port, messages } = await start(historyBytesPerSecond);
  const held: Held[] = [];
  for (const visitor of visitors) held.push(await follow(port, visitor));
  for (let number = 0; number < MESSAGES; number++)
    await messages.postMessage(log, note('x'.repeat(TEXT_BYTES)));
  let read = 0;
  for (const [index, visitor] of visitors.entries()) {
    const raw = await enter(port, visitor, [held[index]!]);
    // A ping is answered behind what could be read at once.
    await raw.frame('opened');
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    read += readBy(raw);
    raw.destroy();
  }
  return read;
}

const often = (visitor: (visit: number) => Visitor) =>
  Array.from({ length: VISITS }, (_, visit) => visitor(visit));

const PARTIES: Readonly<Record<string, readonly Visitor[]>> = {
  'A user, on whatever client': often((visit) => ({ token: 'ada', client: `client-${visit}` })),
  'An anonymous client of an address that many may share': often(() => ({ client: 'anonymous' })),
};

afterEach(stopAll);

describe.each(Object.entries(PARTIES))('%s', (_party, visitors) => {
  it('reads no more of histories by coming back again and again', async () => {
    const read = await comeBackOften(BYTES_PER_SECOND, visitors);

    expect(read).toBeGreaterThanOrEqual(AT_ONCE - 1);
    // The rate permits far less than another burst until the last visit ends.
    expect(read).toBeLessThan(2 * AT_ONCE);
  });

  it('reads all each time where the rate allows it (control)', async () => {
    expect(await comeBackOften(1_024 * 1_024, visitors)).toBe(VISITS * MESSAGES);
  });
});

describe('Two users of one address', () => {
  it('take nothing from each other', async () => {
    const visitors = ['ada', 'bob', 'eve'].map((token) => ({ token, client: token }));

    expect(await comeBackOften(BYTES_PER_SECOND, visitors)).toBeGreaterThanOrEqual(
      visitors.length * (AT_ONCE - 1),
    );
  });
});
