import type { ReadCall } from './call-device.js';

/** One execution of a method on a server that lives. */
export interface CallRun {
  readonly name: string;
  readonly taken: readonly number[];
  readonly finals: number;
}

/** The ends that a fault explains. */
export type ExcusedEnds = readonly string[];

/** Returns what is wrong with the calls of a run. */
export function judgeCalls(
  calls: readonly ReadCall[],
  runs: readonly CallRun[],
  excused: ExcusedEnds,
): string[] {
  const problems = calls.flatMap((call) => wrongIn(call, excused).map((what) => `${call.name} ${what}`));
  const resumed = new Set(calls.map(({ name }) => name));
  const counts = new Map<string, number>();
  for (const { name, finals, taken } of runs) {
    if (resumed.has(name) && finals !== 1) problems.push(`${name} ran finally ${finals} times`);
    if (!isInOrder(taken)) problems.push(`${name} took items out of order`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) if (count > 1) problems.push(`${name} ran ${count} times`);
  return problems;
}

function wrongIn(call: ReadCall, excused: ExcusedEnds): string[] {
  const { ends, got, count, reply, shape, name } = call;
  const [end = ''] = ends;
  const problems: string[] = [];
  if (ends.length !== 1) problems.push(`has ${ends.length} ends`);
  if (!isInOrder(got)) problems.push(`got ${got.join()}`);
  const isWhole = shape === 'once' || shape === 'upload' ? reply?.count === count : got.length === count;
  if (end === 'end' && !isWhole) problems.push('is not whole');
  if (reply && reply.name !== name) problems.push(`got the reply of ${reply.name}`);
  if (end && end !== 'end' && !excused.includes(end)) problems.push(`ended with ${end}`);
  return problems;
}

function isInOrder(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => number === at + 1);
}
