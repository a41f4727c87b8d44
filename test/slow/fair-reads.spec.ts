import { Inject, Injectable, Module } from '@nestjs/common';
import { defineChannel } from '@nestwire/messages';
import { LocalBroker, LocalHistoryStore, type HistoryChannel } from '@nestwire/messages/backend';
import type { StreamGap } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  type StreamHandshake,
  type StreamSession,
  type StreamsLimits,
  type StreamUser,
} from '@nestwire/streams';
import { Note, note, Task, task } from '../e2e/messages.js';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

const HEAVY_CHANNELS = 120;
/** How many histories the process reads at a time. */
const PROCESS_READS = 100;
const history = { messages: 50, ageMs: 60_000 };
const logs = defineChannel('fair-log', { messages: [Note], history });
const boards = defineChannel('fair-board', { messages: [Note], history, snapshot: [Task] });

/** Holds up reads and snapshots of some channels, and counts those. */
@Injectable()
class Desk {
  held = /^$/;
  pendingReads = 0;
  pendingSnapshots = 0;
  private waiting: Array<() => void> = [];

  async pass(channel: string, count: 'pendingReads' | 'pendingSnapshots'): Promise<void> {
    if (!this.held.test(`${count} ${channel}`)) return;
    this[count]++;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this[count]--;
  }

