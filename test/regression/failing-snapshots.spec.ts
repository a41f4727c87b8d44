import {
  ForbiddenException,
  Injectable,
  NotFoundException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { createStreamClient } from '@nestwire/client';
import { defineChannel, type Channel } from '@nestwire/messages';
import { CodedError } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { MESSAGES, Note, note, Task, task } from '../e2e/messages.js';
import {
  collect,
  connected,
  failureOf,
  Latch,
  startApp,
  stopAll,
  towards,
  tracked,
} from '../e2e/start-app.js';
import { CapturedLog } from '../rig/captured-log.js';
import { Link } from '../rig/link.js';
import { until } from '../rig/until.js';

const lots = defineChannel('failing-lot', {
  messages: [Note],
  history: { messages: 2, ageMs: 60_000 },
  snapshot: [Task],
});

/** The behaviour of the snapshots of lots. */
@Injectable()
class Plan {
  calls = 0;
  problem: unknown;
  opens: string | undefined;
  /** The latch that the snapshots wait for. */
  held: Latch | undefined;
}

@StreamEndpoint('lots')
class LotsEndpoint {
  constructor(private readonly plan: Plan) {}

  @OnStreamOpened()
  async opened(session: StreamSession<Note | Task>): Promise<void> {
    if (this.plan.opens) await session.subscribe(lots(this.plan.opens));
  }

  @OnStreamMessage(Task)
  async join(session: StreamSession<Note | Task>, { text }: Task): Promise<void> {
    await session.subscribe(lots(text));
  }

  @ChannelSnapshot(lots)
  async snapshot({ name }: Channel): Promise<Task> {
    this.plan.calls++;
    await this.plan.held?.pass();
    if (this.plan.problem) throw this.plan.problem;
    return task(`snapshot of ${name}`);
  }
}

type Streams = StreamsOf<{ lots: LotsEndpoint }>;

async function start(plan: Partial<Plan> = {}) {
  const log = new CapturedLog();
  const app = await startApp({ providers: [Plan, LotsEndpoint], prepare: log.install });
  Object.assign(app.get(Plan), plan);
  return { ...app, log, plan: app.get(Plan) };
}

function clientOf(target: { readonly port: number }, onWarning: (text: string, cause?: unknown) => void) {
  const options = { ...towards(target), messages: MESSAGES, onWarning };
  return tracked(createStreamClient<Streams>()(options));
}

const links: Link[] = [];

afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  await stopAll();
});

describe('A snapshot that throws', () => {
  it.each([
    ['a coded error', new CodedError('SOLD', 'The lot is sold.'), 'SOLD'],
    ['an HttpException', new NotFoundException('No such lot.'), 'NOT_FOUND'],
  ])('%s, rejects the message that asked for the channel with its code', async (_, problem, code) => {
    const target = await start({ problem });
    const client = await connected(clientOf(target, () => undefined));

    expect(await failureOf(client.lots.sendStreamMessage(task('vase')))).toMatchObject({
      code,
      message: problem.message,
    });
    expect(target.plan.calls).toBe(1);
    expect(target.streams.counters().channels).toBe(0);
    expect(target.log.with('snapshot')).toEqual([]);
  });

  it('a coded error, refuses the stream that subscribes as it opens, so that its reader sees the code', async () => {
    const target = await start({ opens: 'vase', problem: new ForbiddenException('Members only.') });
    const client = await connected(clientOf(target, () => undefined));

    const read = client.lots.stream[Symbol.asyncIterator]().next();

    expect(await failureOf(read)).toMatchObject({ code: 'FORBIDDEN', message: 'Members only.' });
  });

  it('a coded error, ends a subscription that stands, and tells the client', async () => {
    const target = await start();
    const link = await Link.to(target.port);
    links.push(link);
    const warnings: unknown[] = [];
    const client = await connected(
      clientOf({ port: link.port }, (_text, cause) => void warnings.push(cause)),
    );
    const read = collect(client.lots.stream);
    await client.lots.sendStreamMessage(task('vase'));
    await until(() => read.length === 1);
    await target.messages.postMessage(lots('vase'), note('before'));
    await until(() => read.length === 2);

    // It is away for longer than the history is, so that it needs the snapshot again.
    link.target = 1;
    link.cut();
    await until(() => client.connectionStatus.kind !== 'connected');
    target.plan.problem = new CodedError('SOLD', 'The lot is sold.');
    for (let posted = 0; posted < 9; posted++)
      await target.messages.postMessage(lots('vase'), note('missed'));
    link.target = target.port;

    await until(() => warnings.some((cause) => (cause as CodedError)?.code === 'SOLD'));
    await until(() => target.streams.counters().channels === 0);
    target.plan.problem = undefined;
    await client.lots.sendStreamMessage(task('vase'));
    await until(() => read.length === 3);
    expect(read.map(({ text }) => text)).toEqual([
      'snapshot of failing-lot:vase',
      'before',
      'snapshot of failing-lot:vase',
    ]);
  });

  it('later than its subscriber waits, ends the subscription and tells the client', async () => {
    const target = await start();
    const warnings: unknown[] = [];
    const client = await connected(clientOf(target, (_text, cause) => void warnings.push(cause)));
    target.plan.held = new Latch();
    target.plan.problem = new CodedError('SOLD', 'The lot is sold.');

    await client.lots.sendStreamMessage(task('vase'));
    expect(warnings).toEqual([]);
    target.plan.held.open();

    await until(() => warnings.some((cause) => (cause as CodedError)?.code === 'SOLD'));
    await until(() => target.streams.counters().channels === 0);
  });

  it.each([
    ['another error', new TypeError('the database is away')],
    ['an HTTP 5xx', new ServiceUnavailableException('later')],
    ['UNAVAILABLE', new CodedError('UNAVAILABLE', 'later')],
    ['an error that says when', new CodedError('BUSY', 'later', { retryAfterMs: 10 })],
  ])('%s, is asked again, with one line in the log', async (_, problem) => {
    const target = await start({ problem });
    const client = await connected(clientOf(target, () => undefined));
    const read = collect(client.lots.stream);

    await client.lots.sendStreamMessage(task('vase'));
    await client.lots.sendStreamMessage(task('lamp'));
    await until(() => target.plan.calls >= 4);
    target.plan.problem = undefined;
    await until(() => read.length === 2);

    const lines = target.log.with('The snapshot of channel');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/"failing-lot:vase" failed\. It is requested again/);
    expect(target.log.stacks.filter(Boolean)).toHaveLength(1);
  });
});
