import slotOf from 'cluster-key-slot';
import type { Cluster, Redis } from 'ioredis';
import { slicedWork } from '../../scheduling/sliced-work.js';
import type { ResolvedTuning } from './redis.options.js';
import type { RedisShard } from './redis-shard.js';
import { untilReady, type RedisTopology, type ShardMaker } from './redis-topology.js';

const MAX_PROBE_NUMBER = 16_384;

/** The services that a Cluster's topology needs from its owner. */
export interface ClusterOwner {
  readonly makeShard: ShardMaker;
  readonly probeKeyOf: (number: number) => string;
  /** Called when a server may have become reachable or unreachable. */
  readonly changed: () => void;
  /** Called when a desired key was confirmed on another server than before. */
  readonly resumed: (keys: readonly string[]) => void;
}

/**
 * The masters of a Cluster, each with a subscriber for the channels of its slots.
 *
 * Without sharded pub/sub, one master carries all channels. Publications sent through several masters
 * could overtake each other.
 */
export class ClusterTopology implements RedisTopology {
  /** Shards by the address of their node. */
  private readonly shardsById = new Map<string, RedisShard>();
  /** Desired keys, each with the address of the shard that received the request. */
  private readonly desired = new Map<string, string | undefined>();
  /** The placement of the slots when the desired keys were last moved. */
  private placed: ReadonlyArray<RedisShard | string | undefined> = [];
  private readonly onRefresh = () => this.refresh();
  private sharded = true;
  private known = false;
  private closed = false;

  constructor(
    private readonly client: Cluster,
    private readonly owner: ClusterOwner,
    private readonly tuning: ResolvedTuning,
  ) {
    for (const event of EVENTS) client.on(event, this.onRefresh);
  }

  get shards(): readonly RedisShard[] {
    return [...this.shardsById.values()];
  }

  async start(): Promise<void> {
    if (this.client.status !== 'ready') return;
    await this.detect();
    this.refresh();
    const nodes = [...this.masters().values()];
    await Promise.all([...this.shards.map((shard) => shard.start()), ...nodes.map(untilReady)]);
  }

  publish(key: string, text: string): Promise<unknown> {
    if (this.sharded) return this.client.spublish(key, text);
    const [shard] = this.shardsById.values();
    return shard ? shard.client.publish(key, text) : Promise.reject(new Error('no master is known'));
  }

  get publishCommand(): 'PUBLISH' | 'SPUBLISH' {
    return this.sharded ? 'SPUBLISH' : 'PUBLISH';
  }

  shardOf(key: string): RedisShard | undefined {
    return this.shardsById.get(this.addressOf(key) ?? '');
  }

  nodeOf(key: string): Redis | undefined {
    const address = this.client.slots[slotOf(key)]?.[0] ?? '';
    return this.shardsById.get(address)?.client ?? this.masters().get(address);
  }

  subscribe(key: string): Promise<void> {
    const address = this.addressOf(key);
    this.desired.set(key, address);
    return this.shardsById.get(address ?? '')?.subscriber.subscribe(key) ?? Promise.resolve();
  }

  unsubscribe(key: string): void {
    const address = this.desired.get(key);
    this.desired.delete(key);
    this.shardsById.get(address ?? '')?.subscriber.unsubscribe(key);
  }

  refresh(): void {
    if (this.closed || this.client.status !== 'ready') return;
    if (!this.known) {
      void this.detect().then(() => this.refresh());
      return;
    }
    // A node of a Cluster connects on its first command and refuses that command; connect it early.
    for (const node of this.masters().values())
      if (node.status === 'wait') node.connect().catch(() => undefined);
    const owners = this.owners();
    for (const [address, shard] of this.shardsById)
      if (owners.get(address) !== shard.client) this.remove(address, shard);
    for (const [address, node] of owners) if (!this.shardsById.has(address)) this.add(address, node);
    // This runs every few seconds, and usually nothing has moved.
    if (isSame(this.placed, this.placement())) return;
    this.placed = this.placement();
    void slicedWork.forEach(this.desired, ([key, address]) => this.move(key, address));
  }

  moved(): void {
    this.client.refreshSlotsCache(() => this.refresh());
  }

  close(): void {
    this.closed = true;
    for (const event of EVENTS) this.client.off(event, this.onRefresh);
    for (const [address, shard] of this.shardsById) this.remove(address, shard);
  }

  /** Returns the inputs of key placement: the master of each slot, and the shards. */
  private placement(): ReadonlyArray<RedisShard | string | undefined> {
    return [...this.client.slots.map((nodes) => nodes?.[0]), ...this.shardsById.values()];
  }

  private async detect(): Promise<void> {
    this.sharded = this.tuning.sharded === 'auto' && (await this.hasShardedPubSub());
    this.known = true;
  }

  /** Queries the command; a server that refuses the query is assumed to have it. */
  private async hasShardedPubSub(): Promise<boolean> {
    try {
      const [info] = (await this.client.call('COMMAND', 'INFO', 'SSUBSCRIBE')) as unknown[];
      return info !== null && info !== undefined;
    } catch {
      return true;
    }
  }

  /** Returns the masters that carry channels, in the order of their addresses. */
  private owners(): Map<string, Redis> {
    const owning = new Set(this.client.slots.map((nodes) => nodes?.[0]));
    const owners = [...this.masters()]
      .filter(([address]) => owning.has(address))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(this.sharded ? owners : owners.slice(0, 1));
  }

  /** Returns all masters by their address. */
  private masters(): Map<string, Redis> {
    return new Map(this.client.nodes('master').map((node) => [addressOf(node), node]));
  }

  private addressOf(key: string): string | undefined {
    if (!this.sharded) return this.shardsById.keys().next().value;
    return this.client.slots[slotOf(key)]?.[0];
  }

  private add(address: string, node: Redis): void {
    const shard = this.owner.makeShard(node, this.sharded, this.probeNumberOf(address));
    this.shardsById.set(address, shard);
    for (const event of NODE_EVENTS) node.on(event, this.owner.changed);
    void shard.start();
  }

  private remove(address: string, shard: RedisShard): void {
    this.shardsById.delete(address);
    for (const event of NODE_EVENTS) shard.client.off(event, this.owner.changed);
    shard.close();
    this.owner.changed();
  }

  private move(key: string, from: string | undefined): void {
    const to = this.addressOf(key);
    const target = this.shardsById.get(to ?? '');
    if (to !== from && from) this.shardsById.get(from)?.subscriber.unsubscribe(key);
    this.desired.set(key, to);
    const confirmed = target?.subscriber.subscribe(key);
    if (to !== from) void confirmed?.then(() => this.owner.resumed([key]));
  }

  /** Finds a number whose probe key belongs to this node. */
  private probeNumberOf(address: string): number {
    for (let number = 0; number < MAX_PROBE_NUMBER; number++)
      if (this.addressOf(this.owner.probeKeyOf(number)) === address) return number;
    return 0;
  }
}

function isSame(items: readonly unknown[], others: readonly unknown[]): boolean {
  return items.length === others.length && items.every((item, index) => item === others[index]);
}

const EVENTS = ['ready', '+node', '-node', 'refresh'] as const;
const NODE_EVENTS = ['ready', 'close', 'end'] as const;

function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
