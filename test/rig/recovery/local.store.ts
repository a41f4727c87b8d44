import type { Position } from '@nestwire/messages';
import {
  HistoryStore,
  LocalBroker,
  LocalHistoryStore,
  type Draft,
  type HistoryChannel,
  type HistorySink,
  type PageBounds,
  type PageStart,
  type Stored,
  type StoredMessage,
} from '@nestwire/messages/backend';
import type { FakeClock } from '@nestwire/testing';
import type { HistoryPage } from '../../../libs/messages/src/history/recovery.js';
import type { Store, StoreNode } from './store.js';

type Heard = (channel: string, messages: readonly StoredMessage[]) => void;

/** The start of a branch, which another branch can share. */
interface Saved {
  readonly epoch: string;
  readonly channel: HistoryChannel;
  readonly drafts: readonly Draft[];
}

/**
 * One branch of one channel in memory.
 *
 * Another branch of it is a new history that was given the same messages, under the name of the same epoch.
 */
class LocalBranch {
  readonly #history: LocalHistoryStore;
  readonly #drafts: Draft[] = [];
  #channel: HistoryChannel | undefined;
  #epoch: string | undefined;
  #isHeard = true;

  constructor(clock: FakeClock, heard: Heard) {
    this.#history = new LocalHistoryStore(clock);
    this.#history.attach({
      stored: (channel, messages) => {
        this.#drafts.push(...messages);
        if (this.#isHeard)
          heard(
            channel,
            messages.map((message) => this.#named(message)),
          );
      },
      suspected: () => undefined,
    });
  }

  async begin({ epoch, channel, drafts }: Saved): Promise<this> {
    this.#epoch = epoch;
    this.#isHeard = false;
    for (const draft of drafts) await this.append(channel, [draft]);
    this.#isHeard = true;
    return this;
  }

  save(): Saved | undefined {
    if (this.#epoch === undefined) return undefined;
    return { epoch: this.#epoch, channel: this.#channel!, drafts: [...this.#drafts] };
  }

  async append(channel: HistoryChannel, drafts: readonly Draft[]): Promise<readonly Stored[]> {
    await this.#open(channel);
    const results = await this.#history.append(channel, drafts);
    return results.map((result) => ({ ...result, position: this.#named(result.position) }));
  }

  async read(
    channel: HistoryChannel,
    start: PageStart,
    limits: PageBounds,
  ): Promise<HistoryPage<StoredMessage>> {
    await this.#open(channel);
    const { head, messages, isCut } = await this.#history.read(channel, start, limits);
    return { head: this.#named(head), messages: messages.map((message) => this.#named(message)), isCut };
  }

  async head(): Promise<Position | undefined> {
    const [head] = this.#channel ? await this.#history.heads([this.#channel.name]) : [];
    return head ? this.#named(head) : undefined;
  }

  close(): void {
    this.#history.close();
  }

  async #open(channel: HistoryChannel): Promise<void> {
    if (this.#channel) return;
    this.#channel = channel;
    await this.#history.follow(channel.name);
    const { head } = await this.#history.read(channel, { last: 0 }, { messages: 1, bytes: 1 });
    this.#epoch ??= head.epoch;
  }

  #named<P extends Position>(position: P): P {
    return { ...position, epoch: this.#epoch! };
  }
}

/** A process's view of the branches. */
class LocalNode extends HistoryStore {
  sink: HistorySink | undefined;
  readonly followed = new Set<string>();

  constructor(private readonly branchOf: (channel: string) => LocalBranch) {
    super();
  }

  attach(sink: HistorySink): void {
    this.sink = sink;
  }

  async follow(channel: string): Promise<void> {
    this.followed.add(channel);
  }

  unfollow(channel: string): void {
    this.followed.delete(channel);
  }

  append(channel: HistoryChannel, drafts: readonly Draft[]): Promise<readonly Stored[]> {
    return this.branchOf(channel.name).append(channel, drafts);
  }

  read(channel: HistoryChannel, start: PageStart, limits: PageBounds): Promise<HistoryPage<StoredMessage>> {
    return this.branchOf(channel.name).read(channel, start, limits);
  }

  heads(channels: readonly string[]): Promise<ReadonlyArray<Position | undefined>> {
    return Promise.all(channels.map((channel) => this.branchOf(channel).head()));
  }
}

/** Keeps the histories of a cluster in memory, in the library's own histories. */
export class LocalStore implements Store {
  readonly #branches = new Map<string, LocalBranch>();
  readonly #nodes: LocalNode[] = [];
  readonly #backend: LocalBroker;

  constructor(private readonly clock: FakeClock) {
    this.#backend = new LocalBroker(clock);
  }

  open(): StoreNode {
    const history = new LocalNode((channel) => this.#branchOf(channel));
    this.#nodes.push(history);
    return { backend: this.#backend, history };
  }

  async save(channel: string): Promise<() => Promise<void>> {
    const saved = this.#branchOf(channel).save();
    return async () => {
      this.#end(channel);
      if (!saved) return;
      const branch = await this.#newBranch().begin(saved);
      // Somebody may have asked meanwhile, and begun another one. The exchange takes one turn: no read is between.
      this.#end(channel);
      this.#branches.set(channel, branch);
    };
  }

  async lose(channel: string): Promise<void> {
    this.#end(channel);
  }

  async head(channel: string): Promise<Position | undefined> {
    return this.#branches.get(channel)?.head();
  }

  async forget(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#end(channel);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #end(channel: string): void {
    this.#branches.get(channel)?.close();
    this.#branches.delete(channel);
  }

  #branchOf(channel: string): LocalBranch {
    const branch = this.#branches.get(channel) ?? this.#newBranch();
    this.#branches.set(channel, branch);
    return branch;
  }

  #newBranch(): LocalBranch {
    return new LocalBranch(this.clock, (channel, messages) => {
      for (const { followed, sink } of this.#nodes)
        if (followed.has(channel)) sink?.stored(channel, messages);
    });
  }
}
