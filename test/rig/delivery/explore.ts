import * as fc from 'fast-check';
import type { Naming } from './branch.js';
import { ModelCluster, weightedKinds, type Step } from './cluster.js';
import type { DeliveryRules } from './rules.js';
import { violationsOf, type Invariant } from './violations.js';

/** The result of an exploration of random histories. */
export interface Exploration {
  readonly runs: number;
  readonly seed: number;
  /** The invariants that the first bad history breaks; undefined when there was none. */
  readonly broken: readonly Invariant[] | undefined;
  /** The first bad history, made short, and how to find it again. */
  readonly report: string;
  /** How often what happened: messages, repeats, and beginnings by their reason. */
  readonly seen: Readonly<Record<string, number>>;
}

/** How long to explore, from which seed, and how often posts are repeated among what happens. */
export interface ExplorationOptions {
  readonly runs: number;
  readonly seed?: number;
  readonly retryWeight?: number;
  readonly naming?: Naming;
  /** True to report the first bad history without shrinking it, which is quicker. */
  readonly endOnFailure?: boolean;
}

/** Lets random things happen to the cluster of the model until one history breaks an invariant. */
export function explore(
  rules: DeliveryRules,
  { runs, seed, retryWeight, naming, endOnFailure = false }: ExplorationOptions,
): Exploration {
  const seen: Record<string, number> = {};
  const property = fc.property(histories(retryWeight), (steps) => {
    const broken = play(new ModelCluster(rules, naming), steps, seen);
    if (broken.length > 0) throw new Error(broken.join(', '));
  });
  const details = fc.check(property, { numRuns: runs, endOnFailure, ...(seed !== undefined && { seed }) });
  const steps = details.counterexample?.[0] ?? [];
  return {
    runs: details.numRuns,
    seed: details.seed,
    broken: details.failed ? play(new ModelCluster(rules, naming), steps) : undefined,
    report: details.failed ? `FUZZ_SEED=${details.seed}: ${JSON.stringify(steps)}` : '',
    seen,
  };
}

/** Plays one history and returns the invariants that it breaks. */
export function play(
  cluster: ModelCluster,
  steps: readonly Step[],
  seen: Record<string, number> = {},
): Invariant[] {
  for (const step of steps) cluster.step(step);
  cluster.heal();
  const { head, all } = cluster.final;
  for (const client of cluster.clients)
    for (const happening of client.log) {
      const what = happening.kind === 'begin' ? happening.why : happening.kind;
      seen[what] = (seen[what] ?? 0) + 1;
    }
  return [
    ...new Set(cluster.clients.flatMap((client) => [...violationsOf(client, { all, head })])),
  ].toSorted();
}

function histories(retryWeight?: number): fc.Arbitrary<Step[]> {
  const kinds = weightedKinds(retryWeight)
    .filter(([, weight]) => weight > 0)
    .map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) }));
  const choice = fc.integer({ min: 0, max: 9 });
  return fc.array(fc.tuple(fc.oneof(...kinds), choice, choice), {
    minLength: 20,
    maxLength: 120,
    size: 'max',
  });
}
