import { create } from '@nestwire/protocol';
import type { Position } from '@nestwire/messages';
import type { FakeClock } from '@nestwire/testing';
import { channelNamed, Note, Plan, startDesk, type DeskApp } from './desk.app.js';
import { FaultyBackend } from './faulty.backend.js';
import type { FaultyHistory, Lies } from './faulty.history.js';
import { judgeClient } from './judge.js';
import { judgePosts } from './judge-posts.js';
import { Ledger, type Post } from './ledger.js';
import { carried } from './memory-socket.js';
import { RigListener } from './rig-listener.js';
import { RigClient, type ClientFlaws } from './rig-client.js';
import type { Store } from './store.js';

/** The channel that each server follows itself, from its start. */
const EVICTIONS = 'nestwire#evictions';
const NODES = 2;
const CLIENTS = 2;
/** Both streams of the first client share a channel. */
const FIRST_WISHES = [
  [0, 'desk', 0],
  [0, 'desk', 2],
  [0, 'desk', 3],
  [0, 'desk', 4],
  [0, 'lobby', 0],
  [1, 'desk', 0],
  [1, 'lobby', 2],
  [1, 'lobby', 4],
] as const;
const MAX_LISTENERS = 6;
const QUIET_TURNS = 3;
const MAX_TURNS = 2_000;
/** A check of positions comes at least each 12 s. */
const CHECKS_S = 13;
const MAX_HEALING_S = 45;
const CLOSING_MS = 1_000;
const DAY_MS = 86_400_000;

/** The intended faults, for negative controls. */
export interface Flaws extends ClientFlaws, Lies {}

/** The parts of a world. */
export interface WorldOptions {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly flaws?: Flaws;
  readonly ledger?: Ledger;
}

/** Two servers that share a store, and clients that come and go: the real ones, on connections in memory. */
export class World {
  readonly ledger: Ledger;
  readonly plan = new Plan();
  readonly histories: FaultyHistory[] = [];
  readonly nodes: DeskApp[] = [];
  clients: RigClient[] = [];
  /** Those that listen on the servers, and those that did. */
  listeners: RigListener[] = [];
  /** The channels of this run. */
  channels: string[] = [];
  saved: Array<{ readonly channel: string; readonly restore: () => Promise<void> }> = [];
  /** The counts of events of clients in all runs. */
  readonly seen: Record<string, number> = {};
  /** How far the calendar is ahead. */
  #aheadMs = 0;
  #lastRun = 0;
  #lastPost = 0;
  #random = 1;
  /** The number of timers of servers and store without clients: they keep that channel. */
  #ownTimers = 0;
  readonly #unhandled: unknown[] = [];
  readonly #systemRandom = Math.random.bind(Math);
  readonly #systemNow = Date.now.bind(Date);
  readonly #noteUnhandled = (error: unknown): void => void this.#unhandled.push(error);

  private constructor(readonly options: WorldOptions) {
    this.ledger = options.ledger ?? new Ledger();
  }

