import { FakeClock } from '@nestwire/testing';
import { applyPresence, EMPTY_PRESENCE, type PresenceEvent, type PresenceView } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Publication } from '@nestwire/messages/internal';
import {
  presenceKey,
  type PresenceDelta,
  type PresenceEntry,
  type PresenceState,
} from '../../../libs/messages/src/presence/presence-store.js';
import { byJoin, memberOf } from '../../../libs/messages/src/presence/member-table.js';
import { PresenceStream } from '../../../libs/messages/src/presence/presence-stream.js';
import { PresenceWatch } from '../../../libs/messages/src/presence/presence-watch.js';

const CHANNEL = 'room';
const PATIENCE_MS = 1_000;
/** Long, so that few members fill a page. */
const PADDING = 'x'.repeat(12_000);

/** Decides which events a reader takes into account. */
export type Reader = (event: PresenceEvent, index: number) => boolean;

/** A stream of one watch, and what its reader has made of it. */
class Follower {
  view: PresenceView = EMPTY_PRESENCE;
  #events = 0;
  private waiting: Promise<void> | undefined;

  constructor(
    readonly stream: PresenceStream,
    private readonly takes: Reader,
  ) {}

  /** Asks for the next event, unless the reader waits for it already. */
  async read(): Promise<void> {
    this.waiting ??= this.stream.next().then(({ value }) => {
      this.waiting = undefined;
      if (value && this.takes(value, this.#events++)) this.view = applyPresence(this.view, value);
    });
    await turn();
  }

  /** Reads until nothing is left. */
  async drain(): Promise<void> {
    for (let before = -1; before !== this.#events;) {
      before = this.#events;
      await this.read();
    }
  }
}

/** A process with one watch, and the deltas that are on their way to it. */
class Process {
  readonly followers: Follower[] = [];
  readonly late: PresenceDelta[] = [];
  readonly watch: PresenceWatch;

  constructor(clock: FakeClock, read: () => Promise<PresenceState>) {
    this.watch = new PresenceWatch({
      channel: CHANNEL,
      clock,
      patienceMs: PATIENCE_MS,
      read,
      emit: ({ message, order }) => {
        const { type, data } = encodingOf(message);
        for (const { stream } of this.followers)
          stream.pushChange(new Publication(CHANNEL, type, data), order);
      },
      renewed: () => {
        for (const { stream } of this.followers) stream.restart();
      },
    });
  }

  follow(limit: number, takes: Reader): void {
    const stream = new PresenceStream(this.watch, { limit }, () => undefined);
    this.followers.push(new Follower(stream, takes));
  }
}

/** The fate of a delta on its way to a process. */
export type Fate = 'arrives' | 'is late' | 'is lost';

/**
 * A channel in a cluster that loses state, and processes that follow it.
 *
 * The servers know the truth. The store is what Redis would hold.
 */
export class PresenceWorld {
  readonly clock = new FakeClock();
  readonly processes: readonly Process[];
  private readonly truth = new Map<string, PresenceEntry>();
  private store = new Map<string, PresenceEntry>();
  private epoch = '';
  private number = 0;
  private epochs = 0;
  private older: { store: Map<string, PresenceEntry>; epoch: string; number: number } | undefined;

  constructor(
    processes: number,
    private readonly takes: Reader = () => true,
  ) {
    this.processes = Array.from(
      { length: processes },
      () =>
        new Process(this.clock, async () => {
          await Promise.resolve();
          const entries = [...this.store.values()];
          return { epoch: this.epoch, number: this.number, entries, lost: new Set<string>() };
        }),
    );
  }

  follow(process: number, limit: number): void {
    this.processes[process % this.processes.length]!.follow(limit, this.takes);
  }

  join(server: string, id: string, userId: string | null, data: number, fates: readonly Fate[]): void {
    const entry = { server, id, userId, data: JSON.stringify([data, PADDING]), number: 0 };
    this.truth.set(presenceKey(entry), entry);
    this.write([entry], [], fates);
  }

  leave(server: string, id: string, fates: readonly Fate[]): void {
    const key = presenceKey({ server, id });
    this.truth.delete(key);
    this.write([], [key], fates);
  }

  /** The store is empty, as after FLUSHALL or an eviction. */
  lose(): void {
    this.store = new Map();
    this.epoch = '';
    this.number = 0;
  }

  /** Keeps what a replica has received. */
  replicate(): void {
    this.older = { store: new Map(this.store), epoch: this.epoch, number: this.number };
  }

  /** The replica becomes the master. */
  failOver(): void {
    if (this.older) Object.assign(this, { ...this.older, store: new Map(this.older.store) });
  }

  /** A server repairs what the store has of it. */
  repair(server: string, fates: readonly Fate[]): void {
    const own = (entries: Iterable<PresenceEntry>) => [...entries].filter((entry) => entry.server === server);
    const wrong = own(this.truth.values()).filter((entry) => {
      const held = this.store.get(presenceKey(entry));
      return held?.data !== entry.data || held.userId !== entry.userId;
    });
    const extra = own(this.store.values())
      .map(presenceKey)
      .filter((key) => !this.truth.has(key));
    if (wrong.length > 0) this.write(wrong, [], fates);
    if (extra.length > 0) this.write([], extra, fates);
  }

  /** Delivers a late delta of each process. */
  deliver(at: number): void {
    for (const { late, watch } of this.processes) {
      const [delta] = late.splice(at % Math.max(1, late.length), 1);
      if (delta) watch.take(delta);
    }
  }

  async compare(): Promise<void> {
    const { epoch, number } = this;
    await Promise.all(this.processes.map(({ watch }) => watch.compare({ epoch, number })));
  }

  async read(process: number, times: number): Promise<void> {
    for (let time = 0; time < times; time++)
      for (const follower of this.processes[process % this.processes.length]!.followers)
        await follower.read();
  }

  /** Lets everything happen that the servers and processes do by themselves. */
  async settle(servers: readonly string[]): Promise<void> {
    for (const server of servers) this.repair(server, []);
    // Twice, because the first comparison may share a reading that began before the last step.
    for (let round = 0; round < 2; round++) {
      await this.compare();
      // The reading of every fourth lease.
      for (const { watch } of this.processes) await watch.read();
      this.clock.advance(PATIENCE_MS);
    }
    for (const { followers } of this.processes) for (const follower of followers) await follower.drain();
  }

  /** The members that there are, with their data. */
  members(): string[] {
    const members = new Map<string, string>();
    for (const entry of [...this.store.values()].toSorted(byJoin)) members.set(memberOf(entry), entry.data);
    return [...members].map(([member, data]) => `${member} ${JSON.parse(data)[0] as number}`).toSorted();
  }

  /** The members that must be there: those of the servers' own records. */
  expected(): string[] {
    return [...new Set([...this.truth.values()].map(memberOf))].toSorted();
  }

  /** The members of each view; undefined for one that is not complete. */
  views(): Array<string[] | undefined> {
    return this.processes
      .flatMap(({ followers }) => followers)
      .map(({ view }) => (view.isComplete ? view.members.map(nameOf).toSorted() : undefined));
  }

  private write(set: readonly PresenceEntry[], removed: readonly string[], fates: readonly Fate[]): void {
    const gone = removed.filter((key) => this.store.delete(key));
    if (set.length + gone.length === 0) return;
    if (this.epoch === '') this.epoch = `e${++this.epochs}`;
    this.number++;
    const entries = set.map((entry) => ({ ...entry, number: this.number }));
    for (const entry of entries) this.store.set(presenceKey(entry), entry);
    const delta = { channel: CHANNEL, epoch: this.epoch, number: this.number, set: entries, removed: gone };
    if (this.store.size === 0) this.lose();
    for (const [at, { watch, late }] of this.processes.entries()) {
      const fate = fates[at % Math.max(1, fates.length)] ?? 'arrives';
      if (fate === 'arrives') watch.take(delta);
      else if (fate === 'is late') late.push(delta);
    }
  }
}

function nameOf({ id, userId, data }: PresenceView['members'][number]): string {
  return `${memberOf({ id, userId })} ${(data as [number])[0]}`;
}

async function turn(): Promise<void> {
  for (let at = 0; at < 5; at++) await Promise.resolve();
}
