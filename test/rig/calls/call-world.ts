import { FakeClock } from '@nestwire/testing';
import { carried } from '../recovery/memory-socket.js';
import { CallClient, type ClientFlaws } from './call-client.js';
import { CallCluster, type NodeBroker, type StoreLies } from './call-cluster.js';
import { CallJudge } from './call-judge.js';
import type { NotedCall } from './noted-call.js';
import { RESUMABLE, startWork, Work, type WorkApp } from './work.app.js';

const NODES = 3;
/** The users of the clients: the first two are devices of one user. */
const USERS = ['user0', 'user0', 'user1'];
const QUIET_TURNS = 3;
const MAX_TURNS = 3_000;
/** The longest step of the clock, so that servers confirm in time that they are alive. */
const STEP_MS = 1_000;
const HEALING_STEPS = 20;
/** The time after which nothing of a call is stored any more, in milliseconds. */
const FORGOTTEN_MS = RESUMABLE.forMs + 61_000;

/** The collections of a server whose entries end with the calls. */
const PARTS = ['produced', 'readers', 'shares'];

/** Faults on purpose, for negative controls. */
export interface CallFlaws extends ClientFlaws {
  readonly store?: StoreLies;
  /** Reports only what this matches. */
  readonly only?: RegExp;
}

/** Servers that share a store of calls, and devices that call them on connections in memory. */
export class CallWorld {
  readonly clock = new FakeClock();
  readonly work = new Work(this.clock);
  readonly cluster: CallCluster;
  readonly nodes: WorkApp[] = [];
  clients: CallClient[] = [];
  /** The number of each end of a call in all runs. */
  readonly seen: Record<string, number> = {};
  #longWaits: number[] = [];
  readonly #cancelled = new Map<string, number>();
  /** True when a run has left something that affects the next one. */
  #isSpoiled = false;
  #lastNode = 0;
  #lastCall = 0;
  #lastRun = 0;
  readonly #closing = new Set<Promise<void>>();

  private constructor(private readonly flaws: CallFlaws) {
    this.cluster = new CallCluster(this.clock, flaws.store);
  }

