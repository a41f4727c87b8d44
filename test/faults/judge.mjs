import { check, describeVerdict } from '../rig/checker/check.mjs';
import { figuresOf } from './figures.mjs';

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
  Object.assign(result.figures, figuresOf(events));
  const problems = [
    ...(verdicts.includes(result.verdict) ? [] : [describeVerdict(result)]),
    ...JUDGES.flatMap((problemsOf) => problemsOf(accept, events, result)),
  ];
  return { problems, result };
}

const of = (events, kind) => events.filter(({ k }) => k === kind);

/** Finds crashes, which no scenario may have. */
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

/** Durable consumers are told of what a fault explains, and of nothing else. */
function workGapsOf({ workGaps: allowed = [], mustHaveWorkGaps }, events) {
  const gaps = of(events, 'work_gap');
  const wrong = [...new Set(gaps.map(({ reason }) => reason))].filter((reason) => !allowed.includes(reason));
  const problems = wrong.map((reason) => `durable consumers had gaps of the reason ${reason}`);
  if (mustHaveWorkGaps && gaps.length === 0)
    problems.push('the run shows nothing: no durable consumer had a gap');
  return problems;
}

/** While Redis lets nobody in, a server tries again now and then, not all the time. */
function attempts({ attemptsPerS }, events) {
  if (attemptsPerS === undefined) return [];
  const faults = of(events, 'nemesis');
  const [from, to] = [faults[0].at, faults.findLast(({ what }) => what !== 'heal').at];
  const connects = of(events, 'connects').filter(({ at }) => at >= from && at <= to);
  return [...new Set(connects.map(({ p }) => p))].flatMap((p) => {
    const own = connects.filter((event) => event.p === p);
    const [first, last] = [own[0], own.at(-1)];
    const perS = ((last.count - first.count) * 1_000) / (last.at - first.at);
    return perS <= attemptsPerS
      ? []
      : [`${p} connected ${perS.toFixed(1)} times a second; allowed are ${attemptsPerS}`];
  });
}

/** While a shard is lost, the channels of the others take posts as before. */
function otherShards({ othersSettleMs }, events) {
  if (othersSettleMs === undefined) return [];
  const [lost] = of(events, 'shard_lost');
  const healedAt = of(events, 'nemesis').findLast(({ what }) => what === 'heal').at;
  const posts = of(events, 'pub_invoke').filter(
    ({ at, ch }) => at >= lost.at && at < healedAt && !lost.channels.includes(ch),
  );
  const ends = new Map(of(events, 'pub_ok').map(({ id, at }) => [id, at]));
  const late = posts.filter(({ id, at }) => !(ends.get(id) - at <= othersSettleMs));
  if (lost.channels.length === 0 || posts.length === 0)
    return ['the run shows nothing: no channel was lost, or no other had posts'];
  return late.length > 0
    ? [`${late.length} of ${posts.length} posts of other shards were not stored within ${othersSettleMs} ms`]
    : [];
}

/** Each server has counted publications of a version that it does not know. */
function unknownVersions({ mustCountUnknown }, events) {
  if (!mustCountUnknown) return [];
  const counts = new Map();
  for (const { p, undecodable } of of(events, 'sample'))
    counts.set(p, Math.max(counts.get(p) ?? 0, undecodable));
  return [...counts].flatMap(([p, count]) =>
    count > 0 ? [] : [`${p} has not counted the publications of an unknown version`],
  );
}

function caughtUp({ convergeMs = Infinity }, _events, { figures }) {
  const { caughtUpMs } = figures;
  return caughtUpMs > convergeMs
    ? [`clients caught up ${caughtUpMs} ms after the heal; allowed are ${convergeMs}`]
    : [];
}

function outage({ outageMs = Infinity }, events) {
  const acks = of(events, 'pub_ok').map(({ at }) => at);
  const longest = Math.max(0, ...acks.slice(1).map((at, index) => at - acks[index]));
  return longest > outageMs
    ? [`nothing was acked for ${longest.toFixed(0)} ms; allowed are ${outageMs}`]
    : [];
}

