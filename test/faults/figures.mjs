// Computes the figures of a run besides the counts of the checker.

const MIB = 1024 * 1024;
const LATE_MS = 1_000;

/**
 * Measures a run by its log.
 *
 * @param {readonly import('../rig/checker/check.mjs').LogEvent[]} events by time
 */
export function figuresOf(events) {
  const kinds = groupByKind(events);
  const of = (kind) => kinds.get(kind) ?? [];
  const faults = of('nemesis');
  const span = { from: faults[0]?.at ?? Infinity, to: faults.at(-1)?.at ?? Infinity };
  return {
    ackPauseMs: longestPause(of('pub_ok')),
    ...delays(of, faults.findLast(({ what }) => what === 'heal')?.at),
    p99Ms: latencies(of, span),
    peakConnectsPerS: peakOf(
      of('status').filter(({ at, status }) => at > span.from && status.kind === 'connected'),
    ),
    interruptionMs: interruption(of('status'), span),
    rssGrowthMb: growth(of('sample'), span),
    lagMs: Math.round(of('sample').reduce((most, { lagMs }) => Math.max(most, lagMs), 0)),
    orders: of('order').length,
    ordersDone: of('exec').length,
  };
}

function groupByKind(events) {
  const kinds = new Map();
  for (const event of events) {
    if (!kinds.has(event.k)) kinds.set(event.k, []);
    kinds.get(event.k).push(event);
  }
  return kinds;
}

/** How long after its ack a message came at the latest, and when after the heal none came late any more. */
function delays(of, healedAt) {
  const acks = new Map(of('pub_ok').map(({ id, at }) => [id, at]));
  let [longest, caughtUp] = [0, 0];
  for (const { id, at } of of('recv')) {
    const delay = at - acks.get(id);
    if (delay > longest) longest = delay;
    if (delay > LATE_MS && at - healedAt > caughtUp) caughtUp = at - healedAt;
  }
  return { latestMs: Math.round(longest), caughtUpMs: Math.round(caughtUp) };
}

function longestPause(acks) {
  let longest = 0;
  for (let index = 1; index < acks.length; index++)
    longest = Math.max(longest, acks[index].at - acks[index - 1].at);
  return Math.round(longest);
}

/** By server, how long what it posted took to its own clients, before the first fault and from then on. */
function latencies(of, { from, to }) {
  const posts = new Map(of('pub_invoke').map((event) => [event.id, event]));
  const times = new Map();
  for (const { c, id, at } of of('recv')) {
    const post = posts.get(id);
    const node = id.split('.')[0];
    if (!post || node.slice(1) !== c.slice(1).split('.')[0]) continue;
    const phase = post.at < from ? 'before' : post.at < to ? 'during' : undefined;
    if (!phase) continue;
    if (!times.has(node)) times.set(node, { before: [], during: [] });
    times.get(node)[phase].push(at - post.at);
  }
  return Object.fromEntries(
    [...times].map(([node, { before, during }]) => [node, { before: p99(before), during: p99(during) }]),
  );
}

function p99(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0);
}

function peakOf(events) {
  let peak = 0;
  for (let first = 0, last = 0; last < events.length; last++) {
    while (events[last].at - events[first].at > 1_000) first++;
    peak = Math.max(peak, last - first + 1);
  }
  return peak;
}

/** How long clients were without a connection: the median and the longest, in milliseconds. */
function interruption(statuses, { from }) {
  const lostAt = new Map();
  const times = [];
  for (const { c, at, status } of statuses) {
    if (at < from) continue;
    if (status.kind === 'waiting' && !lostAt.has(c)) lostAt.set(c, at);
    if (status.kind !== 'connected' || !lostAt.has(c)) continue;
    times.push(Math.round(at - lostAt.get(c)));
    lostAt.delete(c);
  }
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], longest: sorted.at(-1) };
}

/** How much the server that grew most held more than before the first fault, in MiB. */
function growth(samples, { from }) {
  const most = new Map();
  for (const { p, at, rss } of samples) {
    const sizes = most.get(p) ?? { before: 0, after: 0 };
    const phase = at < from ? 'before' : 'after';
    sizes[phase] = Math.max(sizes[phase], rss);
    most.set(p, sizes);
  }
  const growths = [...most.values()]
    .filter(({ before }) => before > 0)
    .map(({ before, after }) => after - before);
  return Math.round(Math.max(0, ...growths) / MIB);
}
