// Checks tokens, memory of the processes, orders of clients, and presence.

/**
 * @typedef {import('./check.mjs').LogEvent} LogEvent
 * @typedef {import('./recording.mjs').Recording} Recording
 */

const REVOCATION_MS = 2_000;
const NEMESIS_MS = 15_000;
const SETTLE_MS = 30_000;
const MOST_SPURIOUS = 0.001;
/** The growth of a process by compiled code and the size of its heap. */
const SLACK = { rss: 32 * 1024 * 1024, queueBytes: 64 * 1024, handles: 4 };

/**
 * I12: nobody gets what they were not let in to, or what is of another tenant.
 *
 * @param {Recording} recording
 */
export function* isolation(recording) {
  const authz = recording.of('authz');
  if (authz.length === 0) return;
  const granted = new Set();
  const tenants = new Map();
  for (const event of recording.events) {
    if (event.k === 'authz' && event.ok) granted.add(`${event.c}\n${event.ch}`);
    if (event.k === 'authz' && event.tenant !== undefined) tenants.set(event.c, event.tenant);
    if (event.k !== 'recv') continue;
    const tenant = tenants.get(event.c);
    const isForeign = event.tenant !== undefined && tenant !== undefined && event.tenant !== tenant;
    if (!granted.has(`${event.c}\n${event.ch}`))
      yield { what: `${event.c} got ${event.id} of ${event.ch} without having been let in`, events: [event] };
    else if (isForeign)
      yield { what: `${event.c} of ${tenant} got ${event.id} of ${event.tenant}`, events: [event] };
  }
}

/**
 * I13: two seconds after access was taken away nothing arrives.
 *
 * @param {Recording} recording
 */
export function* revocation(recording) {
  const revoked = new Map();
  for (const event of recording.of('authz', 'recv')) {
    const key = `${event.c}\n${event.ch}`;
    if (event.k === 'authz' && event.ok) revoked.delete(key);
    else if (event.k === 'authz') revoked.set(key, event);
    else if (event.at > revoked.get(key)?.at + REVOCATION_MS)
      yield {
        what: `${event.c} got ${event.id} of ${event.ch} ${event.at - revoked.get(key).at} ms after it was shut out`,
        events: [revoked.get(key), event],
      };
  }
}

/**
 * I14: gaps come with faults; at most one in a thousand messages may have one for no reason.
 *
 * @param {Recording} recording
 * @param {import('./check.mjs').CheckLimits} [limits]
 */
export function* gapMinimality(recording, { excusedGaps = [] } = {}) {
  const nemeses = recording.of('nemesis');
  const [from, to] = [nemeses[0]?.at ?? Infinity, (nemeses.at(-1)?.at ?? 0) + NEMESIS_MS];
  const spurious = recording
    .of('gap')
    .filter(({ at, reason }) => (at < from || at > to) && !excusedGaps.includes(reason));
  const received = recording.of('recv').length;
  if (spurious.length > received * MOST_SPURIOUS)
    yield { what: `${spurious.length} gaps for no reason among ${received} messages`, events: [spurious[0]] };
}

/**
 * I15: what a process holds returns to where it was before the faults.
 *
 * @param {Recording} recording
 */
export function* boundedness(recording) {
  const [start] = recording.of('nemesis');
  const { healedAt } = recording;
  if (!start || healedAt === undefined) return;
  for (const [name, all] of byProcess(recording.of('sample'))) {
    const before = all.filter(({ at }) => at < start.at);
    const after = all.findLast(({ at }) => at >= healedAt);
    if (before.length === 0 || !after || after.at < healedAt + SETTLE_MS) continue;
    for (const [what, slack] of Object.entries(SLACK)) {
      const baseline = Math.max(...before.map((sample) => sample[what] ?? 0));
      if ((after[what] ?? 0) > baseline * 1.1 + slack)
        yield {
          what: `${name} held ${what} ${baseline}, and ${after[what]} after the heal`,
          events: [after],
        };
    }
  }
}

/**
 * @param {readonly LogEvent[]} samples
 * @returns {Map<string, LogEvent[]>}
 */
function byProcess(samples) {
  const groups = new Map();
  for (const sample of samples) groups.set(sample.p, (groups.get(sample.p) ?? []).concat(sample));
  return groups;
}

/**
 * I17: what a client sent is handled once, and in the order sent.
 *
 * @param {Recording} recording
 */
export function* upstream(recording) {
  const last = new Map();
  for (const event of recording.of('exec')) {
    const before = last.get(event.sid);
    if (before && event.seq <= before.seq)
      yield {
        what: `${event.sid}: ${event.seq} was handled after ${before.seq}`,
        events: [before, event],
      };
    last.set(event.sid, event);
  }
}

/**
 * I18: in the end those are present who are there.
 *
 * @param {Recording} recording
 */
export function* presence(recording) {
  for (const event of recording.of('presence')) {
    const ghosts = event.present.filter((/** @type {string} */ id) => !event.live.includes(id));
    const missing = event.live.filter((/** @type {string} */ id) => !event.present.includes(id));
    if (ghosts.length > 0 || missing.length > 0)
      yield {
        what: `present without being there: ${ghosts.join(', ') || 'nobody'}; there and not present: ${missing.join(', ') || 'nobody'}`,
        events: [event],
      };
  }
}
