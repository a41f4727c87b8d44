import { MessagesError } from '@nestwire/messages';
import {
  Broker,
  CallStore,
  LocalBroker,
  type BrokerSink,
  type CallChange,
  type CallState,
  type NewCall,
  type StoredItems,
} from '@nestwire/messages/backend';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { FakeClock } from '@nestwire/testing';

/** A fault of a question to the store: it fails before or after it has an effect. */
export type StoreFault = 'before' | 'after';

/** Faults of the store on purpose, for negative controls. */
export interface StoreLies {
  /** Changes what a read returns. */
  readonly read?: (read: StoredItems) => StoredItems;
  /** Changes a change. */
  readonly change?: (change: CallChange) => CallChange;
  /** Changes the items that are stored. */
  readonly append?: (items: readonly string[]) => readonly string[];
  /** Changes the answer to a new call. */
  readonly create?: (isNew: boolean) => boolean;
  /** Changes the time of a lease, in milliseconds. */
  readonly leaseMs?: (leaseMs: number) => number;
}

/** The state of a stored call, as a test compares it. */
export interface StoredRecord {
  /** The number of the server that produces it. */
  readonly node: number;
  items: number;
  hasEnd: boolean;
  /** The time at which its server died before the end was stored; undefined when that did not happen. */
  orphanedAtMs: number | undefined;
}

/** The store and the channels that the servers of a cluster share. */
export class CallCluster {
  readonly shared: LocalBroker;
  readonly brokers = new Set<NodeBroker>();
  /** The stored calls, by their names. */
  readonly records = new Map<string, StoredRecord>();
  /** The number of failed questions in a run. */
  failures = 0;
  /** Changes with each question. */
  activity = 0;
  /** The number of questions without an answer. */
  pending = 0;
  readonly #names = new Map<string, string>();

  constructor(
    readonly clock: FakeClock,
    readonly lies: StoreLies = {},
  ) {
    this.shared = new LocalBroker(clock);
  }

  /** Forgets what it knows of the calls of a run. */
  clear(): void {
    this.records.clear();
    this.#names.clear();
    this.failures = 0;
  }

  /** Notes a new call. */
  begun({ key, request }: NewCall, node: number): void {
    const { name } = (JSON.parse(request) as { data: { name: string } }).data;
    this.#names.set(key, name);
    this.records.set(name, { node, items: 0, hasEnd: false, orphanedAtMs: undefined });
  }

  recordOf(key: string): StoredRecord | undefined {
    return this.records.get(this.#names.get(key) ?? '');
  }

  /** Notes that a server has died. */
  died(node: number, nowMs: number): void {
    for (const record of this.records.values())
      if (record.node === node && !record.hasEnd) record.orphanedAtMs ??= nowMs;
  }
}

/** The access of one server to the store of calls. */
class NodeCallStore extends CallStore {
  constructor(private readonly node: NodeBroker) {
    super();
  }

  async renew(server: string, leaseMs: number): Promise<void> {
    const { lies } = this.node.cluster;
    if (this.node.isDead) throw unavailable();
    return this.store.renew(server, lies.leaseMs?.(leaseMs) ?? leaseMs);
  }

  isAlive(server: string): Promise<boolean> {
    return this.node.ask(() => this.store.isAlive(server));
  }

  create(call: NewCall): Promise<boolean> {
    const { cluster, number } = this.node;
    return this.node.ask(async () => {
      const isNew = await this.store.create(call);
      if (isNew) cluster.begun(call, number);
      return cluster.lies.create?.(isNew) ?? isNew;
    });
  }

  append(key: string, items: readonly string[]): Promise<boolean> {
    const { cluster } = this.node;
    const stored = cluster.lies.append?.(items) ?? items;
    return this.node.ask(async () => {
      const isStored = await this.store.append(key, stored);
      const record = cluster.recordOf(key);
      if (isStored && record) record.items += stored.length;
      return isStored;
    });
  }

  change(key: string, change: CallChange): Promise<CallState | undefined> {
    const { cluster } = this.node;
    return this.node.ask(async () => {
      const state = await this.store.change(key, cluster.lies.change?.(change) ?? change);
      const record = cluster.recordOf(key);
      if (record && state?.end !== undefined) record.hasEnd = true;
      return state;
    });
  }

  read(key: string, after: number, limit: number): Promise<StoredItems | undefined> {
    const { lies } = this.node.cluster;
    return this.node.ask(async () => {
      const read = await this.store.read(key, after, limit);
      return read && (lies.read?.(read) ?? read);
    });
  }

  remove(key: string): Promise<void> {
    return this.node.ask(() => this.store.remove(key));
  }

  private get store(): CallStore {
    return this.node.cluster.shared.calls;
  }
}

/** The connection of one server to the cluster, which fails as a test says. */
export class NodeBroker extends Broker {
  readonly status = 'connected';
  readonly counters = { undecodable: 0, reconnects: 0, stalled: 0 };
  override readonly calls = new NodeCallStore(this);
  override readonly claims;
  /** True when nothing reaches the server, and nothing comes from it. */
  isDead = false;
  /** True when the notices of other servers are lost. */
  isDeaf = false;
  /** The number of turns of the event loop that an answer of the store takes. */
  slowTurns = 0;
  readonly faults: StoreFault[] = [];
  private sink: BrokerSink | undefined;
  private readonly channels = new Set<string>();

  constructor(
    readonly cluster: CallCluster,
    readonly number: number,
  ) {
    super();
    this.claims = cluster.shared.claims;
  }

  /** Ends the faults. */
  heal(): void {
    this.isDeaf = false;
    this.slowTurns = 0;
    this.faults.length = 0;
  }

  /** Asks the store, with the delays and the faults of this server. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    const { cluster } = this;
    const fault = this.faults.shift();
    cluster.pending++;
    try {
      await this.turns();
      if (fault === 'before') throw this.failed();
      if (this.isDead) throw unavailable();
      const answer = await question();
      await this.turns();
      if (fault === 'after') throw this.failed();
      if (this.isDead) throw unavailable();
      return answer;
    } finally {
      cluster.pending--;
      cluster.activity++;
    }
  }

  async start(sink: BrokerSink): Promise<void> {
    this.sink = sink;
    this.cluster.brokers.add(this);
  }

  async subscribe(channel: string): Promise<void> {
    this.channels.add(channel);
  }

  unsubscribe(channel: string): void {
    this.channels.delete(channel);
  }

  refusal(): undefined {}

  async publish(channel: string, encoded: EncodedMessage): Promise<void> {
    if (this.isDead) throw unavailable();
    this.cluster.activity++;
    for (const other of this.cluster.brokers)
      if (other !== this) setImmediate(() => other.receive(channel, encoded));
  }

  override async secret(): Promise<string> {
    return this.cluster.shared.secret();
  }

  async close(): Promise<void> {
    this.cluster.brokers.delete(this);
  }

  private receive(channel: string, encoded: EncodedMessage): void {
    if (!this.isDead && !this.isDeaf && this.channels.has(channel)) this.sink?.receive(channel, encoded);
  }

  private async turns(): Promise<void> {
    for (let turn = 0; turn < this.slowTurns; turn++) await new Promise(setImmediate);
  }

  private failed(): MessagesError {
    this.cluster.failures++;
    return unavailable();
  }
}

function unavailable(): MessagesError {
  return new MessagesError('UNAVAILABLE', 'The store of calls cannot be reached.');
}
