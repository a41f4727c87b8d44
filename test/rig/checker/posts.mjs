// Compares the answers to the publishers with the histories.

/**
 * @typedef {import('./check.mjs').LogEvent} LogEvent
 * @typedef {import('./recording.mjs').Reading} Reading
 * @typedef {import('./recording.mjs').Recording} Recording
 * @typedef {import('./recording.mjs').Post} Post
 */

/**
 * I6: an id is stored once, and all acks of it name one place.
 *
 * @param {Recording} recording
 */
export function* idempotence({ posts, finals }) {
  for (const { event } of finals.values()) {
    const first = new Map();
    for (const entry of event.entries) {
      if (first.has(entry.id))
        yield { what: `${event.ch} holds ${entry.id} at ${first.get(entry.id)} and ${entry.o}`, events: [] };
      first.set(entry.id, entry.o);
    }
  }
  for (const { id, invoke, oks } of posts.values()) {
    const places = new Set(oks.map(({ e, o }) => `${e}:${o}`));
    if (places.size > 1)
      yield { what: `${id} was acked at ${[...places].join(' and ')}`, events: [invoke, ...oks] };
  }
}

/**
 * I7: what was acked is in the history, or was trimmed; what is not must have been told to its readers.
 *
 * @param {Recording} recording
 */
export function* ackHonesty(recording) {
  for (const lost of lostAcks(recording)) {
    const untold = untoldReaders(recording, lost);
    if (untold.length > 0)
      yield {
        what: `${lost.id} of ${lost.invoke.ch} was acked and is lost; ${untold[0].client} had it, and no gap says so`,
        events: [lost.invoke, ...lost.oks, ...untold[0].messages.filter(({ id }) => id === lost.id)],
      };
  }
}

/**
 * The posts that were acked and are in no history, unless they are so old that the history let go of them.
 *
 * @param {Recording} recording
 * @returns {Post[]}
 */
export function lostAcks(recording) {
  return [...recording.posts.values()].filter((post) => {
    const { id, invoke, oks } = post;
    const final = invoke && recording.finals.get(invoke.ch);
    if (!final || oks.length === 0 || final.byId.has(id)) return false;
    const { e, s, entries } = final.event;
    const isTrimmed = oks.some((ok) => ok.e === e && ok.o <= s - entries.length);
    return !isTrimmed || isOvertaken(recording, post);
  });
}

/**
 * Returns true when another message was acked at the same position later, on the branch that remains.
 *
 * @param {Recording} recording
 * @param {Post} post
 */
function isOvertaken(recording, { id, invoke, oks: [ok] }) {
  const others = recording.idsAt(invoke.ch, ok.e, ok.o);
  return [...others].some((other) => {
    const [otherOk] = recording.posts.get(other)?.oks ?? [];
    return other !== id && otherOk !== undefined && otherOk.at > ok.at;
  });
}

/**
 * @param {Recording} recording
 * @param {Post} post
 */
function untoldReaders({ readings }, { id, invoke }) {
  return [...readings.values()].filter((reading) => {
    const received = reading.received(id);
    return reading.channel === invoke.ch && received && !reading.gapAfter(received.at);
  });
}

/**
 * I8: what was refused is stored nowhere and received by nobody.
 *
 * @param {Recording} recording
 */
export function* failHonesty({ posts, finals, readings }) {
  for (const { id, invoke, oks, fails, infos } of posts.values()) {
    // Another attempt with the same id may have stored it.
    if (fails.length === 0 || oks.length > 0 || infos.length > 0) continue;
    if (finals.get(invoke?.ch)?.byId.has(id))
      yield { what: `${id} failed (${fails[0].why}) and is in the history`, events: [invoke, ...fails] };
    for (const reading of readings.values()) {
      const received = reading.received(id);
      if (received)
        yield {
          what: `${id} failed and ${reading.client} received it`,
          events: [invoke, ...fails, received],
        };
    }
  }
}

/**
 * I9: the acked posts of one publisher on one channel stand in the order in which they were made.
 *
 * What was lost stood on another branch, whose offsets tell nothing about those of this one; and what was posted
 * again because nobody knew stands where that put it.
 *
 * @param {Recording} recording
 */
export function* fifo(recording) {
  const last = new Map();
  const lost = new Set(lostAcks(recording));
  const acked = [...recording.posts.values()].filter(
    (post) => post.invoke && post.oks.length > 0 && post.infos.length === 0 && !lost.has(post),
  );
  for (const { invoke, oks } of acked.toSorted((a, b) => a.invoke.at - b.invoke.at)) {
    const [ok] = oks;
    const key = `${invoke.p}\n${invoke.ch}\n${ok.e}`;
    const before = last.get(key);
    if (before && before.ok.o >= ok.o)
      yield {
        what: `${invoke.p} posted ${invoke.id} behind ${before.invoke.id}, and it stands before it`,
        events: [before.invoke, invoke, before.ok, ok],
      };
    last.set(key, { invoke, ok });
  }
}

/**
 * I10: all who received a place received the same there, unless a gap has told them apart since.
 *
 * @param {Recording} recording
 */
export function* agreement({ readings, finals }) {
  /** @type {Map<string, { reading: Reading, message: LogEvent }[]>} */
  const byPlace = new Map();
  for (const reading of readings.values())
    for (const message of reading.messages) {
      if (message.o === undefined) continue;
      const key = `${reading.channel}\n${message.e}\n${message.o}`;
      const received = byPlace.get(key) ?? [];
      byPlace.set(key, received);
      received.push({ reading, message });
    }
  for (const received of byPlace.values()) {
    if (new Set(received.map(({ message }) => message.id)).size < 2) continue;
    const untold = received.filter(({ reading, message }) => !reading.gapAfter(message.at));
    const final = finals.get(received[0].reading.channel)?.byOffset.get(received[0].message.o);
    const ids = new Set(untold.map(({ message }) => message.id));
    if (ids.size > 1 || (final && [...ids].some((id) => id !== final.id)))
      yield {
        what: `${received[0].reading.channel} has ${[...ids].join(' and ')} at one place for its readers`,
        events: untold.map(({ message }) => message),
      };
  }
}
