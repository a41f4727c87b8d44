import type { Cluster, Redis } from 'ioredis';
import { slotOf } from './key-slot.js';
import type { ResolvedTuning } from './redis.options.js';
import type { RedisShard } from './redis.shard.js';
import type { RedisTopology, ShardMaker } from './redis.topology.js';

const MAX_PROBE_NUMBER = 16_384;

/**
 * The masters of a Cluster, each with a subscriber of its own for the channels of its slots.
 *
 * Where sharded pub/sub is not to be had, one master carries all channels: publications that
 * leave by several could overtake each other.
 */
export class ClusterTopology implements RedisTopology {
  /** By the node's address. */
  readonly #shards = new Map<string, RedisShard>();
  /** Wanted keys, and the address of the shard that was asked for each. */
  readonly #wanted = new Map<string, string | undefined>();
  readonly #onRefresh = () => this.refresh();
  #sharded = true;
  #known = false;
  #closed = false;

  constructor(
    private readonly client: Cluster,
    private readonly makeShard: ShardMaker,
    private readonly probeKeyOf: (number: number) => string,
    private readonly tuning: ResolvedTuning,
  ) {
    for (const event of EVENTS) client.on(event, this.#onRefresh);
  }

  readonly command = (key: string, text: string): Promise<unknown> => {
    if (this.#sharded) return this.client.spublish(key, text);
    const [node] = this.#owners().values();
    return node ? node.publish(key, text) : Promise.reject(new Error('no master is known'));
  };

  get shards(): readonly RedisShard[] {
    return [...this.#shards.values()];
  }

  async start(): Promise<void> {
    if (this.client.status !== 'ready') return;
    await this.#detect();
    this.refresh();
    await Promise.all(this.shards.map((shard) => shard.start()));
  }

  shardOf(key: string): RedisShard | undefined {
    return this.#shards.get(this.#addressOf(key) ?? '');
  }

  want(key: string): Promise<void> {
    const address = this.#addressOf(key);
    this.#wanted.set(key, address);
    return this.#shards.get(address ?? '')?.subscriber.want(key) ?? Promise.resolve();
  }

  unwant(key: string): void {
    const address = this.#wanted.get(key);
    this.#wanted.delete(key);
    this.#shards.get(address ?? '')?.subscriber.unwant(key);
  }

  refresh(): void {
    if (this.#closed || this.client.status !== 'ready') return;
    if (!this.#known) {
      void this.#detect().then(() => this.refresh());
      return;
    }
    const owners = this.#owners();
    for (const [address, shard] of this.#shards) if (!owners.has(address)) this.#remove(address, shard);
    for (const [address, node] of owners) if (!this.#shards.has(address)) this.#add(address, node);
    for (const [key, address] of this.#wanted) this.#move(key, address);
  }

  close(): void {
    this.#closed = true;
    for (const event of EVENTS) this.client.off(event, this.#onRefresh);
    for (const shard of this.#shards.values()) shard.close();
    this.#shards.clear();
  }

  async #detect(): Promise<void> {
    this.#sharded = this.tuning.sharded === 'auto' && (await this.#hasShardedPubSub());
    this.#known = true;
  }

  /** Asks for the command; a server that does not let us ask is taken for one that has it. */
  async #hasShardedPubSub(): Promise<boolean> {
    try {
      const [info] = (await this.client.call('COMMAND', 'INFO', 'SSUBSCRIBE')) as unknown[];
      return info !== null && info !== undefined;
    } catch {
      return true;
    }
  }

  /** Returns the masters that carry channels, in the order of their addresses. */
  #owners(): Map<string, Redis> {
    const owning = new Set(this.client.slots.map((nodes) => nodes?.[0]));
    const masters = this.client.nodes('master').map((node) => [addressOf(node), node] as const);
    const owners = masters.filter(([address]) => owning.has(address)).sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(this.#sharded ? owners : owners.slice(0, 1));
  }

  #addressOf(key: string): string | undefined {
    if (!this.#sharded) return this.#shards.keys().next().value;
    return this.client.slots[slotOf(key)]?.[0];
  }

  #add(address: string, node: Redis): void {
    const shard = this.makeShard(node, this.#sharded, this.#probeNumberOf(address));
    this.#shards.set(address, shard);
    void shard.start();
  }

  #remove(address: string, shard: RedisShard): void {
    this.#shards.delete(address);
    shard.close();
  }

  #move(key: string, from: string | undefined): void {
    const to = this.#addressOf(key);
    const target = this.#shards.get(to ?? '');
    if (to !== from && from) this.#shards.get(from)?.subscriber.unwant(key);
    this.#wanted.set(key, to);
    void target?.subscriber.want(key);
  }

  /** Finds a number whose probe key this node holds. */
  #probeNumberOf(address: string): number {
    for (let number = 0; number < MAX_PROBE_NUMBER; number++)
      if (this.#addressOf(this.probeKeyOf(number)) === address) return number;
    return 0;
  }
}

const EVENTS = ['ready', '+node', '-node', 'refresh'] as const;

function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
