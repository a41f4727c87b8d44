import { check, describeVerdict } from '../rig/checker/check.mjs';

/**
 * Judges a run by what its scenario accepts.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {readonly import('../rig/checker/check.mjs').LogEvent[]} events
 * @returns {{ problems: string[], result: import('../rig/checker/check.mjs').CheckResult }}
 */
export function judge({ accept }, events) {
  const { verdicts = ['valid'], gaps = [] } = accept;
  const result = check(events, { convergeMs: accept.convergeMs, excusedGaps: gaps });
  const problems = [
    ...(verdicts.includes(result.verdict) ? [] : [describeVerdict(result)]),
    ...JUDGES.flatMap((problemsOf) => problemsOf(accept, events, result)),
  ];
  return { problems, result };
}

const of = (events, kind) => events.filter(({ k }) => k === kind);

/** What no scenario may see, whatever it accepts. */
function crashes(_accept, events) {
  return of(events, 'unhandled').map(({ p, c, error }) => `${p ?? c} had an unhandled error: ${error}`);
}

/** A run without messages, or without anybody who gets them, shows nothing. */
function emptiness({ mustLoseAcks }, events, { lostAcks }) {
  const missing = ['pub_ok', 'recv', 'final'].filter((kind) => of(events, kind).length === 0);
  if (mustLoseAcks && lostAcks.length === 0) missing.push('lost acks');
  return missing.map((what) => `the run shows nothing: it had no ${what}`);
}

function failures({ failures: allowed = [] }, events) {
  const codes = [...of(events, 'pub_fail'), ...of(events, 'pub_info')].map(({ why }) => why);
  return [...new Set(codes)]
    .filter((code) => !allowed.includes(code))
    .map((code) => `a post failed with ${code}`);
}

function settling({ settleMs = Infinity }, _events, { figures }) {
  const { slowestPostMs } = figures;
  return slowestPostMs > settleMs ? [`a post took ${slowestPostMs} ms; allowed are ${settleMs}`] : [];
}

function gapsOf({ gaps: allowed = [], gapsEach }, events) {
  const gaps = of(events, 'gap');
  const wrong = [...new Set(gaps.map(({ reason }) => reason))].filter((reason) => !allowed.includes(reason));
  const problems = wrong.map((reason) => `there were gaps of the reason ${reason}`);
  if (gapsEach === undefined) return problems;
  const counts = new Map(of(events, 'sub_ok').map(({ c, ch }) => [`${c} ${ch}`, 0]));
  for (const { c, ch } of gaps) counts.set(`${c} ${ch}`, (counts.get(`${c} ${ch}`) ?? 0) + 1);
  const others = [...counts].filter(([, count]) => count !== gapsEach);
  if (others.length > 0)
    problems.push(
      `${others.length} readings had not ${gapsEach} gaps, such as ${others[0][0]} with ${others[0][1]}`,
    );
  return problems;
}

function outage({ outageMs = Infinity }, events) {
  const acks = of(events, 'pub_ok').map(({ at }) => at);
  const longest = Math.max(0, ...acks.slice(1).map((at, index) => at - acks[index]));
  return longest > outageMs
    ? [`nothing was acked for ${longest.toFixed(0)} ms; allowed are ${outageMs}`]
    : [];
}

function connects({ connectsEach = Infinity }, events) {
  const counts = new Map();
  for (const { c, status } of of(events, 'status'))
    if (status.kind === 'connected') counts.set(c, (counts.get(c) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return most > connectsEach ? [`a client connected ${most} times; allowed are ${connectsEach}`] : [];
}

function exits({ exitMs }, events) {
  return of(events, 'exit')
    .filter(({ code, ms }) => exitMs !== undefined && (code !== 0 || ms > exitMs))
    .map(
      ({ p, code, ms }) =>
        `${p} ended with ${code} after ${ms.toFixed(0)} ms; allowed are 0 and ${exitMs} ms`,
    );
}

const JUDGES = [crashes, emptiness, failures, settling, gapsOf, outage, connects, exits];
