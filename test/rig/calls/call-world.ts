import { FakeClock } from '@nestwire/testing';
import { carried } from '../recovery/memory-socket.js';
import { CallClient, type CallFlaws, type NotedCall, type Shape } from './call-client.js';
import { startWork, Work, type WorkApp } from './work.app.js';

const NODES = 2;
const CLIENTS = 2;
const QUIET_TURNS = 3;
const MAX_TURNS = 3_000;
const HEALING_STEPS = 8;
const HEALING_MS = 2_000;

const ITEM_SHAPES: readonly Shape[] = ['watch', 'echo', 'generate'];

/** Codes of a call whose connection was lost. */
const LOST: readonly string[] = ['UNCERTAIN', 'CALL_LOST'];

/** Two servers with stream methods, and clients that call them on connections in memory. */
export class CallWorld {
  readonly clock = new FakeClock();
  readonly work = new Work();
  readonly nodes: WorkApp[] = [];
  clients: CallClient[] = [];
  /** The number of each end of a call in all runs. */
  readonly seen: Record<string, number> = {};
  #lastCall = 0;
  #lastRun = 0;

  private constructor(private readonly flaws: CallFlaws) {}

  /** Starts the servers. */
  static async start(flaws: CallFlaws = {}): Promise<CallWorld> {
    const world = new CallWorld(flaws);
    for (let node = 0; node < NODES; node++) world.nodes.push(await startWork(world.work, node));
    return world;
  }

  /** Begins a run with clients of its own. */
  async begin(): Promise<void> {
    this.work.runs = [];
    this.#lastCall = 0;
    this.#lastRun++;
    this.clients = Array.from(
      { length: CLIENTS },
      (_, index) => new CallClient(`user${index}`, this.nodes, this.clock, this.flaws),
    );
    this.clients.forEach(({ lines }, index) => (lines.target = index % NODES));
    await this.settle();
  }

  /** Returns a name for the next call. */
  nextName(): string {
    return `r${this.#lastRun}.${++this.#lastCall}`;
  }

  /** Waits until nothing moves any more. */
  async settle(): Promise<void> {
    let quiet = 0;
    let before = '';
    for (let turn = 0; quiet < QUIET_TURNS && turn < MAX_TURNS; turn++) {
      await new Promise(setImmediate);
      const now = `${carried.chunks} ${this.work.activity}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  /** Ends all faults, lets all calls end, and returns what is wrong. */
  async finish(): Promise<string[]> {
    for (const client of this.clients) {
      client.heal();
      for (const call of client.calls) call.goOn();
    }
    await this.settle();
    for (let step = 0; step < HEALING_STEPS && this.clients.some(({ isBusy }) => isBusy); step++) {
      this.clock.advance(HEALING_MS);
      await this.settle();
    }
    // A connection that only the client has lost is replaced by now.
    for (const { lines } of this.clients) lines.heal();
    await this.settle();
    const broken = this.clients.flatMap((client) => this.#judge(client));
    await this.#cancelResumable();
    return [...broken, ...(await this.#clear())];
  }

  /** Ends the servers. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ app }) => app.close()));
  }

  #judge({ calls, frames, user }: CallClient): string[] {
    const broken = [...frames.broken];
    for (const call of calls) {
      this.#count(`${call.shape} ${call.ends.join()}`);
      broken.push(...this.#wrongIn(call).map((what) => `${call.shape} ${call.name} ${what}`));
    }
    return broken.map((what) => `${user}: ${what}`);
  }

  *#wrong({
    shape,
    count,
    name,
    got,
    ends,
    reply,
    received,
    isCancelled,
    ...call
  }: NotedCall): Generator<string> {
    const [end] = ends;
    const runs = this.work.runs.filter((run) => run.name === name);
    const isLost = LOST.includes(end!) && call.faultsAtEnd > call.faults;
    if (call.cancelling > 0) yield 'is not cancelled on the server';
    if (shape !== 'generate' && runs.some(({ finals }) => finals !== 1)) yield 'still runs';
    if (ends.length !== 1) yield `has ${ends.length} ends`;
    if (got.some((number, at) => number !== at + 1)) yield `got ${got.join()}`;
    if (runs.some(({ taken }) => taken.some((number, at) => number !== at + 1)))
      yield 'took items out of order';
    if (runs.some(({ produced }) => produced < 0 || produced > count)) yield 'produced too much';
    if (end === 'end' && !isCancelled) {
      const isWhole = ITEM_SHAPES.includes(shape) ? got.length === count : reply?.count === count;
      if (!isWhole) yield 'is not whole';
      if (reply && reply.name !== name) yield `got the reply of ${reply.name}`;
    } else if (!isCancelled && !isLost) yield `ended with ${end}`;
    // A lost reply is requested again, and a resumable call continues on its server.
    const isThere = call.moves === call.movesAtEnd && runs.every(({ node }) => node === call.nodeAtEnd);
    const isKept = shape === 'reply' || (shape === 'generate' && isThere);
    if (isKept && isLost) yield `is lost with ${end}`;
    if (end === 'CALL_LOST' && received !== got.length) yield `counts ${received} of ${got.length} items`;
    for (const node of this.nodes.keys())
      if (runs.filter((run) => run.node === node).length > 1) yield 'ran twice on a server';
    // Another server, without the store of the first one, does not know the call.
    const isRepeatable = shape === 'reply' || shape === 'generate';
    if (!isRepeatable && runs.length > 1) yield 'ran twice';
  }

  #wrongIn(call: NotedCall): string[] {
    return [...this.#wrong(call)];
  }

  /** Cancels the resumable calls that their readers have left, each on its server. */
  async #cancelResumable(): Promise<void> {
    for (const node of this.nodes.keys()) {
      if (this.work.runs.every(({ finals }) => finals === 1)) return;
      for (const client of this.clients) client.move(node);
      await this.settle();
      this.clock.advance(HEALING_MS);
      await this.settle();
      for (const client of this.clients) client.cancelResumable();
      await this.settle();
    }
  }

  /** Closes the clients, and returns what is left of the run. */
  async #clear(): Promise<string[]> {
    const broken: string[] = [];
    await Promise.all(this.clients.map((client) => client.close()));
    for (const { lines } of this.clients) lines.cutAll();
    await this.settle();
    for (const { name, finals } of this.work.runs)
      if (finals !== 1) broken.push(`${name} ran finally ${finals} times`);
    for (const { streams } of this.nodes) {
      const { connections, sessions } = streams.counters();
      if (connections + sessions > 0)
        broken.push(`${connections} connections, ${sessions} sessions are left`);
    }
    if (this.clock.pending > 0) broken.push(`${this.clock.pending} timers of clients are left`);
    return broken;
  }

  #count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}
