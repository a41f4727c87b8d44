import { Injectable } from '@nestjs/common';
import fc from 'fast-check';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamUser,
} from '@nestwire/streams';
import { jsonFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, Task } from './messages.js';
import { startApp, stopAll, untilNothingIsLeft, type RunningApp } from './start-app.js';
import { seedOf } from '../rig/seed.js';

fc.configureGlobal({ seed: seedOf('conversations') });

// Random conversations, pipelined at random. Whatever is said: each frame with an id is answered once,
// what was not refused is handled once and in order, and each session that opened closes once.

@Injectable()
class Users extends StreamAuthenticator {
  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    await turns(Number(token?.length ?? 0));
    return token === 'ada' ? { id: 'ada' } : null;
  }
}

/** The events in the sessions of one connection, by the number of the connection. */
@Injectable()
class Journal {
  readonly entries: string[] = [];

  write(entry: string): void {
    this.entries.push(entry);
  }
}

type Session = StreamSession<Note, StreamUser | null>;

/** The handlers of all endpoints of this suite; the text of a message selects its handling. */
class Talk {
  constructor(
    readonly journal: Journal,
    readonly turnsToOpen: number,
    readonly turnsToClose: number,
  ) {}

  async open(session: Session): Promise<void> {
    await turns(this.turnsToOpen);
    this.journal.write(`opened ${session.endpoint} ${session.id}`);
  }

  handle(session: Session, text: string): void | Promise<void> {
    const [id, how] = text.split(' ');
    if (how === 'late') return turns(3).then(() => this.journal.write(`handled ${session.endpoint} ${id}`));
    this.journal.write(`handled ${session.endpoint} ${id}`);
    if (how === 'throw') throw new Error('as asked');
    if (how === 'leave') void session.close();
  }

  async close(session: Session): Promise<void> {
    await turns(this.turnsToClose);
    this.journal.write(`closed ${session.endpoint} ${session.id}`);
  }
}

@StreamEndpoint('quick')
class QuickEndpoint {
  private readonly talk: Talk;

  constructor(journal: Journal) {
    this.talk = new Talk(journal, 0, 0);
  }

  @OnStreamOpened()
  opened(session: Session): Promise<void> {
    return this.talk.open(session);
  }

  @OnStreamMessage(Task)
  handle(session: Session, { text }: Task): void | Promise<void> {
    return this.talk.handle(session, text);
  }

  @OnStreamClosed()
  closed(session: Session): Promise<void> {
    return this.talk.close(session);
  }
}

@StreamEndpoint('slow')
class SlowEndpoint {
  private readonly talk: Talk;

  constructor(journal: Journal) {
    this.talk = new Talk(journal, 3, 3);
  }

  @OnStreamOpened()
  async opened(session: Session): Promise<void> {
    await this.talk.open(session);
  }

  @OnStreamMessage(Task)
  handle(session: Session, { text }: Task): void | Promise<void> {
    return this.talk.handle(session, text);
  }

  @OnStreamClosed()
  closed(session: Session): Promise<void> {
    return this.talk.close(session);
  }
}

@StreamEndpoint('members', { requireLogin: true })
class MembersEndpoint {
  private readonly talk: Talk;

  constructor(journal: Journal) {
    this.talk = new Talk(journal, 2, 1);
  }

  @OnStreamOpened()
  opened(session: Session): Promise<void> {
    return this.talk.open(session);
  }

  @OnStreamMessage(Task)
  handle(session: Session, { text }: Task): void | Promise<void> {
    return this.talk.handle(session, text);
  }

  @OnStreamClosed()
  closed(session: Session): Promise<void> {
    return this.talk.close(session);
  }
}

const endpoint = fc.constantFrom('quick', 'slow', 'members');
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ t: fc.constant('open'), endpoint }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('close'), stream: endpoint }) },
  {
    weight: 5,
    arbitrary: fc.record({
      t: fc.constant('message'),
      stream: endpoint,
      how: fc.constantFrom('now', 'now', 'late', 'throw', 'leave'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('auth'), token: fc.constantFrom(null, 'ada', 'bad') }) },
  // Sends what was gathered, and perhaps waits until the server has seen it.
  { weight: 2, arbitrary: fc.record({ t: fc.constantFrom('flush', 'settle') }) },
);
type Step = { t: string; endpoint?: string; stream?: string; how?: string; token?: string | null };
type Sent = Step & { id: number };

