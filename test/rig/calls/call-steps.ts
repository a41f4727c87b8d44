import * as fc from 'fast-check';
import type { CallClient } from './call-client.js';
import type { CallWorld } from './call-world.js';
import type { Shape } from './noted-call.js';
import { RESUMABLE } from './work.app.js';

/** The facts that a step chooses by. */
interface Choice {
  readonly world: CallWorld;
  readonly node: number;
  readonly client: CallClient;
  /** From 0 to 9. */
  readonly extra: number;
}

const TIMES_MS = [10, 60, 60, 250, 250, 1_100, 1_100, 3_000, 3_000, 10];
/** Longer than the time for which a resumable call continues without a reader. */
const LONG_MS = RESUMABLE.forMs + 10_000;
const TURNS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 5];
const RESTS_MS = [0, 0, 0, 0, 0, 0, 50, 250, 250, 1_000];
const COUNTS = [0, 1, 3, 5, 9];
const TIMEOUTS_MS = [undefined, undefined, undefined, 500, 2_500];

/** The kinds of steps, with their weights. */
const KINDS: Readonly<Record<string, readonly [weight: number, run: (choice: Choice) => unknown]>> = {
  reply: [4, (choice) => call(choice, 'reply')],
  once: [3, (choice) => call(choice, 'once')],
  watch: [7, (choice) => call(choice, 'watch')],
  upload: [5, (choice) => call(choice, 'upload')],
  echo: [5, (choice) => call(choice, 'echo')],
  generate: [12, (choice) => call(choice, 'generate')],
  slow: [5, ({ client, extra }) => openOf(client, extra, (noted) => (noted.isSlow = true))],
  goOn: [4, ({ client, extra }) => openOf(client, extra, (noted) => noted.goOn())],
  cancel: [3, ({ client, extra }) => openOf(client, extra, (noted) => noted.cancel())],
  leave: [6, ({ client, extra }) => openOf(client, extra, (noted) => (noted.leaves = true))],
  resumeIt: [7, ({ world, client, extra }) => world.resume(client, extra)],
  cancelIt: [3, ({ world, client, extra }) => world.cancelById(client, extra)],
  steal: [1, ({ world, client, extra }) => world.steal(client, extra)],
  cut: [7, ({ client, extra }) => client.cut(extra % 3 ? 'both' : 'near')],
  move: [3, ({ world, client, node }) => client.move(world.alive(node))],
  handOver: [3, ({ world, client, node }) => client.handOver(world.alive(node))],
  offline: [2, ({ client }) => ((client.lines.isOnline = false), client.cut('both'))],
  online: [3, ({ client }) => (client.lines.isOnline = true)],
  pause: [3, ({ client }) => client.read('pause')],
  resume: [4, ({ client }) => client.read('resume')],
  wait: [9, ({ world, extra }) => world.advance(TIMES_MS[extra]!)],
  waitLong: [1, ({ world }) => world.waitLong(LONG_MS)],
  kill: [2, ({ world, node }) => world.kill(node)],
  deafen: [2, ({ world, node }) => (world.brokers[node]!.isDeaf = true)],
  slowStore: [2, ({ world, node, extra }) => (world.brokers[node]!.slowTurns = extra % 3)],
  failStore: [
    1,
    ({ world, node, extra }) => world.brokers[node]!.faults.push(extra % 2 ? 'before' : 'after'),
  ],
};

type Pace = 0 | 1 | 3 | 'settled';

/** One event of a run. */
export class CallStep {
  constructor(
    readonly kind: string,
    readonly numbers: readonly [node: number, client: number, extra: number],
    readonly pace: Pace,
  ) {}

  async run(world: CallWorld): Promise<void> {
    const [node, client, extra] = this.numbers;
    await KINDS[this.kind]![1]({ world, node, client: world.clients[client]!, extra });
    if (this.pace === 'settled') return world.settle();
    for (let turn = 0; turn < this.pace; turn++) await new Promise(setImmediate);
  }

  toString(): string {
    return `${this.kind}(${this.numbers.join()}, ${this.pace})`;
  }
}

/** Steps in any order, of all kinds or of some. */
export function someCallSteps(
  maxLength: number,
  some: readonly string[] = Object.keys(KINDS),
): fc.Arbitrary<CallStep[]> {
  const chosenKinds = Object.entries(KINDS).filter(([kind]) => some.includes(kind));
  const kinds = chosenKinds.flatMap(([kind, [weight]]) => Array<string>(weight).fill(kind));
  const numbers = fc.tuple(fc.nat(2), fc.nat(2), fc.nat(9));
  const pace = fc.constantFrom<Pace>('settled', 'settled', 3, 1, 0, 0);
  const step = fc
    .tuple(fc.constantFrom(...kinds), numbers, pace)
    .map(([kind, chosen, how]) => new CallStep(kind, chosen, how));
  return fc.array(step, { maxLength, size: 'max' });
}

function call({ world, client, node, extra }: Choice, shape: Shape): void {
  const hasItems = shape !== 'reply' && shape !== 'once';
  client.call(world.nextName(), shape, {
    count: hasItems ? COUNTS[(extra + node) % COUNTS.length]! : 1,
    turns: TURNS[extra]!,
    restMs: RESTS_MS[(extra + 3 * node) % RESTS_MS.length]!,
    timeoutMs: TIMEOUTS_MS[(extra + 2 * node) % TIMEOUTS_MS.length],
  });
}

/** Does something to one of the calls without an end. */
function openOf(client: CallClient, extra: number, act: (call: CallClient['open'][number]) => void): void {
  const { open } = client;
  if (open.length) act(open[extra % open.length]!);
}

/** Returns the steps of a run as a report tells it. */
export function callStepsOf(report: string): CallStep[] {
  return [...report.matchAll(/(\w+)\((\d),(\d),(\d), (\w+)\)/g)].map(([, kind, ...rest]) => {
    const [node, client, extra] = rest.slice(0, 3).map(Number) as [number, number, number];
    return new CallStep(
      kind!,
      [node, client, extra],
      rest[3] === 'settled' ? 'settled' : (Number(rest[3]) as Pace),
    );
  });
}
