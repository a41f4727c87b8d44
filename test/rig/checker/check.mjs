import { refusedWork, work } from './named-readers.mjs';
import { ackHonesty, agreement, failHonesty, fifo, idempotence, lostAcks } from './posts.mjs';
import { chain, convergedMs, convergence, duplicates, order, phantoms, silentLoss } from './readings.mjs';
import { Recording } from './recording.mjs';
import { boundedness, gapMinimality, isolation, presence, revocation, upstream } from './surroundings.mjs';

const INVARIANTS = {
  I1: order,
  I2: chain,
  I3: silentLoss,
  I4: phantoms,
  I5: duplicates,
  I6: idempotence,
  I7: ackHonesty,
  I8: failHonesty,
  I9: fifo,
  I10: agreement,
  I11: convergence,
  I12: isolation,
  I13: revocation,
  I14: gapMinimality,
  I15: boundedness,
  I17: upstream,
  I18: presence,
  I19: work,
  I20: refusedWork,
};

/** Judges what a run recorded; the declarations beside this file say what the events mean. */
export function check(events, limits = {}) {
  const recording = new Recording(events);
  const violations = Object.entries(INVARIANTS)
    .flatMap(([invariant, find]) =>
      [...find(recording, limits)].map((violation) => ({ invariant, ...violation })),
    )
    .toSorted((a, b) => a.events.length - b.events.length);
  const lost = lostAcks(recording).map(({ id }) => id);
  return {
    verdict: violations.length > 0 ? 'INVALID' : lost.length > 0 ? 'lost-ack(reported)' : 'valid',
    violations,
    lostAcks: lost,
    figures: figuresOf(recording),
  };
}

/** Writes a verdict for people: the figures, and the shortest slice of the log that is not allowed. */
export function describeVerdict({ verdict, violations, lostAcks: lost, figures }) {
  const lines = [`${verdict}  ${JSON.stringify(figures)}`];
  if (lost.length > 0) lines.push(`acked and lost: ${lost.length}, such as ${lost.slice(0, 3).join(', ')}`);
  const [shortest] = violations;
  if (!shortest) return lines.join('\n');
  const counts = violations.reduce(
    (sums, { invariant }) => ({ ...sums, [invariant]: (sums[invariant] ?? 0) + 1 }),
    {},
  );
  return [
    ...lines,
    `violations: ${JSON.stringify(counts)}`,
    `${shortest.invariant}: ${shortest.what}`,
    ...shortest.events.map((event) => `  ${JSON.stringify(event)}`),
  ].join('\n');
}

function figuresOf(recording) {
  const settled = [...recording.posts.values()].flatMap(({ invoke, oks, fails, infos }) => {
    const end = [...oks, ...fails, ...infos][0];
    return invoke && end ? [end.at - invoke.at] : [];
  });
  return {
    posts: recording.posts.size,
    acked: recording.of('pub_ok').length,
    failed: recording.of('pub_fail').length,
    uncertain: recording.of('pub_info').length,
    received: recording.of('recv').length,
    ...worked(recording),
    gaps: countBy(recording.of('gap'), ({ reason }) => reason),
    slowestPostMs: Math.round(Math.max(0, ...settled)),
    convergedMs: Math.round(convergedMs(recording)),
  };
}

/** Nothing in a run without durable consumers. */
function worked(recording) {
  if (recording.of('work_start').length === 0) return {};
  const works = recording.of('work');
  return {
    works: works.length,
    worksAgain: works.length - new Set(works.map(({ id }) => id)).size,
    workGaps: countBy(recording.of('work_gap'), ({ reason }) => reason),
  };
}

function countBy(events, nameOf) {
  const counts = {};
  for (const event of events) counts[nameOf(event)] = (counts[nameOf(event)] ?? 0) + 1;
  return counts;
}
