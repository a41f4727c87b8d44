import { Injectable, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import { FakeClock } from '@nestwire/testing';
import {
  defineChannel,
  MessagesModule,
  MessagesService,
  DurableConsumer,
  DurableConsumersService,
  type DurableConsumerOptions,
  type ConsumerDelivery,
  type ConsumerFailure,
} from '../index.js';
import { until } from '../../../../test/rig/until.js';

@StreamMessage('consumers.spec.job')
class Job {
  declare readonly $type: 'consumers.spec.job';
  number = 0;
}

@StreamMessage('consumers.spec.other')
class Other {
  declare readonly $type: 'consumers.spec.other';
}

const jobs = defineChannel('jobs', { messages: [Job], history: { messages: 10, ageMs: 3_600_000 } });
const wider = defineChannel('jobs', {
  messages: [Job, Other],
  history: { messages: 10, ageMs: 3_600_000 },
});
const newest = defineChannel('newest', { messages: [Job], latest: true });
const closers: Array<() => Promise<void>> = [];
const lines: string[] = [];
const note = (line: unknown) => void lines.push(String(line));

/** A handler that a test looks into. */
class Bench {
  readonly begun: Array<number | string> = [];
  readonly deliveries: ConsumerDelivery[] = [];

  constructor(private readonly outcome: (message: Job | StreamGap, delivery: ConsumerDelivery) => unknown) {}

  readonly handle = (message: Job | StreamGap, delivery: ConsumerDelivery): unknown => {
    this.begun.push(message instanceof StreamGap ? message.reason : message.number);
    this.deliveries.push(delivery);
    return this.outcome(message, delivery);
  };
}

const done = () => new Bench(() => undefined);
const failing = () => new Bench(() => Promise.reject(new Error('no paper')));

/** A bench whose messages wait until the test lets them go. */
function waiting() {
  const ends: Array<() => void> = [];
  const bench = new Bench(() => new Promise<void>((resolve) => ends.push(resolve)));
  return { bench, ends };
}

async function open(providers: Array<new (...args: never[]) => object> = []) {
  const clock = new FakeClock();
  const app = await Test.createTestingModule({
    imports: [MessagesModule.forRoot({ clock })],
    providers,
  })
    .setLogger({ log: () => undefined, warn: note, error: note })
    .compile();
  closers.push(async () => {
    const closed = app.close();
    await settled();
    // Handlers that the test left are not waited for.
    clock.advance(10_000);
    await closed;
  });
  await app.init();
  const [messages, consumers] = [app.get(MessagesService), app.get(DurableConsumersService)];
  const read = (bench: Bench, options: Partial<DurableConsumerOptions> = {}) =>
    consumers.addConsumer(jobs, bench.handle, { name: 'billing', ...options });
  const post = async (...numbers: number[]) => {
    for (const number of numbers) await messages.postMessage(jobs, create(Job, { number }));
  };
  /** Moves time on in steps, between which everything settles. */
  const pass = async (ms: number) => {
    for (let step = 0; step < 20; step++) {
      await settled();
      clock.advance(ms / 20);
    }
    await settled();
  };
  return { app, clock, messages, consumers, read, post, pass };
}

/** Lets everything happen that waits for no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  lines.length = 0;
});

describe('A durable consumer', () => {
  it('handles what is posted from then on, one at a time and in order', async () => {
    const { read, post, consumers } = await open();
    const { bench, ends } = waiting();
    await post(0);

    await read(bench);
    await post(1, 2, 3);
    const begun: unknown[] = [];
    for (let index = 0; index < 3; index++) {
      await until(() => ends.length === index + 1);
      begun.push([...bench.begun]);
      ends[index]!();
    }
    await until(() => consumers.counters().handled === 3);

    expect(begun).toEqual([[1], [1, 2], [1, 2, 3]]);
    expect(bench.deliveries[0]).toMatchObject({
      channel: 'jobs',
      consumer: 'billing',
      attempt: 1,
      position: { offset: 2 },
    });
    expect(consumers.counters()).toEqual({ handled: 3, retried: 0, failed: 0, gaps: 0 });
  });

  it('begins with the oldest that is kept where it is told to', async () => {
    const { read, post } = await open();
    const bench = done();
    await post(1, 2);

    await read(bench, { from: 'oldest' });

    await until(() => bench.begun.length === 2);
  });

  it('handles several at a time where it is told to, and no more', async () => {
    const { read, post } = await open();
    const { bench, ends } = waiting();
    await read(bench, { concurrency: 2 });

    await post(1, 2, 3, 4);
    await settled();
    const begun = [...bench.begun];
    ends[1]!();
    await until(() => bench.begun.length === 3);

    expect(begun).toEqual([1, 2]);
    expect(bench.begun).toEqual([1, 2, 3]);
  });

  it('shares its messages with those of the same name, and gives another name all of them', async () => {
    const { read, post } = await open();
    const [one, two, audit] = [waiting(), waiting(), done()];
    await read(one.bench);
    await read(two.bench);
    await read(audit, { name: 'audit' });

    await post(1, 2);
    await until(() => one.bench.begun.length + two.bench.begun.length === 2);
    await until(() => audit.begun.length === 2);

    expect([...one.bench.begun, ...two.bench.begun].sort()).toEqual([1, 2]);
    expect([one.bench.begun.length, two.bench.begun.length]).toEqual([1, 1]);
  });

  it('stops when its subscription is removed, and goes on where it was', async () => {
    const { read, post } = await open();
    const [first, second] = [done(), done()];
    const subscription = await read(first);
    await post(1);
    await until(() => first.begun.length === 1);
    await settled();

    subscription.remove();
    await settled();
    await post(2, 3);
    await read(second);
    await until(() => second.begun.length === 2);

    expect(first.begun).toEqual([1]);
    expect(second.begun).toEqual([2, 3]);
  });
});

describe('A durable consumer whose handler rejects', () => {
  it('tries again with growing pauses, and keeps the order', async () => {
    const { read, post, pass, consumers } = await open();
    const bench = new Bench((message, { attempt }) =>
      (message as Job).number === 1 && attempt < 4 ? Promise.reject(new Error('busy')) : undefined,
    );
    await read(bench);
    await post(1, 2);

    const begun: number[] = [];
    for (const ms of [0, 1_000, 2_000, 4_000]) {
      await pass(ms);
      begun.push(bench.begun.length);
    }

    expect(begun).toEqual([1, 2, 3, 5]);
    expect(bench.begun).toEqual([1, 1, 1, 1, 2]);
    expect(bench.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 1]);
    expect(consumers.counters()).toMatchObject({ handled: 2, retried: 3 });
  });

  it('counts and logs a message that it leaves out, and goes on', async () => {
    const { read, post, pass, consumers } = await open();
    const bench = failing();
    await read(bench, { maxAttempts: 3, retryMs: 10 });

    await post(1, 2);
    await pass(1_000);

    expect(bench.begun).toEqual([1, 1, 1, 2, 2, 2]);
    expect(consumers.counters()).toEqual({ handled: 0, retried: 4, failed: 2, gaps: 0 });
    expect(lines.filter((line) => line.includes('is skipped'))).toHaveLength(2);
    expect(lines.join('\n')).toMatch(
      /The message at 1 of channel 'jobs' for the consumer 'billing'.*no paper/,
    );
  });

  it('gives what failed for the last time to onFailed, once that resolves', async () => {
    const { read, post, pass, consumers } = await open();
    const failures: ConsumerFailure[] = [];
    const onFailed = (failure: ConsumerFailure) => {
      failures.push(failure);
      return failures.length < 3 ? Promise.reject(new Error('full')) : undefined;
    };
    await read(failing(), { maxAttempts: 1, retryMs: 10, onFailed });

    await post(1);
    await pass(1_000);

    expect(failures).toHaveLength(3);
    expect(failures[2]).toMatchObject({ type: 'consumers.spec.job', data: '{"number":1}', attempt: 1 });
    expect(failures[2]!.error).toEqual(new Error('no paper'));
    expect(consumers.counters()).toMatchObject({ failed: 1 });
  });

  it('treats what cannot be read here as what its handler rejects', async () => {
    const { read, messages, post, consumers } = await open();
    const failures: ConsumerFailure[] = [];
    const bench = done();
    await read(bench, { maxAttempts: 1, onFailed: (failure) => failures.push(failure) });

    await messages.postMessage(wider, create(Other, {}));
    await post(1);
    await until(() => consumers.counters().handled === 1);

    expect(bench.begun).toEqual([1]);
    expect(failures).toMatchObject([{ type: 'consumers.spec.other', error: { code: 'WRONG_MESSAGE' } }]);
  });
});

describe('A durable consumer that falls behind', () => {
  it('is told once of what the history no longer has, and goes on behind it', async () => {
    const { read, post, consumers } = await open();
    const { bench, ends } = waiting();
    await read(bench);
    await post(1);
    await until(() => ends.length === 1);

    await post(...Array.from({ length: 15 }, (_, index) => index + 2));
    for (let index = 0; index < 12; index++) {
      await until(() => ends.length === index + 1);
      ends[index]!();
    }
    await until(() => consumers.counters().handled === 12);

    expect(bench.begun).toEqual([1, 'trimmed', 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(consumers.counters()).toMatchObject({ gaps: 1 });
  });

  it('is told again where the handler of the gap rejected', async () => {
    const { read, post, pass } = await open();
    const bench = new Bench((message, { attempt }) =>
      message instanceof StreamGap && attempt === 1 ? Promise.reject(new Error('busy')) : undefined,
    );
    (await read(bench)).remove();
    await settled();
    await post(...Array.from({ length: 11 }, (_, index) => index + 1));

    await read(bench);
    await pass(1_000);

    expect(bench.begun.slice(0, 3)).toEqual(['trimmed', 'trimmed', 2]);
  });
});

describe('A durable consumer that takes its time', () => {
  it('keeps a message for as long as it needs', async () => {
    const { read, post, pass } = await open();
    const [one, two] = [waiting(), done()];
    await read(one.bench, { claimAfterMs: 1_000 });
    await post(1);
    await until(() => one.ends.length === 1);
    await read(two, { claimAfterMs: 1_000 });

    await pass(5_000);

    expect(two.begun).toEqual([]);
    expect(one.bench.deliveries[0]!.signal.aborted).toBe(false);
  });

  it('is waited for at the end, and leaves to others what is not done in time', async () => {
    const { read, post, pass, consumers } = await open();
    const [one, two] = [waiting(), waiting()];
    const first = await read(one.bench, { concurrency: 2, finishMs: 1_000 });
    await post(1, 2);
    await until(() => one.ends.length === 2);
    first.remove();
    await read(two.bench, { concurrency: 2 });

    one.ends[0]!();
    await pass(900);
    const begun = [...two.bench.begun];
    await pass(200);
    await pass(6_000);

    expect(begun).toEqual([]);
    expect(one.bench.deliveries.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    expect(two.bench.begun).toEqual([2]);
    expect(two.bench.deliveries[0]).toMatchObject({ attempt: 2 });
    expect(consumers.counters().handled).toBe(1);
  });

  it('leaves to others at once what waits between two attempts', async () => {
    const { read, post, pass } = await open();
    const [one, two] = [failing(), done()];
    const first = await read(one, { retryMs: 60_000 });
    await post(1);
    await settled();

    first.remove();
    await settled();
    await read(two);
    await pass(1);

    expect(one.begun).toEqual([1]);
    expect(two.deliveries).toMatchObject([{ attempt: 2 }]);
  });
});

describe('DurableConsumersService', () => {
  it('refuses what a consumer cannot be', async () => {
    const { consumers } = await open();
    const refused = (options: Partial<DurableConsumerOptions>, why: string) =>
      expect(consumers.addConsumer(jobs, () => undefined, { name: 'x', ...options })).rejects.toMatchObject({
        code: 'MESSAGES_CONFIGURATION',
        message: expect.stringContaining(why) as string,
      });

    await refused({ name: 'a b' }, 'name must have 1 to 64 characters');
    await refused({ concurrency: 0 }, 'concurrency must be a whole number from 1 to 100');
    await refused({ claimAfterMs: 99 }, 'claimAfterMs');
    await refused({ maxAttempts: 0.5 }, 'maxAttempts');
    await refused({ from: 'now' as never }, "from must be 'head' or 'oldest'");
    await expect(
      consumers.addConsumer(newest as never, () => undefined, { name: 'x' }),
    ).rejects.toMatchObject({
      code: 'MESSAGES_CONFIGURATION',
    });
  });

  it('adds no consumer once the shutdown has begun', async () => {
    const { app, consumers, read } = await open();
    await app.close();

    await expect(read(done())).rejects.toMatchObject({ code: 'MESSAGES_CLOSED' });
    expect(consumers.counters().handled).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const { app, read, post, pass, clock } = await open();
    await read(failing());
    await read(done(), { signal: AbortSignal.abort() });
    await post(1, 2);
    await pass(10_000);

    await app.close();

    expect(clock.pending).toBe(0);
  });
});

describe('@DurableConsumer', () => {
  it('reads from bootstrap to shutdown', async () => {
    @Injectable()
    class Billing {
      readonly numbers: number[] = [];

      @DurableConsumer(jobs, { name: 'billing' })
      async bill(job: Job | StreamGap, { attempt }: ConsumerDelivery): Promise<void> {
        if (job instanceof Job) this.numbers.push(job.number * attempt);
      }
    }
    const { app, post } = await open([Billing]);

    await post(1, 2);

    await until(() => app.get(Billing).numbers.length === 2);
  });

  it('fails the bootstrap with all mistakes at once', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Wrong {
      @DurableConsumer(jobs, { name: '', maxAttempts: 0 })
      bill(_job: Job | StreamGap): void {}

      @DurableConsumer(newest as never, { name: 'x' })
      newest(_job: unknown): void {}
    }

    const failure = await open([Wrong]).then(undefined, (error: { problems: string[] }) => error.problems);

    for (const why of ['request-scoped', 'maxAttempts', 'name must have', 'no history'])
      expect(failure).toContainEqual(expect.stringContaining(why));
  });
});