/** Compares the work for clients with their answers; the checker judges order and repetitions. */
function orders(_accept, events) {
  const done = new Set(of(events, 'exec').map(orderKey));
  const untrue = of(events, 'order_ok').filter((event) => !done.has(orderKey(event)));
  const refused = of(events, 'order_fail');
  const wrong = refused.filter((event) => NOT_DONE.includes(event.why) && done.has(orderKey(event)));
  const odd = [...new Set(refused.map(({ why }) => why))].filter(
    (why) => ![...NOT_DONE, ...UNKNOWN].includes(why),
  );
  return [
    ...untrue
      .slice(0, 1)
      .map((event) => `${orderKey(event)} was answered and never done (${untrue.length} such)`),
    ...wrong
      .slice(0, 1)
      .map((event) => `${orderKey(event)} was refused with ${event.why} and done (${wrong.length} such)`),
    ...odd.map((why) => `an order failed with ${why}`),
  ];
}

/** In a storm a session gets each message once at most, and in order. */
function storms(_accept, events) {
  const places = new Map(of(events, 'pub_ok').map(({ id, o }) => [id, o]));
  const last = new Map();
  const problems = [];
  for (const { c, ch, id } of of(events, 'storm_recv')) {
    const key = `${c} ${ch}`;
    const place = places.get(id);
    if (place <= last.get(key))
      problems.push(`${c} got ${id} of ${ch} (offset ${place}) behind ${last.get(key)}`);
    if (place !== undefined) last.set(key, place);
  }
  return problems.slice(0, 3);
}

/** The number of tokens that a client without a connection asks for; no other may ask more often. */
function renewals({ renewalsEach }, events) {
  if (renewalsEach === undefined) return [];
  const away = new Set(
    of(events, 'status').flatMap(({ c, status }) => (status.kind === 'waiting' ? [c] : [])),
  );
  const counts = new Map([...away].map((c) => [c, 0]));
  for (const { c, reason } of of(events, 'auth'))
    if (reason === 'renew') counts.set(c, (counts.get(c) ?? 0) + 1);
  const others = [...counts].filter(([, count]) => count !== renewalsEach);
  return others.length > 0
    ? [`${others.length} clients renewed not ${renewalsEach} times: ${others[0]}`]
    : [];
}

function memory({ growthMb = MOST_GROWTH_MB }, _events, { figures }) {
  const { rssGrowthMb } = figures;
  return rssGrowthMb > growthMb ? [`a server grew by ${rssGrowthMb} MB; allowed are ${growthMb}`] : [];
}

/** A server that the fault spares goes on as before; on a machine that is busy by itself, about. */
function spared({ sparedNode, sparedMs }, _events, { figures }) {
  const ms = figures.p99Ms?.[sparedNode];
  if (sparedNode === undefined || !ms) return [];
  return ms.during > Math.max(sparedMs, 5 * ms.before)
    ? [
        `what ${sparedNode} posts took ${ms.during} ms to its own clients, and ${ms.before} ms before the fault`,
      ]
    : [];
}

function accepts({ acceptsPerS = Infinity }, _events, { figures }) {
  const { peakConnectsPerS: peak } = figures;
  return peak > acceptsPerS ? [`${peak} clients connected within a second; allowed are ${acceptsPerS}`] : [];
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

function orderKey({ sid, seq }) {
  return `${sid}:${seq}`;
}

/** Codes of orders that were not carried out for certain, and of those that may have been. */
const NOT_DONE = ['NOT_CONNECTED', 'QUEUE_FULL', 'BUSY', 'UNAVAILABLE', 'OVERLOADED'];
const UNKNOWN = ['UNCERTAIN', 'ANSWER_TIMEOUT', 'CLIENT_CLOSED', 'SESSION_CLOSED'];
const MOST_GROWTH_MB = 192;

/** @type {ReadonlyArray<(accept: any, events: readonly any[], result: any) => string[]>} */
const JUDGES = [
  crashes,
  emptiness,
  failures,
  settling,
  gapsOf,
  workGapsOf,
  unknownVersions,
  attempts,
  otherShards,
  caughtUp,
  outage,
  orders,
  storms,
  renewals,
  memory,
  spared,
  accepts,
  connects,
  exits,
];