  /** Starts the servers. */
  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    for (let node = 0; node < NODES; node++) {
      const backend = new FaultyBackend(options.store.open(), world.ledger);
      backend.history.lies = options.flaws ?? {};
      world.histories.push(backend.history);
      world.nodes.push(await startDesk(backend, options.clock, world.plan));
    }
    // Jitter is drawn anew in each run alike, so that a run is found again; and the calendar can be moved.
    Math.random = () => (world.#random = (world.#random * 48_271) % 2_147_483_647) / 2_147_483_647;
    Date.now = () => world.#systemNow() + world.#aheadMs;
    process.on('unhandledRejection', world.#noteUnhandled);
    await world.settle();
    world.#ownTimers = options.clock.pending;
    return world;
  }

  get clock(): FakeClock {
    return this.options.clock;
  }

  /** Begins a run with channels and clients of its own. */
  async begin(): Promise<void> {
    const run = ++this.#lastRun;
    this.#random = 1;
    this.#lastPost = 0;
    this.ledger.clear();
    this.saved = [];
    this.listeners = [];
    this.channels = ['long', 'long', 'short', 'board', 'newest'].map(
      (kind, index) => `${kind}:${run}.${index}`,
    );
    const { flaws = {}, clock } = this.options;
    const context = { clock, servers: this.nodes, flaws };
    this.clients = Array.from({ length: CLIENTS }, (_, index) => new RigClient(`user${index}`, context));
    this.clients.forEach((client, index) => (client.target = index % NODES));
    await this.settle();
    for (const [client, endpoint, channel] of FIRST_WISHES)
      this.clients[client]!.wish(endpoint, 'subscribe', this.channels[channel]!);
    await this.settle();
  }

  /** Lets a server listen to a channel of which each message matters. */
  listen(node: number, channel: string): void {
    if (this.listeners.length < MAX_LISTENERS && channelNamed(channel).delivery === 'history')
      this.listeners.push(new RigListener(this.nodes[node]!, channel));
  }

  /** Posts a message, under a new id or again. */
  post(
    node: number,
    channel: string,
    { bytes = 0, redelivered }: { bytes?: number; redelivered?: Post } = {},
  ): void {
    const truth = this.ledger.of(channel);
    const id = redelivered?.id ?? `m${++this.#lastPost}`;
    const post = redelivered ?? { id, channel, node, atMs: this.clock.now(), outcomes: [] };
    this.ledger.posts.set(id, post);
    if (!redelivered) truth.repeatable.push(post);
    truth.inFlight++;
    const note = create(Note, { channel, name: id, padding: 'x'.repeat(bytes) });
    void this.nodes[node]!.messages.postMessage(channelNamed(channel), note, { id })
      .then(
        (stored) => ({ code: 'ok', ...(stored as unknown as { position: Position; isDuplicate: boolean }) }),
        (error: { code: string }) => ({ code: error.code }),
      )
      .then((outcome) => {
        truth.inFlight--;
        post.outcomes.push({ ...outcome, branch: truth.branch });
      });
  }

  /** Lets resume tokens expire. */
  expireTickets(): void {
    this.#aheadMs += 2 * DAY_MS;
  }

  /** Waits until nothing moves any more. */
  async settle(): Promise<void> {
    let quiet = 0;
    let before = '';
    for (let turn = 0; quiet < QUIET_TURNS && turn < MAX_TURNS; turn++) {
      await this.options.store.turn();
      const now = `${carried.chunks} ${this.ledger.activity} ${this.ledger.pending}`;
      quiet = now === before && this.ledger.pending === 0 ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Moves time on. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Ends all faults, lets everybody come back and all posts end, and returns what is wrong. */
  async finish(): Promise<string[]> {
    await this.#heal();
    let broken = await this.#judge();
    if (this.histories.some(({ circles }) => circles > 0)) return broken;
    // A state that is not right yet may become right with the next check; a fault stays.
    for (let second = CHECKS_S; broken.length > 0 && second < MAX_HEALING_S; second += CHECKS_S) {
      for (let step = 0; step < CHECKS_S; step++) await this.advance(1_000);
      broken = await this.#judge();
    }
    return [...broken, ...(await this.#clear())];
  }

  /** Ends the servers. */
  async stop(): Promise<void> {
    Math.random = this.#systemRandom;
    Date.now = this.#systemNow;
    process.off('unhandledRejection', this.#noteUnhandled);
    await Promise.all(this.nodes.map(({ app }) => app.close()));
  }

  async #heal(): Promise<void> {
    for (const history of this.histories) history.heal();
    for (const client of this.clients) client.heal();
    await this.settle();
    for (let step = 0; step < 30 && !this.clients.every(({ isConnected }) => isConnected); step++)
      await this.advance(200);
    for (let second = 0; second < CHECKS_S; second++) await this.advance(1_000);
  }

  async #judge(): Promise<string[]> {
    const heads = new Map<string, Position | undefined>();
    for (const channel of this.channels) heads.set(channel, await this.options.store.head(channel));
    const judges = this.clients.flatMap((client) => judgeClient(client, this.ledger, heads));
    for (const { seen } of judges)
      for (const [what, count] of Object.entries(seen)) this.seen[what] = (this.seen[what] ?? 0) + count;
    const received = new Set(
      this.clients.flatMap(({ got }) =>
        Object.values(got).flatMap((all) => all.flatMap((one) => (one instanceof Note ? [one.name] : []))),
      ),
    );
    const unfinished = this.channels.filter((channel) => this.ledger.of(channel).inFlight > 0);
    return [
      ...judges.flatMap(({ broken }) => [...broken]),
      ...this.listeners.flatMap((listener) =>
        listener.judge(this.ledger, heads.get(listener.channel) ?? { epoch: '', offset: 0, id: '' }),
      ),
      ...judgePosts(this.ledger, received),
      ...unfinished.map((channel) => `posts to ${channel} do not end`),
      ...this.clients.filter(({ isConnected }) => !isConnected).map(({ user }) => `${user} is not connected`),
      ...this.histories.filter(({ circles }) => circles > 0).map(() => 'readers turn in circles'),
      ...this.#unhandled.splice(0).map((error) => `unhandled: ${String(error)}`),
    ];
  }

  /** Closes all clients, and returns what is left of them. */
  async #clear(): Promise<string[]> {
    for (const listener of this.listeners) listener.remove();
    const closed = Promise.all(this.clients.map((client) => client.close()));
    await this.settle();
    const statuses = this.clients.map((client) => client.status);
    for (const client of this.clients) client.cutAll();
    if (!(await within(CLOSING_MS, closed))) return [`clients do not close: ${statuses.join()}`];
    await this.settle();
    // Readers linger for a second, and what they keep of a last read for another.
    for (let second = 0; second < 3; second++) await this.advance(1_100);
    await this.options.store.forget(this.channels);
    this.plan.released.clear();
    this.plan.eager.clear();
    this.plan.always.clear();
    const left = this.nodes.flatMap(({ streams }, node) => {
      const { connections, sessions, channels, handshakes } = streams.counters();
      const followed = [...this.histories[node]!.followed].filter((channel) => channel !== EVICTIONS).length;
      const counts = Object.entries({ connections, sessions, channels, handshakes, followed });
      return counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what} are left`);
    });
    const timers = this.clock.pending - this.#ownTimers;
    return timers > 0 ? [...left, `${timers} timers are left`] : left;
  }
}

/** Tells whether a promise is fulfilled within a time of the machine's own clock. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const isDone = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}
