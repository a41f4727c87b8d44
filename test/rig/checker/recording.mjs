// Orders the log of a run for the checks: the posts, the messages of each client and channel, and
// the final histories.

/**
 * @typedef {import('./check.mjs').LogEvent} LogEvent
 * @typedef {{ o: number, id: string, prev: string }} Entry one message of a history
 * @typedef {{ event: LogEvent, byId: Map<string, Entry>, byOffset: Map<number, Entry> }} Final
 * @typedef {{ id: string, invoke?: any, oks: LogEvent[], fails: LogEvent[], infos: LogEvent[] }} Post
 */

/** Index of a log. */
export class Recording {
  /**
   * By id: everything about one post.
   *
   * @type {Map<string, Post>}
   */
  posts = new Map();
  /**
   * By channel: what its history holds in the end.
   *
   * @type {Map<string, Final>}
   */
  finals = new Map();
  /**
   * The messages that one client received of one channel.
   *
   * @type {Map<string, Reading>}
   */
  readings = new Map();
  /**
   * When the last fault had ended; undefined when there was none.
   *
   * @type {number | undefined}
   */
  healedAt;

  /** @param {readonly LogEvent[]} events by time */
  constructor(events) {
    this.events = events;
    for (const event of events) this.#file(event);
    for (const reading of this.readings.values()) this.#place(reading);
  }

  /**
   * The events of some kinds, by time.
   *
   * @param {...string} kinds
   */
  of(...kinds) {
    return this.events.filter(({ k }) => kinds.includes(k));
  }

  /**
   * The id that stands at a place, as far as anything tells.
   *
   * @param {string} channel
   * @param {string} epoch
   * @param {number} offset
   * @returns {ReadonlySet<string>}
   */
  idsAt(channel, epoch, offset) {
    return this.#idsByPlace.get(placeKey(channel, epoch, offset)) ?? new Set();
  }

  /** @type {Map<string, Set<string>>} */
  #idsByPlace = new Map();

  /** @param {LogEvent} event */
  #file(event) {
    if (event.k.startsWith('pub_')) this.#filePost(event);
    if (event.k === 'final') this.#fileFinal(event);
    if (event.k === 'nemesis' && event.what === 'heal') this.healedAt = event.at;
    if (['sub_ok', 'recv', 'gap', 'leave'].includes(event.k)) this.#readingOf(event).add(event);
  }

  /** @param {LogEvent} event */
  #filePost(event) {
    /** @type {Post} */
    const post = this.posts.get(event.id) ?? { id: event.id, oks: [], fails: [], infos: [] };
    this.posts.set(event.id, post);
    if (event.k === 'pub_invoke') post.invoke ??= event;
    if (event.k === 'pub_fail') post.fails.push(event);
    if (event.k === 'pub_info') post.infos.push(event);
    if (event.k !== 'pub_ok') return;
    post.oks.push(event);
    if (post.invoke) this.#notePlace(post.invoke.ch, event);
  }

  /** @param {LogEvent} event */
  #fileFinal(event) {
    this.finals.set(event.ch, {
      event,
      byId: new Map(event.entries.map((/** @type {Entry} */ entry) => [entry.id, entry])),
      byOffset: new Map(event.entries.map((/** @type {Entry} */ entry) => [entry.o, entry])),
    });
    for (const { o, id } of event.entries) this.#notePlace(event.ch, { e: event.e, o, id });
  }

  /**
   * @param {string} channel
   * @param {Record<string, any>} place
   */
  #notePlace(channel, { e, o, id }) {
    const key = placeKey(channel, e, o);
    const ids = this.#idsByPlace.get(key) ?? new Set();
    this.#idsByPlace.set(key, ids.add(id));
  }

  /** @param {LogEvent} event */
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
   *
   * @param {Reading} reading
   */
  #place({ channel, intervals }) {
    for (const [at, { messages }] of intervals.entries()) {
      const isLeft = ANOTHER_BRANCH.includes(intervals[at + 1]?.start.reason);
      /** @type {LogEvent | undefined} */
      let last;
      for (const message of messages) {
        if (message.o === undefined)
          Object.assign(message, this.#placeOf(channel, { message, last, isLeft }));
        else this.#notePlace(channel, message);
        last = message;
      }
    }
  }

  /**
   * @param {string} channel
   * @param {{ message: LogEvent, last: LogEvent | undefined, isLeft: boolean }} received `isLeft`: a gap to another branch
   *   ends its interval
   */
  #placeOf(channel, { message: { id, at }, last, isLeft }) {
    const final = this.finals.get(channel);
    const entry = final?.byId.get(id);
    const places = [
      ...(final && entry ? [{ e: final.event.e, o: entry.o }] : []),
      ...(this.posts.get(id)?.oks ?? []).map(({ e, o }) => ({ e, o })),
    ];
    const next = places.find(({ e, o }) => last && e === last.e && o === last.o + 1);
    // Acked long after it was received, or received on a branch that was left: it may have been stored a second time.
    const [ack] = this.posts.get(id)?.oks ?? [];
    const isRedelivered = ack !== undefined && ack.at - at > (isLeft ? 0 : LATE_ACK_MS);
    return next ?? (isRedelivered ? {} : (places[0] ?? {}));
  }
}

/** The messages of one client and channel, in intervals that begin with a subscription or a gap. */
export class Reading {
  /** @type {{ start: LogEvent, messages: LogEvent[] }[]} */
  intervals = [];
  /**
   * All messages, of all intervals.
   *
   * @type {LogEvent[]}
   */
  messages = [];
  hasLeft = false;
  /** @type {Map<string, LogEvent>} */
  #byId = new Map();

  /**
   * @param {string} client
   * @param {string} channel
   */
  constructor(client, channel) {
    this.client = client;
    this.channel = channel;
  }

  /**
   * The first gap after a time.
   *
   * @param {number} at
   */
  gapAfter(at) {
    return this.intervals.find(({ start }) => start.k === 'gap' && start.at >= at)?.start;
  }

  /** @param {LogEvent} event */
  add(event) {
    // Messages on their way still arrive.
    if (event.k === 'leave' || event.k === 'sub_ok') this.hasLeft = event.k === 'leave';
    if (event.k === 'leave' || (event.k === 'sub_ok' && event.recovered)) return;
    if (event.k === 'recv') this.#receive(event);
    else this.intervals.push({ start: event, messages: [] });
  }

  /**
   * The message that was received first under an id.
   *
   * @param {string} id
   */
  received(id) {
    return this.#byId.get(id);
  }

  /** @param {LogEvent} event */
  #receive(event) {
    // A message that nothing came before is judged too.
    if (this.intervals.length === 0) this.intervals.push({ start: event, messages: [] });
    const message = { ...event };
    this.intervals.at(-1)?.messages.push(message);
    this.messages.push(message);
    if (!this.#byId.has(message.id)) this.#byId.set(message.id, message);
  }
}

/** The reasons of gaps that lead from one branch of a history to another. */
const ANOTHER_BRANCH = ['diverged', 'epoch-changed'];

/** How long after a message was received its ack is that of the same storing, at most. */
const LATE_ACK_MS = 1_000;

/**
 * @param {string} channel
 * @param {string} epoch
 * @param {number} offset
 */
function placeKey(channel, epoch, offset) {
  return `${channel}\n${epoch}\n${offset}`;
}
