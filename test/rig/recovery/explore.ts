import * as fc from 'fast-check';
import { shrink } from './shrink.js';
import { someSteps } from './steps.js';
import { World, type WorldOptions } from './world.js';

/** The default of `shrinkMs`. */
const SHRINK_MS = 30_000;

/** How long to explore, and from which seed. */
export interface ExplorationOptions {
  readonly runs: number;
  readonly steps: number;
  readonly seed?: number;
  /**
   * How long to shorten a bad run, in milliseconds; 0 reports it as it is.
   *
   * @default 30_000
   */
  readonly shrinkMs?: number;
}

/** The result of the exploration. */
export interface Exploration {
  readonly runs: number;
  readonly isGood: boolean;
  /** The first bad run, made short, what is wrong with it, and how to find it again. */
  readonly report: string;
  /** How often what happened to clients. */
  readonly seen: Readonly<Record<string, number>>;
}

/** A world that runs are played in. */
export interface PlayedWorld {
  readonly seen: Readonly<Record<string, number>>;
  begin(): Promise<void>;
  /** Ends a run; returns what is wrong with it. */
  finish(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** One event of a run. */
export interface PlayedStep<W> {
  run(world: W): Promise<void>;
  toString(): string;
}

/** Plays runs in a world until one is bad; another world takes its place then. */
class Player<W extends PlayedWorld> {
  readonly seen: Record<string, number> = {};
  private world: W | undefined;

  constructor(private readonly start: () => Promise<W>) {}

  /** Plays a run, and returns what is wrong with it. */
  async play(steps: ReadonlyArray<PlayedStep<W>>): Promise<readonly string[]> {
    const world = (this.world ??= await this.start());
    await world.begin();
    for (const step of steps) await step.run(world);
    const broken = await world.finish();
    // The rest of a bad run must not affect the next one.
    if (broken.length > 0) await this.stop();
    return broken;
  }

  async stop(): Promise<void> {
    for (const [what, count] of Object.entries(this.world?.seen ?? {}))
      this.seen[what] = (this.seen[what] ?? 0) + count;
    await this.world?.stop();
    this.world = undefined;
  }
}

/** Lets things happen to real clients and servers until one run breaks a promise. */
export function explore(start: () => WorldOptions, options: ExplorationOptions): Promise<Exploration> {
  return exploreWorld(() => World.start(start()), someSteps(options.steps), options);
}

/** Plays runs of steps in worlds of a kind until one run breaks a promise. */
export async function exploreWorld<W extends PlayedWorld, S extends PlayedStep<W>>(
  start: () => Promise<W>,
  steps: fc.Arbitrary<S[]>,
  { runs, seed, shrinkMs = SHRINK_MS }: Omit<ExplorationOptions, 'steps'>,
): Promise<Exploration> {
  const player = new Player(start);
  const property = fc.asyncProperty(steps, async (run) => {
    const broken = await player.play(run);
    if (broken.length > 0) throw new Error(broken.join('; '));
  });
  const details = await fc.check(property, {
    numRuns: runs,
    // Shrinking by fast-check would draw the steps again, hundreds of times.
    endOnFailure: true,
    ...(seed !== undefined && { seed }),
  });
  const report = details.failed ? await reportOf(player, details, shrinkMs) : '';
  await player.stop();
  return { runs: details.numRuns, isGood: !details.failed, report, seen: player.seen };
}

/** Says what is wrong with a bad run, made as short as the time allows. */
async function reportOf<W extends PlayedWorld, S extends PlayedStep<W>>(
  player: Player<W>,
  { seed, counterexample, errorInstance }: fc.RunDetails<[S[]]>,
  shrinkMs: number,
): Promise<string> {
  const [bad = []] = counterexample ?? [];
  let text = String((errorInstance as Error | undefined)?.message);
  const fails = async (run: readonly S[]): Promise<boolean> => {
    const broken = await player.play(run);
    if (broken.length > 0) text = broken.join('; ');
    return broken.length > 0;
  };
  const short = await shrink(bad, fails, shrinkMs);
  return `FUZZ_SEED=${seed}: ${short.join()}\n${text}`;
}
