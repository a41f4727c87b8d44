import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

/** `--quick` takes shorter times than the issue names. */
const FULL = process.env.QUICK !== '1';
const KILLS = FULL ? 30 : 3;
const STOP_MS = FULL ? 5_000 : 2_000;
const PROGRAM = 'test/faults/messages-node.mjs';
const BUILT = existsSync(join(process.cwd(), 'libs/messages/dist/index.js'));

interface Report {
  readonly status: string;
  readonly counters: { readonly reconnects: number; readonly undecodable: number };
  readonly heard: ReadonlyArray<readonly [from: string, number: number]>;
  readonly reached: { readonly global: number; readonly degraded: number };
  readonly number: number;
  readonly unhandled: number;
}

/** A process of the cluster. */
class Node {
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  readonly #ready: Promise<unknown>;
  #lastId = 0;

  constructor(
    readonly name: string,
    url: string,
  ) {
    this.#ready = new Promise((resolve) => this.#answers.set(0, resolve));
    this.#child = fork(PROGRAM, [name, url], { execArgv: [] });
    this.#child.on('message', ({ id, answer }: { id: number; answer: unknown }) =>
      this.#answers.get(id)?.(answer),
    );
  }

  async tell(order: 'start' | 'stop' | 'post' | 'close', argument?: number): Promise<void> {
    await this.#ask(order, argument);
  }

  report(): Promise<Report> {
    return this.#ask('report') as Promise<Report>;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.#ready;
    this.#child.send({ id: -1, order: 'close' });
    await ended;
  }

  async #ask(order: string, argument?: number): Promise<unknown> {
    await this.#ready;
    const id = ++this.#lastId;
    const answer = new Promise((resolve) => this.#answers.set(id, resolve));
    this.#child.send({ id, order, argument });
    return answer;
  }
}

function numbersFrom({ heard }: Report, name: string): number[] {
  return heard.filter(([from]) => from === name).map(([, number]) => number);
}

if (!BUILT) console.warn('Two processes need the built packages: npm run build.');
(BUILT ? describeWithRedis : describeWithoutBuild)('Two processes of a cluster', (redis) => {
  const nodes: Node[] = [];

  beforeEach(() => nodes.push(new Node('one', redis().url), new Node('two', redis().url)));
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  const statuses = async () =>
    (await Promise.all(nodes.map((node) => node.report()))).map(({ status }) => status);
  const all = (status: string) =>
    until(async () => (await statuses()).every((now) => now === status), 10_000);
  const tellAll = (order: 'start' | 'stop') => Promise.all(nodes.map((node) => node.tell(order)));

  /** Lets a node post until another hears it: on a busy machine they may degrade once more, for a moment. */
  const postHeardBy = async (hearing: Node, posting: Node, count: number): Promise<number> => {
    let head = 0;
    const hears = async () => numbersFrom(await hearing.report(), posting.name).at(-1) === head;
    await until(async () => {
      await all('connected');
      await posting.tell('post', count);
      ({ number: head } = await posting.report());
      return until(hears, 4_000).then(
        () => true,
        () => false,
      );
    }, 25_000);
    return head;
  };

  const expectRecovered = async () => {
    await all('connected');
    await tellAll('stop');
    const last = 50;
    for (const [index, node] of nodes.entries()) {
      const other = nodes[1 - index]!;
      const head = await postHeardBy(node, other, last);
      const foreign = numbersFrom(await node.report(), other.name);
      expect(foreign.slice(-last)).toEqual(Array.from({ length: last }, (_, at) => head - last + at + 1));
      expect(foreign.every((number, at) => at === 0 || number > foreign[at - 1]!)).toBe(true);
    }
    for (const node of nodes) {
      const report = await node.report();
      const own = numbersFrom(report, node.name);
      expect(own).toEqual(own.map((_, at) => at + 1));
      expect(own).toHaveLength(report.number);
      expect(report).toMatchObject({ unhandled: 0, counters: { undecodable: 0 } });
    }
  };

  it('survive that Redis is killed and started again', async () => {
    await all('connected');
    await tellAll('start');
    await redis().kill();
    await all('degraded');
    await redis().restart();

    await expectRecovered();
    expect((await nodes[0]!.report()).reached).toMatchObject({ degraded: expect.any(Number) });
  }, 60_000);

  it('survive that Redis is stopped for a while', async () => {
    await all('connected');
    await tellAll('start');
    redis().pause();
    const atMs = performance.now();
    await all('degraded');
    await until(() => performance.now() - atMs > STOP_MS, STOP_MS + 1_000);
    redis().resume();

    await expectRecovered();
  }, 60_000);

  it('survive that their subscribers are killed each second', async () => {
    await all('connected');
    await tellAll('start');
    for (let kill = 0; kill < KILLS; kill++) {
      const atMs = performance.now();
      await redis().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => performance.now() - atMs > 1_000, 2_000);
    }

    await expectRecovered();
    expect((await nodes[0]!.report()).counters.reconnects).toBeGreaterThanOrEqual(KILLS - 1);
  }, 90_000);
});

function describeWithoutBuild(name: string, define: (redis: () => never) => void): void {
  describe.skip(name, () => define(() => undefined as never));
}