let target: RunningApp;

beforeAll(async () => {
  target = await startApp({
    options: {
      authenticator: Users,
      limits: {
        framesPerSecond: 1e6,
        bytesPerSecond: 1e9,
        connectsPerSecond: 1e6,
        maxConnectionsPerUser: 10_000,
      },
    },
    providers: [Journal, QuickEndpoint, SlowEndpoint, MembersEndpoint],
  });
});

afterAll(stopAll);

describe('Any conversation', () => {
  it('is answered frame by frame, handled in order, and leaves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const { entries } = target.get(Journal);
        entries.length = 0;
        const raw = await RawSocket.hello(target.port);

        const sent = await converse(raw, steps);
        await until(() => sent.every((frame) => answersTo(raw, frame).length > 0), 3_000).catch(
          () => undefined,
        );

        for (const frame of sent)
          expect([frame, answersTo(raw, frame)]).toEqual([frame, [expect.anything()]]);
        expectHandledOnceInOrder(raw, sent, entries);
        raw.destroy();
        await untilNothingIsLeft(target);
        expectSessionsInTurn(entries);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

/** Sends the frames of a conversation in the batches that it says. */
async function converse(raw: RawSocket, steps: readonly Step[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  let batch: Buffer[] = [];
  for (const { t, how, ...rest } of [...steps, { t: 'flush' } as Step]) {
    if (t === 'flush' || t === 'settle') {
      raw.send(Buffer.concat(batch));
      batch = [];
      if (t === 'settle') await settle(raw);
      continue;
    }
    const id = sent.length + 1;
    sent.push({ t, how, ...rest, id });
    const message = t === 'message' && { type: 'e2e.task', data: { text: `${id} ${how}` } };
    batch.push(jsonFrame({ t, ...rest, id, ...message }));
  }
  return sent;
}

/** Waits until the server has seen what was sent. */
async function settle(raw: RawSocket): Promise<void> {
  const pongs = () => raw.frames.filter(({ t }) => t === 'pong').length;
  const before = pongs();
  raw.sendJson({ t: 'ping' });
  await raw.until(() => pongs() > before);
}

/** Returns the answers to a frame: its error or its success; an ack answers all earlier messages without an error. */
function answersTo(raw: RawSocket, { t, id, stream: name }: Sent): string[] {
  const errors = raw.frames.filter((frame) => frame.t === 'error' && frame.id === id);
  const done = { open: 'opened', close: 'closed', auth: 'authenticated' }[t];
  if (done)
    return [...errors, ...raw.frames.filter((frame) => frame.t === done && frame.id === id)].map(String);
  const isAcked = raw.frames.some(
    (frame) => frame.t === 'ack' && frame.stream === name && (frame.id as number) >= id,
  );
  return errors.length ? errors.map(String) : isAcked ? ['ack'] : [];
}

function expectHandledOnceInOrder(raw: RawSocket, sent: readonly Sent[], entries: readonly string[]): void {
  const failed = new Set(raw.frames.filter(({ t }) => t === 'error').map(({ id }) => id));
  for (const name of ['quick', 'slow', 'members']) {
    const mine = sent.filter((frame) => frame.t === 'message' && frame.stream === name);
    const accepted = mine.filter(({ id, how }) => how === 'throw' || !failed.has(id)).map(({ id }) => id);
    const handled = entries
      .filter((entry) => entry.startsWith(`handled ${name} `))
      .map((entry) => Number(entry.split(' ')[2]));
    expect(handled).toEqual(handled.toSorted((a, b) => a - b));
    expect(accepted.filter((id) => !failed.has(id) && !handled.includes(id))).toEqual([]);
    expect(new Set(handled).size).toBe(handled.length);
  }
}

/** Sessions of one endpoint follow each other: opened, closed, opened, closed. */
function expectSessionsInTurn(entries: readonly string[]): void {
  for (const name of ['quick', 'slow', 'members']) {
    const turnsOf = entries.filter((entry) => new RegExp(`^(opened|closed) ${name} `).test(entry));
    for (let at = 0; at < turnsOf.length; at += 2) {
      const [, , session] = turnsOf[at]!.split(' ');
      expect(turnsOf.slice(at, at + 2)).toEqual([`opened ${name} ${session}`, `closed ${name} ${session}`]);
    }
  }
}

/** Lets some turns of the event loop pass. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
