import * as fc from 'fast-check';
import type { AppendFault, Hearing } from './faulty.history.js';
import { ENDPOINTS, type RigClient } from './rig-client.js';
import type { World } from './world.js';

/** The arguments of a step. */
interface Choice {
  readonly world: World;
  readonly node: number;
  readonly client: RigClient;
  readonly channel: string;
  /** From 0 to 9. */
  readonly extra: number;
}

const HEARINGS: readonly Hearing[] = ['now', 'held', 'lost', 'twice'];
const APPEND_FAULTS: readonly AppendFault[] = ['refuse', 'lose-before', 'lose-after'];
const TIMES_MS = [10, 60, 60, 250, 1_100, 1_100, 3_000, 5_500, 13_000, 13_000];
/** The fewest kinds of steps that a run is made of, beside posts. */
const MIN_KINDS = 4;
/** How long a step waits until a client has opened a stream, in turns of the event loop. */
const MAX_OPEN_TURNS = 100;
/** Posts are repeated within the time for which a history remembers them. */
const REPEATABLE_MS = 60_000;

/** The steps with their weights. */
const KINDS: Readonly<Record<string, readonly [weight: number, run: (choice: Choice) => unknown]>> = {
  post: [14, ({ world, node, channel }) => world.post(node, channel)],
  postSome: [5, ({ world, node, channel, extra }) => burst(world, node, { channel, count: 2 + extra })],
  postMuch: [3, ({ world, node, channel }) => burst(world, node, { channel, count: 14, bytes: 400 })],
  repost: [4, repost],
  subscribe: [9, ({ client, extra, channel }) => client.wish(endpointOf(extra), 'subscribe', channel)],
  unsubscribe: [2, ({ client, extra, channel }) => client.wish(endpointOf(extra), 'unsubscribe', channel)],
  listen: [3, ({ world, node, channel }) => world.listen(node, channel)],
  unlisten: [1, ({ world, extra }) => world.listeners[extra % world.listeners.length]?.remove()],
  cut: [9, ({ client, extra }) => client.cut(extra % 3 ? 'both' : 'near')],
  move: [5, ({ client, node }) => ((client.target = node), client.cut('both'))],
  handOver: [6, ({ client, node }) => client.handOver(node)],
  handOverSlowly: [4, handOverSlowly],
  leave: [3, ({ client }) => ((client.isOnline = false), client.cut('both'))],
  comeBack: [4, ({ client }) => (client.isOnline = true)],
  release: [
    2,
    ({ world, client, channel }) => (
      world.plan.released.add(`${client.user} ${channel}`),
      client.cut('both')
    ),
  ],
  beEager: [2, ({ world, client }) => world.plan.eager.add(client.user)],
  pause: [4, ({ client }) => client.pause()],
  resume: [4, ({ client }) => client.resume()],
  renew: [2, ({ client }) => client.renew()],
  changeUser: [1, ({ client, extra }) => ((client.user = `other${extra}`), client.cut('both'))],
  expire: [1, ({ world, client }) => (world.expireTickets(), client.cut('both'))],
  wait: [14, ({ world, extra }) => world.clock.advance(TIMES_MS[extra]!)],
  save: [4, save],
  restore: [4, restore],
  lose: [1, lose],
  hear: [6, ({ world, node, extra }) => (world.histories[node]!.hearing = HEARINGS[extra % 4]!)],
  failReads: [3, ({ world, node, extra }) => (world.histories[node]!.failingReads += 1 + (extra % 4))],
  slowReads: [3, ({ world, node, extra }) => (world.histories[node]!.slowTurns = extra % 5)],
  failAppend: [
    4,
    ({ world, node, extra }) => world.histories[node]!.appendFaults.push(APPEND_FAULTS[extra % 3]!),
  ],
  doubt: [3, ({ world, node, channel }) => world.histories[node]!.doubt([channel])],
  heal: [3, ({ world, node }) => world.histories[node]!.heal()],
};

/** How long a step is waited for: some turns of the event loop, or until nothing moves. */
type Pace = 0 | 1 | 3 | 'settled';

/** One event of a run. */
export class Step {
  constructor(
    readonly kind: string,
    readonly numbers: readonly [node: number, client: number, channel: number, extra: number],
    readonly pace: Pace,
  ) {}

