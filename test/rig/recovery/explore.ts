import * as fc from 'fast-check';
import { someSteps } from './steps.js';
import { World, type WorldOptions } from './world.js';

/** How long to explore, and from which seed. */
export interface ExplorationOptions {
  readonly runs: number;
  readonly steps: number;
  readonly seed?: number;
  /** Whether the first bad run is told as it is, which is quicker. */
  readonly endOnFailure?: boolean;
}

/** What the exploration came to. */
export interface Exploration {
  readonly runs: number;
  readonly isGood: boolean;
  /** The first bad run, made short, what is wrong with it, and how to find it again. */
  readonly report: string;
  /** How often what happened to clients. */
  readonly seen: Readonly<Record<string, number>>;
}

/** Lets things happen to real clients and servers until one run breaks a promise. */
export async function explore(
  start: () => WorldOptions,
  { runs, steps, seed, endOnFailure = false }: ExplorationOptions,
): Promise<Exploration> {
  let world = await World.start(start());
  const property = fc.asyncProperty(someSteps(steps), async (commands) => {
    const broken: string[] = [];
    await fc.asyncModelRun(async () => {
      await world.begin();
      return { model: {}, real: world };
    }, commands);
    broken.push(...(await world.finish()));
    if (broken.length === 0) return;
    // What is left of a bad run must not make the next one bad.
    await world.stop();
    const { seen } = world;
    world = await World.start(start());
    Object.assign(world.seen, seen);
    throw new Error(broken.join('; '));
  });
  const details = await fc.check(property, {
    numRuns: runs,
    endOnFailure,
    ...(seed !== undefined && { seed }),
  });
  await world.stop();
  return {
    runs: details.numRuns,
    isGood: !details.failed,
    report: details.failed
      ? `FUZZ_SEED=${details.seed}: ${String(details.counterexample?.[0])}\n${String((details.errorInstance as Error | undefined)?.message)}`
      : '',
    seen: world.seen,
  };
}