  /** Starts the servers. */
  static async start(flaws: CallFlaws = {}): Promise<CallWorld> {
    const world = new CallWorld(flaws);
    for (let node = 0; node < NODES; node++) await world.#startNode(node);
    world.work.takenBy = (name) => Math.max(0, ...world.#readersOf(name).map(({ got }) => got.length));
    return world;
  }

  /** The connections of the servers to their cluster. */
  get brokers(): readonly NodeBroker[] {
    return this.nodes.map(({ broker }) => broker);
  }

  /** Begins a run with clients of its own, and with servers in place of those that have died. */
  async begin(): Promise<void> {
    for (const [index, node] of this.nodes.entries()) {
      if (node.server && !this.#isSpoiled) continue;
      if (node.server) this.#end(node);
      await this.#startNode(index);
    }
    this.#isSpoiled = false;
    this.work.runs = [];
    this.cluster.clear();
    this.#longWaits = [];
    this.#cancelled.clear();
    this.#lastCall = 0;
    this.#lastRun++;
    this.clients = USERS.map((user) => new CallClient(user, this.#clientWorld));
    this.clients.forEach(({ lines }, index) => (lines.target = index % NODES));
    await this.settle();
  }

  /** Returns a name for the next call. */
  nextName(): string {
    return `r${this.#lastRun}.${++this.#lastCall}`;
  }

  /** Returns the index of a server that lives: the given one, or the next one. */
  alive(index: number): number {
    const from = this.nodes.findIndex(({ server }, at) => server && at >= index);
    return from < 0 ? this.nodes.findIndex(({ server }) => server) : from;
  }

  /** Ends a server at once, unless it is the last one: nothing reaches it or comes from it any more. */
  kill(index: number): void {
    const node = this.nodes[index]!;
    const { server, number } = node;
    if (!server || this.nodes.filter((one) => one.server).length === 1) return;
    this.work.died(number);
    this.cluster.died(number, this.clock.now());
    this.#end(node);
    for (const client of this.clients) {
      // A connection that the client leaves may be one of those.
      client.faults++;
      client.stirred();
      client.lines.cutFrom(server);
      client.lines.target = this.alive(client.lines.target);
    }
  }

  /** Reads a resumable call of the user of a device from its beginning. */
  resume(client: CallClient, choice: number): void {
    const call = this.#storedCall(choice, ({ user }) => user === client.user);
    if (call) client.resume(call, this.cluster.records.has(call.name));
  }

  /** Reads a resumable call of another user. */
  steal(client: CallClient, choice: number): void {
    const call = this.#storedCall(choice, ({ user }) => user !== client.user);
    if (call) client.resume(call, this.cluster.records.has(call.name));
  }

  /** Cancels a resumable call of the user of a device by its id. */
  cancelById(client: CallClient, choice: number): void {
    const call = this.#storedCall(choice, ({ user }) => user === client.user);
    if (!call) return;
    const { name } = call;
    const isStored = this.cluster.records.has(name);
    const cancelledAtMs = (): number => this.#cancelled.get(name) ?? Infinity;
    this.#cancelled.set(name, cancelledAtMs());
    void client.cancelById(call).then(() => {
      if (isStored) this.#cancelled.set(name, Math.min(cancelledAtMs(), this.clock.now()));
    });
  }

  /** Moves the clock on, in steps that let servers confirm that they are alive. */
  async advance(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      this.clock.advance(Math.min(leftMs, STEP_MS));
      await this.settle();
    }
  }

  /** Waits until calls without a reader are forgotten. */
  waitLong(ms: number): Promise<void> {
    this.#longWaits.push(this.clock.now());
    return this.advance(ms);
  }

  /** Waits until nothing moves any more. */
  async settle(): Promise<void> {
    let quiet = 0;
    let before = '';
    const { cluster, work } = this;
    for (let turn = 0; quiet < QUIET_TURNS && turn < MAX_TURNS; turn++) {
      await new Promise(setImmediate);
      const now = `${carried.chunks} ${work.activity} ${cluster.activity}`;
      quiet = now === before && !cluster.pending ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Ends all faults, lets all calls end, and returns what is wrong. */
  async finish(): Promise<string[]> {
    for (const broker of this.brokers) broker.heal();
    for (const client of this.clients) {
      client.heal();
      for (const call of client.calls) call.goOn();
    }
    await this.settle();
    for (let step = 0; step < HEALING_STEPS && this.#isBusy; step++) await this.advance(STEP_MS);
    // A connection that only the client has lost is replaced by now.
    for (const { lines } of this.clients) lines.heal();
    await this.settle();
    const { work, cluster, clients } = this;
    const judge = new CallJudge({
      ...{ work, cluster, clients, longWaits: this.#longWaits, cancelled: this.#cancelled },
    });
    for (const { shape, ends } of clients.flatMap(({ calls }) => calls))
      this.#count(`${shape} ${ends.join()}`);
    const broken = clients.flatMap((client) => judge.judge(client));
    await this.#cancelLeft();
    const all = [...broken, ...(await this.#clear())];
    const { only } = this.flaws;
    this.#isSpoiled = all.length > 0;
    return only ? all.filter((what) => only.test(what)) : all;
  }

  /** Ends the servers. */
  async stop(): Promise<void> {
    await Promise.all([...this.#closing, ...this.nodes.map(({ app, server }) => server && app.close())]);
  }

  get #clientWorld() {
    return { nodes: this.nodes, clock: this.clock, flaws: this.flaws };
  }

  get #calls(): NotedCall[] {
    return this.clients.flatMap(({ calls }) => calls);
  }

  get #isBusy(): boolean {
    return this.clients.some(({ isBusy }) => isBusy) || this.#calls.some((call) => this.#isRunning(call));
  }

  async #startNode(index: number): Promise<void> {
    this.nodes[index] = await startWork(this.work, this.cluster, this.#lastNode++);
  }

  /** Separates a server from everything. */
  #end(node: WorkApp): void {
    node.server = undefined;
    node.broker.isDead = true;
    node.clock.die();
    const closed = node.app.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #readersOf(name: string): NotedCall[] {
    return this.#calls.filter((call) => call.name === name);
  }

  #storedCall(choice: number, isMeant: (call: NotedCall) => boolean): NotedCall | undefined {
    const calls = this.#calls.filter((call) => call.shape === 'generate' && !call.origin && isMeant(call));
    return calls[choice % calls.length];
  }

  /** Returns whether a method runs that has no reader, or is cancelled. */
  #isRunning({ shape, name }: NotedCall): boolean {
    if (shape === 'generate' && !this.#cancelled.has(name)) return false;
    return this.work.runs.some((run) => run.name === name && run.finals === 0 && !run.isOrphan);
  }

  /** Cancels the resumable calls that their readers have left, from a device of their user. */
  async #cancelLeft(): Promise<void> {
    for (const { name, finals, isOrphan } of this.work.runs) {
      const call = this.#readersOf(name).find(({ origin }) => !origin);
      if (finals || isOrphan || !call) continue;
      void this.clients.find(({ user }) => user === call.user)!.cancelById(call);
    }
    await this.settle();
    for (let step = 0; step < HEALING_STEPS && this.#hasLeft; step++) await this.advance(STEP_MS);
  }

  get #hasLeft(): boolean {
    return this.work.runs.some(({ finals, isOrphan }) => !finals && !isOrphan);
  }

  /** Closes the clients, and returns what is left of the run. */
  async #clear(): Promise<string[]> {
    await Promise.all(this.clients.map((client) => client.close()));
    for (const { lines } of this.clients) lines.cutAll();
    await this.settle();
    const broken = this.work.runs
      .filter(({ finals, isOrphan }) => finals !== 1 && !isOrphan)
      .map(({ name, finals }) => `${name} ran finally ${finals} times`);
    await this.#forget();
    return [...broken, ...this.#left()];
  }

  /** Waits until nothing of the stored calls is left. */
  async #forget(): Promise<void> {
    if (!this.cluster.records.size) return;
    this.clock.advance(FORGOTTEN_MS);
    await this.settle();
    // The servers confirm again that they are alive.
    await this.advance(STEP_MS);
  }

  #left(): string[] {
    const { cluster, clock } = this;
    const living = this.nodes.filter(({ server }) => server);
    const ofServers = living.map(({ clock: { pending } }) => pending);
    const counts = living.flatMap(({ streams, inner }) => {
      const { connections, sessions } = streams.counters();
      const parts = inner.resumableCalls as unknown as Record<string, { readonly size: number }>;
      const inside = PARTS.map((part): [string, number] => [part, parts[part]!.size]);
      return [...Object.entries({ connections, sessions }), ...inside];
    });
    const timers = clock.pending - ofServers.reduce((sum, count) => sum + count, 0);
    counts.push(['stored calls', cluster.shared.calls.size], ['timers of clients', timers]);
    // A server confirms each second that it is alive.
    counts.push(
      ...ofServers.map((count): [string, number] => ['timers of a server', Math.max(0, count - 1)]),
    );
    return counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what} are left`);
  }

  #count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}