  async run(world: World): Promise<void> {
    const [node, client, channel, extra] = this.numbers;
    await KINDS[this.kind]![1]({
      world,
      node,
      client: world.clients[client]!,
      channel: world.channels[channel]!,
      extra,
    });
    if (this.pace === 'settled') return world.settle();
    for (let turn = 0; turn < this.pace; turn++) await new Promise(setImmediate);
  }

  toString(): string {
    return `${this.kind}(${this.numbers.join()}, ${this.pace})`;
  }
}

/**
 * Draws steps in any order, of some kinds, and on some channels.
 *
 * With few kinds and few channels, rare combinations of events become frequent.
 */
export function someSteps(maxLength: number): fc.Arbitrary<Step[]> {
  const channels = fc.oneof(
    fc.constant([0, 0, 0, 1, 2, 2, 3, 3, 4]),
    fc.constantFrom(0, 0, 2, 3, 4).map((channel) => [channel]),
  );
  return fc
    .tuple(fc.subarray(Object.keys(KINDS), { minLength: MIN_KINDS }), channels)
    .chain(([kinds, some]) => fc.array(stepOf(['post', ...kinds], some), { maxLength, size: 'max' }));
}

/** Returns the steps of a run as a report tells it. */
export function stepsOf(report: string): Step[] {
  return [...report.matchAll(/(\w+)\((\d),(\d),(\d),(\d), (\w+)\)/g)].map(([, kind, ...rest]) => {
    const [node, client, channel, extra] = rest.slice(0, 4).map(Number) as [number, number, number, number];
    const pace = (rest[4] === 'settled' ? 'settled' : Number(rest[4])) as Pace;
    return new Step(kind!, [node, client, channel, extra], pace);
  });
}

/** One step; most of them are waited for. */
function stepOf(kinds: readonly string[], channels: readonly number[]): fc.Arbitrary<Step> {
  const numbers = fc.tuple(fc.nat(1), fc.nat(1), fc.constantFrom(...channels), fc.nat(9));
  const pace = fc.constantFrom<Pace>('settled', 'settled', 'settled', 3, 1, 0);
  const weighted = kinds.flatMap((kind) => Array<string>(KINDS[kind]![0]).fill(kind));
  return fc
    .tuple(fc.constantFrom(...weighted), numbers, pace)
    .map(([kind, chosen, how]) => new Step(kind, chosen, how));
}

function endpointOf(extra: number) {
  return ENDPOINTS[extra % 2]!;
}

/** Delays the frames of the next server after the open until the client resumes. */
async function handOverSlowly({ world, client, node }: Choice): Promise<void> {
  const { opens } = client;
  client.handOver(node);
  world.clock.advance(1);
  for (let turn = 0; turn < MAX_OPEN_TURNS && client.opens === opens; turn++) await new Promise(setImmediate);
  if (client.opens > opens) client.pause();
}

function burst(world: World, node: number, post: { channel: string; count: number; bytes?: number }): void {
  for (let index = 0; index < post.count; index++) world.post(node, post.channel, { bytes: post.bytes });
}

function repost({ world, node, channel, extra }: Choice): void {
  const redelivered = world.ledger.of(channel).repeatable.at(-1 - extra);
  if (redelivered && world.clock.now() - redelivered.atMs < REPEATABLE_MS)
    world.post(node, channel, { redelivered });
}

async function save({ world, channel }: Choice): Promise<void> {
  if (isBusy(world, channel)) return;
  const forLedger = world.ledger.save(channel);
  const forStore = await world.options.store.save(channel);
  world.saved.push({
    channel,
    restore: async () => {
      forLedger();
      await forStore();
    },
  });
}

async function restore({ world, extra }: Choice): Promise<void> {
  const saved = world.saved[extra % world.saved.length];
  // A post that was stored and is repeated on a branch without it is beyond what ids can tell.
  if (saved && !isBusy(world, saved.channel)) await saved.restore();
}

async function lose({ world, channel }: Choice): Promise<void> {
  if (isBusy(world, channel)) return;
  world.ledger.lose(channel);
  await world.options.store.lose(channel);
}

function isBusy(world: World, channel: string): boolean {
  return world.ledger.of(channel).inFlight > 0;
}
