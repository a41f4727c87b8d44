// Checks the messages of each client: in order, chained, without silent loss, phantoms and repetitions, up to the end.

/**
 * @typedef {import('./check.mjs').LogEvent} LogEvent
 * @typedef {import('./recording.mjs').Recording} Recording
 * @typedef {import('./recording.mjs').Reading} Reading
 * @typedef {import('./recording.mjs').Entry} Entry
 */

/**
 * I1: within an interval offsets count up by one, in one epoch.
 *
 * @param {Recording} recording
 */
export function* order(recording) {
  for (const { reading, before, message, seen } of steps(recording)) {
    if (!before || message.o === undefined || before.o === undefined || message.id === before.id) continue;
    const isNext = message.e === before.e && message.o === before.o + 1;
    if (isNext || isRepeatLeftOut(recording, { reading, before, message, seen })) continue;
    yield {
      what: `${reading.client} got ${message.ch} ${message.e}:${message.o} behind ${before.e}:${before.o}`,
      events: [before, message],
    };
  }
}

/**
 * I2: each message names the one before it.
 *
 * @param {Recording} recording
 */
export function* chain(recording) {
  for (const { reading, before, message, seen } of steps(recording)) {
    const entry = recording.finals.get(message.ch)?.byOffset.get(message.o);
    const prev = message.prev ?? (entry && entry.id === message.id ? entry.prev : undefined);
    if (prev === undefined || before?.id === undefined || prev === before.id || seen.has(prev)) continue;
    yield {
      what: `${reading.client} got ${message.id} of ${message.ch}, which follows ${prev}, behind ${before.id}`,
      events: [before, message],
    };
  }
}

/**
 * I3: what the history holds within the last interval was received; earlier ones end with a gap.
 *
 * @param {Recording} recording
 */
export function* silentLoss(recording) {
  for (const reading of recording.readings.values()) {
    const final = recording.finals.get(reading.channel);
    if (!final) continue;
    const since = firstUntold(reading);
    if (!since) continue;
    const { start, messages } = since;
    const last = messages.findLast(({ e }) => e === final.event.e);
    for (const entry of final.event.entries) {
      if (reading.received(entry.id) || !isWithin(recording, { start, messages, last }, entry)) continue;
      const around = messages.filter(({ o }) => o === entry.o - 1 || o === entry.o + 1);
      const { invoke, oks = [] } = recording.posts.get(entry.id) ?? {};
      yield {
        what: `${reading.client} never got ${entry.id} of ${reading.channel} (offset ${entry.o}), and no gap says so`,
        events: [start, ...around, invoke, ...oks].filter(Boolean),
      };
    }
  }
}

/**
 * I4: once a client is on the history that there is in the end, all that it receives is of it.
 *
 * @param {Recording} recording
 */
export function* phantoms(recording) {
  for (const reading of recording.readings.values()) {
    const final = recording.finals.get(reading.channel);
    const last = reading.intervals.at(-1);
    if (!final || !last) continue;
    let isJoined = false;
    for (const message of last.messages) {
      const isRecoverable = final.byId.has(message.id);
      const other = message.e === final.event.e ? final.byOffset.get(message.o) : undefined;
      if ((isJoined && !isRecoverable) || (other && other.id !== message.id))
        yield {
          what: `${reading.client} got ${message.id} of ${reading.channel}, which its history does not hold`,
          events: [last.start, message],
        };
      isJoined ||= isRecoverable;
    }
  }
}

/**
 * I5: a client gets an id of a channel once.
 *
 * @param {Recording} recording
 */
export function* duplicates(recording) {
  for (const reading of recording.readings.values()) {
    const first = new Map();
    for (const message of reading.messages) {
      if (first.has(message.id))
        yield {
          what: `${reading.client} got ${message.id} of ${reading.channel} twice`,
          events: [first.get(message.id), message],
        };
      first.set(message.id, message);
    }
  }
}

/**
 * I11: in the end each client that is still there has the top, within the time after the heal.
 *
 * @param {Recording} recording
 * @param {import('./check.mjs').CheckLimits} [limits]
 */
