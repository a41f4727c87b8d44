/**
 * One thing that a process of a run saw. `at`: milliseconds of the machine's monotonic clock.
 *
 * - `pub_invoke {id, ch, p}`: a publisher posts; `pub_ok {id, e, o, dup}`: it is stored there;
 *   `pub_fail {id, why}`: it is not stored; `pub_info {id}`: nobody knows
 * - `sub_ok {c, ch, pos?, recovered?}`: a client has a channel, new or continued;
 *   `recv {c, ch, id, e?, o?, prev?, tenant?}`; `gap {c, ch, reason, pos?}`; `leave {c, ch}`: of its own will
 * - `close {c, code}`; `authz {c, ch, ok, tenant?}`; `exec {sid, seq}`: a handler ran
 * - `work_start {p, ch}`: a process reads under a name; `work {p, ch, id, attempt}`: it has handled a message;
 *   `work_gap {p, ch, reason, e, o}`: it was told of a gap up to a position
 * - `nemesis {what}`: a fault begins; `heal` when the last has ended
 * - `sample {p, rss, queueBytes, handles}`; `presence {present, live}`
 * - `final {ch, e, s, p, entries: {o, id, prev}[]}`: what a history holds in the end
 */
export interface LogEvent {
  readonly k: string;
  readonly at: number;
  readonly [detail: string]: unknown;
}

/** What a run is allowed. */
export interface CheckLimits {
  /** How long after the heal all clients have what was posted before it. */
  readonly convergeMs?: number;
  /** Reasons of gaps that need no fault, as where histories are short. */
  readonly excusedGaps?: readonly string[];
}

/** Something that may not be, and the events that show it. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly events: readonly LogEvent[];
}

/** What the check came to. */
export interface CheckResult {
  readonly verdict: 'valid' | 'lost-ack(reported)' | 'INVALID';
  /** The shortest slice first. */
  readonly violations: readonly Violation[];
  /** The ids of posts that were acked and are in no history. */
  readonly lostAcks: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Judges what a run recorded. */
export function check(events: readonly LogEvent[], limits?: CheckLimits): CheckResult;
/** Writes a verdict for people. */
export function describeVerdict(result: CheckResult): string;
