import { refusedWork, work } from './named-readers.mjs';
import { ackHonesty, agreement, failHonesty, fifo, idempotence, lostAcks } from './posts.mjs';
import { chain, convergedMs, convergence, duplicates, order, phantoms, silentLoss } from './readings.mjs';
import { Recording } from './recording.mjs';
import { boundedness, gapMinimality, isolation, presence, revocation, upstream } from './surroundings.mjs';

/**
 * An event of a process during a run. `at` is in milliseconds of the machine's monotonic clock.
 *
 * - `pub_invoke {id, ch, p}`: a publisher posts; `pub_ok {id, e, o, dup}`: it is stored there;
 *   `pub_fail {id, why}`: it is not stored; `pub_info {id}`: the outcome is unknown
 * - `sub_ok {c, ch, pos?, recovered?}`: a client is subscribed, anew or after a recovery;
 *   `recv {c, ch, id, e?, o?, prev?, tenant?}`; `gap {c, ch, reason, pos?}`; `leave {c, ch}`: it unsubscribes
 * - `close {c, code}`; `authz {c, ch, ok, tenant?}`; `exec {sid, seq}`: a handler ran
 * - `work_start {p, ch}`: a durable consumer starts; `work {p, ch, id, attempt}`: it has handled a message;
 *   `work_gap {p, ch, reason, e, o}`: it received a gap up to a position
 * - `nemesis {what}`: a fault begins; `heal` when the last has ended
 * - `sample {p, rss, queueBytes, handles}`; `presence {present, live}`
 * - `final {ch, e, s, p, entries: {o, id, prev}[]}`: the content of a history at the end
 *
 * @typedef {{ k: string, at: number, [detail: string]: any }} LogEvent
 */

/**
 * The limits of a run: `convergeMs` is the time after the heal within which all clients have all earlier messages;
 * `excusedGaps` are reasons of gaps that need no fault, as with short histories.
 *
 * @typedef {{ convergeMs?: number, excusedGaps?: readonly string[] }} CheckLimits
 */

/** @typedef {{ invariant: string, what: string, events: readonly LogEvent[] }} Violation */

/**
 * The result: violations with the shortest slice first, and the ids of acknowledged posts that are in no history.
 *
 * @typedef {object} CheckResult
 * @property {'valid' | 'lost-ack(reported)' | 'INVALID'} verdict
 * @property {readonly Violation[]} violations
 * @property {readonly string[]} lostAcks
 * @property {Readonly<Record<string, unknown>>} figures
 */

/** @type {Record<string, (recording: Recording, limits: CheckLimits) => Iterable<Omit<Violation, 'invariant'>>>} */
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

/**
 * Checks the recording of a run against all invariants.
 *
 * @param {readonly LogEvent[]} events
 * @param {CheckLimits} [limits]
 * @returns {CheckResult}
 */
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

/**
 * Writes a verdict for people: the figures, and the shortest slice of the log that is not allowed.
 *
 * @param {CheckResult} result
 * @returns {string}
 */
export function describeVerdict({ verdict, violations, lostAcks: lost, figures }) {
  const lines = [`${verdict}  ${JSON.stringify(figures)}`];
  if (lost.length > 0) lines.push(`acked and lost: ${lost.length}, such as ${lost.slice(0, 3).join(', ')}`);
  const [shortest] = violations;
  if (!shortest) return lines.join('\n');
  const counts = violations.reduce(
    (sums, { invariant }) => ({ ...sums, [invariant]: (sums[invariant] ?? 0) + 1 }),
    /** @type {Record<string, number>} */ ({}),
  );
  return [
    ...lines,
    `violations: ${JSON.stringify(counts)}`,
    `${shortest.invariant}: ${shortest.what}`,
    ...shortest.events.map((event) => `  ${JSON.stringify(event)}`),
  ].join('\n');
}

/** @param {Recording} recording */
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

/**
 * Nothing in a run without durable consumers.
 *
 * @param {Recording} recording
 */
function worked(recording) {
  if (recording.of('work_start').length === 0) return {};
  const works = recording.of('work');
  return {
    works: works.length,
    worksAgain: works.length - new Set(works.map(({ id }) => id)).size,
    workGaps: countBy(recording.of('work_gap'), ({ reason }) => reason),
  };
}

/**
 * @param {readonly LogEvent[]} events
 * @param {(event: LogEvent) => string} nameOf
 */
function countBy(events, nameOf) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const event of events) counts[nameOf(event)] = (counts[nameOf(event)] ?? 0) + 1;
  return counts;
}
