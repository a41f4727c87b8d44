// What a run recorded, put in order for the checks: posts, what each client received of each channel, and
// what the histories hold in the end.

/** Index of a log. */
export class Recording {
  /** By id: everything about one post. */
  posts = new Map();
  /** By channel: what its history holds in the end. */
  finals = new Map();
  /** What one client received of one channel. */
  readings = new Map();
  /** When the last fault had ended; undefined when there was none. */
  healedAt;

  /** @param {readonly import('./check.mjs').LogEvent[]} events by time */
  constructor(events) {
    this.events = events;
    for (const event of events) this.#file(event);
    for (const reading of this.readings.values()) this.#place(reading);
  }

  /** The events of some kinds, by time. */
  of(...kinds) {
    return this.events.filter(({ k }) => kinds.includes(k));
  }

  /** The id that stands at a place, as far as anything tells. */
  idsAt(channel, epoch, offset) {
    return this.#idsByPlace.get(placeKey(channel, epoch, offset)) ?? new Set();
  }

  #idsByPlace = new Map();

  #file(event) {
    if (event.k.startsWith('pub_')) this.#filePost(event);
    if (event.k === 'final') this.#fileFinal(event);
    if (event.k === 'nemesis' && event.what === 'heal') this.healedAt = event.at;
    if (['sub_ok', 'recv', 'gap', 'leave'].includes(event.k)) this.#readingOf(event).add(event);
  }

  #filePost(event) {
    const post = this.posts.get(event.id) ?? { id: event.id, oks: [], fails: [], infos: [] };
    this.posts.set(event.id, post);
    if (event.k === 'pub_invoke') post.invoke ??= event;
    if (event.k === 'pub_fail') post.fails.push(event);
    if (event.k === 'pub_info') post.infos.push(event);
    if (event.k !== 'pub_ok') return;
    post.oks.push(event);
    if (post.invoke) this.#notePlace(post.invoke.ch, event);
  }

  #fileFinal(event) {
    this.finals.set(event.ch, {
      event,
      byId: new Map(event.entries.map((entry) => [entry.id, entry])),
      byOffset: new Map(event.entries.map((entry) => [entry.o, entry])),
    });
    for (const { o, id } of event.entries) this.#notePlace(event.ch, { e: event.e, o, id });
  }

  #notePlace(channel, { e, o, id }) {
    const key = placeKey(channel, e, o);
    const ids = this.#idsByPlace.get(key) ?? new Set();
    this.#idsByPlace.set(key, ids.add(id));
  }

  #readingOf({ c, ch }) {
    const key = `${c}\n${ch}`;
    const reading = this.readings.get(key) ?? new Reading(c, ch);
    this.readings.set(key, reading);
    return reading;
  }

  /**
   * Clients see messages, not their places: where a message stands is looked up.
   *
   * A place that follows the one before it is believed first, then that of the end, then that of the ack.
   */
  #place({ channel, intervals }) {
    for (const { messages } of intervals) {
      let last;
      for (const message of messages) {
        if (message.o === undefined) Object.assign(message, this.#placeOf(channel, message, last));
        else this.#notePlace(channel, message);
        last = message;
      }
    }
  }

  #placeOf(channel, { id, at }, last) {
    const final = this.finals.get(channel);
    const entry = final?.byId.get(id);
    const places = [
      ...(entry ? [{ e: final.event.e, o: entry.o }] : []),
      ...(this.posts.get(id)?.oks ?? []).map(({ e, o }) => ({ e, o })),
    ];
    const next = places.find(({ e, o }) => last && e === last.e && o === last.o + 1);
    // Acked long after it was received: it was stored a second time, on another branch, and where first nobody saw.
    const isRedelivered = this.posts.get(id)?.oks[0]?.at - at > LATE_ACK_MS;
    return next ?? (isRedelivered ? {} : (places[0] ?? {}));
  }
}

/** What one client received of one channel, in intervals: each begins with a subscription or a gap. */
class Reading {
  /** @type {{ start: object, messages: object[] }[]} */
  intervals = [];
  /** All messages, of all intervals. */
  messages = [];
  hasLeft = false;
  #byId = new Map();

  constructor(client, channel) {
    this.client = client;
    this.channel = channel;
  }

  /** The first gap after a time. */
  gapAfter(at) {
    return this.intervals.find(({ start }) => start.k === 'gap' && start.at >= at)?.start;
  }

  add(event) {
    // What was on its way still arrives.
    if (event.k === 'leave' || event.k === 'sub_ok') this.hasLeft = event.k === 'leave';
    if (event.k === 'leave' || (event.k === 'sub_ok' && event.recovered)) return;
    if (event.k === 'recv') this.#receive(event);
    else this.intervals.push({ start: event, messages: [] });
  }

  /** The message that was received first under an id. */
  received(id) {
    return this.#byId.get(id);
  }

  #receive(event) {
    // A message that nothing came before is judged too.
    if (this.intervals.length === 0) this.intervals.push({ start: event, messages: [] });
    const message = { ...event };
    this.intervals.at(-1).messages.push(message);
    this.messages.push(message);
    if (!this.#byId.has(message.id)) this.#byId.set(message.id, message);
  }
}

/** How long after a message was received its ack is that of the same storing, at most. */
const LATE_ACK_MS = 1_000;

function placeKey(channel, epoch, offset) {
  return `${channel}\n${epoch}\n${offset}`;
}
