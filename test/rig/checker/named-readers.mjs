// Compares the handled messages of durable consumers with the histories.

/**
 * @typedef {import('./recording.mjs').Recording} Recording
 */

/**
 * I19: a durable consumer handles each message that was acked, or is told by a gap that it may miss it.
 *
 * The position of a gap tells what it may stand for: what is stored up to there, or all of an earlier epoch.
 * What a restored or promoted Redis has lost before the reader came to it, nobody can tell the reader: a history of the
 * same epoch goes on without it.
 *
 * @param {Recording} recording
 */
export function* work(recording) {
  const handled = new Set(recording.of('work').map(({ id }) => id));
  const channels = new Set(recording.of('work_start').map(({ ch }) => ch));
  const gaps = recording.of('work_gap');
  for (const { id, invoke, oks } of recording.posts.values()) {
    if (!invoke || oks.length === 0 || !channels.has(invoke.ch) || handled.has(id)) continue;
    const final = recording.finals.get(invoke.ch);
    if (!final) continue;
    const entry = final.byId.get(id);
    const [ok] = oks;
    const place = entry ? { e: final.event.e, o: entry.o } : ok;
    if (!entry && place.e === final.event.e) continue;
    const isTold = gaps.some(
      ({ ch, e, o, at }) => ch === invoke.ch && (e === place.e ? o >= place.o : at > ok.at),
    );
    if (!isTold)
      yield {
        what: `${id} of ${invoke.ch} was acked, no durable consumer handled it, and no gap says so`,
        events: [invoke, ...oks],
      };
  }
}

/**
 * I20: a durable consumer handles nothing that was refused.
 *
 * @param {Recording} recording
 */
export function* refusedWork(recording) {
  for (const event of recording.of('work')) {
    const post = recording.posts.get(event.id);
    if (post && post.fails.length > 0 && post.oks.length === 0 && post.infos.length === 0)
      yield { what: `${event.id} was refused and handled`, events: [...post.fails, event] };
  }
}
