import * as fc from 'fast-check';
import { Comparison, type Subject, type Verdict } from './differences.js';
import { anInstance } from './instances.js';
import { aMessage } from './messages.js';
import type { Shape } from './shape.js';

/** How often the libraries came to which verdict, by the name of the class. */
export type Tally = Map<string, Record<Verdict, number>>;

/** The result of a fuzz. */
export interface Findings {
  /** Text that tells the first difference, with the seed that finds it again. */
  readonly difference?: string;
  readonly seed: number;
  readonly runs: number;
  readonly tally: Tally;
}

interface FuzzOptions {
  readonly runs: number;
  readonly seed?: number;
}

/** Looks for messages that a subject and the libraries treat otherwise. */
export async function fuzzMessages(subject: Subject, options: FuzzOptions): Promise<Findings> {
  const comparison = new Comparison(subject);
  const tally: Tally = new Map();
  const message = fc.property(aMessage(), (given) => {
    count(tally, given.shape.cls.name, comparison.message(given));
  });
  const findings = findingsOf(fc.check(message, parameters(options)), tally);
  return comparison.settled().then(
    () => findings,
    (difference: unknown) => ({ difference: String(difference), ...findings }),
  );
}

/** Returns the shapes of whose messages a subject and the libraries make something else. */
export async function shapesThatDiffer(
  subject: Subject,
  among: readonly Shape[],
  options: FuzzOptions,
): Promise<ReadonlySet<Shape>> {
  const comparison = new Comparison(subject);
  const differing = new Set<Shape>();
  const message = fc.property(aMessage(among), (given) => {
    try {
      comparison.message(given);
    } catch {
      differing.add(given.shape);
    }
  });
  fc.assert(message, parameters(options));
  await comparison.settled();
  return differing;
}

/** Looks for instances that a subject and the libraries write otherwise. */
export function fuzzInstances(subject: Subject, options: FuzzOptions): Findings {
  const comparison = new Comparison(subject);
  const tally: Tally = new Map();
  const instance = fc.property(anInstance, (given) => {
    count(tally, given.shape.cls.name, comparison.instance(given));
  });
  return findingsOf(fc.check(instance, parameters(options)), tally);
}

function parameters({ runs, seed }: FuzzOptions): fc.Parameters<unknown> {
  return { numRuns: runs, ...(seed !== undefined && { seed }), endOnFailure: true };
}

function findingsOf(details: fc.RunDetails<unknown>, tally: Tally): Findings {
  const { failed, seed, numRuns: runs, errorInstance } = details;
  return {
    ...(failed && { difference: `${String((errorInstance as Error | null)?.stack)}\n  seed ${seed}` }),
    seed,
    runs,
    tally,
  };
}

function count(tally: Tally, name: string, verdict: Verdict): void {
  const counts = tally.get(name) ?? { accepted: 0, refused: 0, later: 0 };
  counts[verdict] += 1;
  tally.set(name, counts);
}

/** Adds up the verdicts. */
export function totals(tally: Tally): Record<Verdict, number> {
  const sums = { accepted: 0, refused: 0, later: 0 };
  for (const counts of tally.values()) {
    for (const verdict of Object.keys(sums) as Verdict[]) sums[verdict] += counts[verdict];
  }
  return sums;
}
