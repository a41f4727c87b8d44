import * as fc from 'fast-check';
import { SHAPES, type CallClient } from './call-client.js';
import type { CallWorld } from './call-world.js';

/** The facts that a step chooses by. */
interface Choice {
  readonly world: CallWorld;
  readonly node: number;
  readonly client: CallClient;
  /** From 0 to 9. */
  readonly extra: number;
}

const TIMES_MS = [10, 60, 60, 250, 250, 1_100, 1_100, 3_000, 3_000, 10];
const TURNS = [0, 0, 0, 1, 1, 1, 2, 2, 3, 5];

/** The kinds of steps, with their weights. */
const KINDS: Readonly<Record<string, readonly [weight: number, run: (choice: Choice) => unknown]>> = {
  reply: [5, (choice) => call(choice, 0)],
  watch: [8, (choice) => call(choice, 1)],
  upload: [5, (choice) => call(choice, 2)],
  echo: [5, (choice) => call(choice, 3)],
  generate: [6, (choice) => call(choice, 4)],
  slow: [5, ({ client, extra }) => openOf(client, extra, (noted) => (noted.isSlow = true))],
  goOn: [4, ({ client, extra }) => openOf(client, extra, (noted) => noted.goOn())],
  cancel: [3, ({ client, extra }) => openOf(client, extra, (noted) => noted.cancel())],
  leave: [6, ({ client, extra }) => openOf(client, extra, (noted) => (noted.leaves = true))],
  cut: [7, ({ client, extra }) => client.cut(extra % 3 ? 'both' : 'near')],
  move: [2, ({ client, node }) => client.move(node)],
  handOver: [3, ({ client, node }) => client.handOver(node)],
  offline: [2, ({ client }) => ((client.lines.isOnline = false), client.cut('both'))],
  online: [3, ({ client }) => (client.lines.isOnline = true)],
  pause: [3, ({ client }) => client.lines.pause()],
  resume: [4, ({ client }) => client.lines.resume()],
  wait: [8, ({ world, extra }) => world.clock.advance(TIMES_MS[extra]!)],
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
    KINDS[this.kind]![1]({ world, node, client: world.clients[client]!, extra });
    if (this.pace === 'settled') return world.settle();
    for (let turn = 0; turn < this.pace; turn++) await new Promise(setImmediate);
  }

  toString(): string {
    return `${this.kind}(${this.numbers.join()}, ${this.pace})`;
  }
}

/** Steps in any order. */
export function someCallSteps(maxLength: number): fc.Arbitrary<CallStep[]> {
  const kinds = Object.entries(KINDS).flatMap(([kind, [weight]]) => Array<string>(weight).fill(kind));
  const numbers = fc.tuple(fc.nat(1), fc.nat(1), fc.nat(9));
  const pace = fc.constantFrom<Pace>('settled', 'settled', 3, 1, 0, 0);
  const step = fc
    .tuple(fc.constantFrom(...kinds), numbers, pace)
    .map(([kind, chosen, how]) => new CallStep(kind, chosen, how));
  return fc.array(step, { maxLength, size: 'max' });
}

function call({ world, client, node, extra }: Choice, shape: number): void {
  const count = shape === 0 ? 1 : [0, 1, 3, 5, 9][(extra + node) % 5]!;
  client.call(world.nextName(), SHAPES[shape]!, { count, turns: TURNS[extra]! });
}

/** Does something to one of the calls without an end. */
function openOf(client: CallClient, extra: number, act: (call: CallClient['open'][number]) => void): void {
  const { open } = client;
  if (open.length) act(open[extra % open.length]!);
}