  open(): void {
    this.held = /^$/;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

@Module({ providers: [Desk], exports: [Desk] })
class DeskModule {}

class HeldHistory extends LocalHistoryStore {
  desk: Desk | undefined;

  override async read(...args: Parameters<LocalHistoryStore['read']>): ReturnType<LocalHistoryStore['read']> {
    await this.desk?.pass((args[0] as HistoryChannel).name, 'pendingReads');
    return super.read(...args);
  }
}

class HeldBackend extends LocalBroker {
  override readonly history = new HeldHistory();
}

@Injectable()
class Users extends StreamAuthenticator {
  async authenticate({ token }: StreamHandshake): Promise<StreamUser | null> {
    return token === null ? null : { id: token };
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  @OnStreamMessage(Task)
  async follow(session: StreamSession<Note | StreamGap | Task>, { text }: Task): Promise<void> {
    const [kind, count, name] = text.split(' ');
    const channel = kind === 'log' ? logs : boards;
    const names = Array.from({ length: Number(count) }, (_, index) => `${name}-${index}`);
    if (kind === 'log') for (const each of names) await session.subscribe(channel(each));
    // Each waits for its snapshot.
    else await Promise.all(names.map((each) => session.subscribe(channel(each))));
  }

  @ChannelSnapshot(boards)
  async snapshot({ name }: HistoryChannel): Promise<Task> {
    await this.desk.pass(name, 'pendingSnapshots');
    return task(name);
  }
}

/** Bounds so high that they are none. */
const UNBOUNDED = { maxChannelReads: 10_000, maxChannelReadsPerUser: 10_000, maxSnapshotCalls: 10_000 };

async function start(limits: Partial<StreamsLimits> = {}): Promise<RunningApp> {
  const backend = new HeldBackend();
  const target = await startApp({
    options: { authenticator: Users, messages: { broker: backend }, limits },
    imports: [DeskModule],
    providers: [DeskEndpoint],
  });
  backend.history.desk = target.get(Desk);
  return target;
}

/** A client that follows channels, was away while a message was posted to each, and can come back. */
class Client {
  private held: unknown[] = [];

  constructor(
    private readonly target: RunningApp,
    readonly name: string,
    private readonly token?: string,
  ) {}

  async follow(channels: number): Promise<void> {
    const raw = await this.enter();
    raw.sendJson({
      t: 'message',
      id: 2,
      stream: 'desk',
      type: 'e2e.task',
      data: { text: `log ${channels} ${this.name}` },
    });
    await raw.frame('ack', 2);
    const places = raw.frames.filter(({ t }) => t === 'subscribed') as Array<Record<string, unknown>>;
    this.held = places.map(({ channel, resumeToken, position }) => [
      'desk',
      channel,
      resumeToken,
      ...(position as unknown[]),
    ]);
    raw.destroy();
    const { messages } = this.target;
    // Somebody follows on, so that coming back takes the read of what was missed alone.
    for (let index = 0; index < channels; index++) {
      await messages.addListener(logs(`${this.name}-${index}`), () => undefined);
      await messages.postMessage(logs(`${this.name}-${index}`), note('missed'));
    }
  }

  async comeBack(): Promise<RawSocket> {
    return this.enter(this.held);
  }

  /** Opens the stream, and follows channels that are new to the process. */
  async followMore(kind: 'log' | 'board', channels: number): Promise<RawSocket> {
    const raw = await this.enter();
    const subscribe = (index: number) => ({
      t: 'message',
      id: index + 2,
      stream: 'desk',
      type: 'e2e.task',
      data: { text: `${kind} 1 ${this.name}-${index}` },
    });
    for (let index = 0; index < channels; index++) raw.sendJson(subscribe(index));
    return raw;
  }

  private async enter(held?: unknown[]): Promise<RawSocket> {
    const raw = await RawSocket.upgrade(this.target.port);
    raw.sendJson({ t: 'hello', v: 1, client: this.name.padEnd(22, 'c'), token: this.token, resume: held });
    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    await raw.frame('welcome');
    return raw;
  }
}

const publicationsOf = ({ frames }: RawSocket) => frames.filter(({ t }) => t === 'publication').length;

/** Tells how many reads a heavy client makes at a time, and whether an honest one is served meanwhile. */
async function comeBackBeside(limits?: Partial<StreamsLimits>) {
  const target = await start(limits);
  const desk = target.get(Desk);
  const heavy = new Client(target, 'heavy');
  const honest = new Client(target, 'honest');
  await heavy.follow(HEAVY_CHANNELS);
  await honest.follow(1);
  desk.held = /pendingReads .*heavy/;

  const heavyRaw = await heavy.comeBack();
  // A read that hangs gives its turn away after a while, so both are counted at once.
  const atOnce = { pending: 0, waiting: 0 };
  await until(() => {
    Object.assign(atOnce, { pending: desk.pendingReads, waiting: target.streams.counters().waitingReads });
    // All have asked; without a bound as many read as the process lets.
    return atOnce.pending + atOnce.waiting >= (limits ? PROCESS_READS : HEAVY_CHANNELS);
  });
  const honestRaw = await honest.comeBack();
  await honestRaw.frame('opened');
  return { target, desk, heavyRaw, honestRaw, atOnce };
}

afterEach(stopAll);

describe('A client that is far behind in many channels', () => {
  it('reads a few histories at a time, and delays no other client', async () => {
    const { desk, heavyRaw, honestRaw, target, atOnce } = await comeBackBeside();

    await honestRaw.until(() => publicationsOf(honestRaw) === 1);

    expect(atOnce).toEqual({ pending: 16, waiting: HEAVY_CHANNELS - 16 });
    desk.open();
    await heavyRaw.until(() => publicationsOf(heavyRaw) === HEAVY_CHANNELS);
    expect(target.streams.counters().waitingReads).toBe(0);
  });

  it('would delay others without a bound', async () => {
    const { desk, heavyRaw, honestRaw } = await comeBackBeside(UNBOUNDED);

    // As many as the process reads at a time.
    await until(() => desk.pendingReads === PROCESS_READS);
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(publicationsOf(honestRaw)).toBe(0);
    desk.open();
    await honestRaw.until(() => publicationsOf(honestRaw) === 1);
    await heavyRaw.until(() => publicationsOf(heavyRaw) === HEAVY_CHANNELS);
  });
});

describe('A user who asks for many snapshots', () => {
  const [CONNECTIONS, BOARDS] = [9, 12];

  /** Lets a user ask for many snapshots, and another one for a single one. */
  async function askBeside(limits?: Partial<StreamsLimits>) {
    const target = await start(limits);
    const desk = target.get(Desk);
    desk.held = /pendingSnapshots .*heavy/;
    const heavy: RawSocket[] = [];
    for (let index = 0; index < CONNECTIONS; index++)
      heavy.push(await new Client(target, `heavy-${index}`, 'heavy').followMore('board', BOARDS));
    await until(
      () => desk.pendingSnapshots + target.streams.counters().waitingReads === heavy.length * BOARDS,
    );
    const honest = await new Client(target, 'honest', 'honest').followMore('board', 1);
    await honest.frame('ack', 2);
    return { target, desk, heavy, honest };
  }

  const snapshotsOf = ({ frames }: RawSocket) => frames.filter(({ type }) => type === 'e2e.task').length;

  it('has a few calls at a time, and delays no other user', async () => {
    const { target, desk, heavy, honest } = await askBeside();

    await honest.until(() => snapshotsOf(honest) === 1);

    expect(desk.pendingSnapshots).toBe(32);
    desk.open();
    await Promise.all(heavy.map((raw) => raw.until(() => snapshotsOf(raw) === BOARDS)));
    expect(target.streams.counters().waitingReads).toBe(0);
  });

  it('would delay others if it had the calls of all', async () => {
    const { target, desk, honest } = await askBeside({
      maxChannelReads: 64,
      maxChannelReadsPerUser: 64,
      maxSnapshotCalls: 64,
    });

    await until(() => target.streams.counters().waitingReads === CONNECTIONS * BOARDS - 64 + 1);

    expect(snapshotsOf(honest)).toBe(0);
    desk.open();
    await honest.until(() => snapshotsOf(honest) === 1);
  });

  it('leaves nothing in the line when it goes', async () => {
    const { target, honest } = await askBeside();

    RawSocket.destroyAllBut(honest);

    await until(() => target.streams.counters().connections === 1);
    await until(() => target.streams.counters().waitingReads === 0);
  });
});