export function* convergence(recording, { convergeMs = Infinity } = {}) {
  for (const reading of present(recording)) {
    const final = recording.finals.get(reading.channel);
    if (!final) continue;
    const last = reading.intervals.at(-1);
    if (!last) continue;
    const { start, messages } = last;
    const reached = messages.at(-1) ?? start.pos;
    if (isBehind(recording, reading, reached))
      yield {
        what: `${reading.client} ended at ${reached?.id ?? 'nothing'} of ${reading.channel}, whose top is ${final.event.p}`,
        events: [start, ...messages.slice(-1)],
      };
    const late = lateness(recording, reading);
    if (late > convergeMs)
      yield {
        what: `${reading.client} had ${reading.channel} ${late.toFixed(0)} ms after the heal; allowed are ${convergeMs}`,
        events: [start],
      };
  }
}

/**
 * How long after the heal the last client had what was posted before it, in milliseconds.
 *
 * @param {Recording} recording
 */
export function convergedMs(recording) {
  return Math.max(0, ...present(recording).map((reading) => lateness(recording, reading)));
}

/** @param {Recording} recording */
function present({ readings }) {
  return [...readings.values()].filter(({ hasLeft, intervals }) => !hasLeft && intervals.length > 0);
}

/**
 * After the heal a client has caught up with its first gap, or with the last message posted before.
 *
 * @param {Recording} recording
 * @param {Reading} reading
 */
function lateness({ finals, posts, healedAt }, reading) {
  const final = finals.get(reading.channel);
  if (!final || healedAt === undefined) return 0;
  const last = final.event.entries.findLast(
    (/** @type {Entry} */ { id }) => posts.get(id)?.invoke?.at <= healedAt,
  );
  const received = last && reading.received(last.id);
  const caughtUp = received ?? reading.gapAfter(healedAt);
  return caughtUp ? Math.max(0, caughtUp.at - healedAt) : 0;
}

/**
 * @param {Recording} recording
 * @param {Reading} reading
 * @param {LogEvent | undefined} reached
 */
function isBehind({ finals, posts }, reading, reached) {
  const { channel, intervals } = reading;
  const final = finals.get(channel);
  if (!final) return false;
  const { event } = final;
  if (reached) return !isTop(event, reached) && !reading.received(event.p);
  // Nothing arrived since: then nothing may have been posted since.
  return posts.get(event.p)?.invoke?.at > (intervals.at(-1)?.start.at ?? Infinity);
}

/**
 * @param {LogEvent} event
 * @param {LogEvent} reached
 */
function isTop({ e, s, p }, { e: epoch, o, id }) {
  return id === undefined ? e === epoch && s === o : id === p;
}

/**
 * Each message with the one before it in its interval, or the position that the interval began with.
 *
 * @param {Recording} recording
 */
function* steps(recording) {
  for (const reading of recording.readings.values()) {
    const seen = new Set();
    for (const { start, messages } of reading.intervals) {
      let before = start.pos && { ...start, ...start.pos };
      for (const message of messages) {
        yield { reading, before, message, seen };
        seen.add(message.id);
        before = message;
      }
    }
  }
}

/**
 * A client leaves out what it had received before a gap set it back.
 *
 * @param {Recording} recording
 * @param {{ reading: Reading, before: LogEvent, message: LogEvent, seen: ReadonlySet<string> }} step
 */
function isRepeatLeftOut(recording, { before, message, seen }) {
  if (message.e !== before.e || message.o <= before.o) return false;
  for (let offset = before.o + 1; offset < message.o; offset++) {
    const ids = recording.idsAt(message.ch, message.e, offset);
    if (![...ids].some((id) => seen.has(id))) return false;
  }
  return true;
}

/**
 * From the last gap on everything must be there, across new subscriptions that no gap announced.
 *
 * @param {Reading} reading
 */
function firstUntold({ intervals }) {
  const from = Math.max(
    0,
    intervals.findLastIndex(({ start }) => start.k === 'gap'),
  );
  const rest = intervals.slice(from);
  if (rest.length === 0) return undefined;
  return { start: rest[0].start, messages: rest.flatMap(({ messages }) => messages) };
}

/**
 * Returns true when an entry lies between the beginning and the end of an interval.
 *
 * @param {Recording} recording
 * @param {{ start: LogEvent, messages: readonly LogEvent[], last: LogEvent | undefined }} interval
 * @param {Entry} entry
 */
function isWithin({ posts }, { start, messages, last }, entry) {
  if (!last || entry.o > last.o) return false;
  const from = start.pos ? start.pos.o : (messages.find(({ e }) => e === last.e)?.o ?? Infinity);
  // A client that does not know its position must have what was posted after it had subscribed.
  return entry.o > from || posts.get(entry.id)?.invoke?.at > start.at;
}
