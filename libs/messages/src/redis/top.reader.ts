import type { Redis } from 'ioredis';
import type { Position } from '../history/position.js';
import type { ResolvedTuning } from './redis.options.js';
import { withinDeadline } from './within-deadline.js';

const CHUNK = 200;

/** The hash that holds a top, and the server that has it. */
export interface TopPlace {
  readonly key: string;
  readonly node: Redis;
}

/** Reads the tops of many histories, and keeps them from being forgotten. */
export class TopReader {
  /** @param keptMs how long a top that is read is kept at least, in milliseconds */
  constructor(
    private readonly tuning: ResolvedTuning,
    private readonly keptMs: number,
  ) {}

  /** Reads tops in order; undefined where there is none. */
  async read(places: readonly TopPlace[]): Promise<Array<Position | undefined>> {
    const tops = new Map<string, Position | undefined>();
    const byNode = new Map<Redis, string[]>();
    for (const { key, node } of places) {
      const keys = byNode.get(node);
      if (keys) keys.push(key);
      else byNode.set(node, [key]);
    }
    const reading = [...byNode].map(async ([node, keys]) => {
      for (let at = 0; at < keys.length; at += CHUNK)
        await this.#readChunk(node, keys.slice(at, at + CHUNK), tops);
    });
    await Promise.all(reading);
    return places.map(({ key }) => tops.get(key));
  }

  async #readChunk(
    node: Redis,
    keys: readonly string[],
    tops: Map<string, Position | undefined>,
  ): Promise<void> {
    const asking = node.pipeline();
    for (const key of keys) asking.hmget(key, 'e', 's', 'p').pttl(key);
    const replies = (await withinDeadline(asking.exec(), this.tuning)) ?? [];
    const keeping = node.pipeline();
    for (const [index, key] of keys.entries()) {
      const [epoch, offset, id] = valueOf<readonly (string | null)[]>(replies[index * 2]);
      const isWhole = epoch !== null && offset !== null && id !== null;
      tops.set(key, isWhole ? { epoch: epoch!, offset: Number(offset), id: id! } : undefined);
      // Rarely: each is a write, and goes to the replicas.
      const leftMs = valueOf<number>(replies[index * 2 + 1]);
      if (isWhole && leftMs < this.keptMs / 2) keeping.pexpire(key, this.keptMs);
    }
    if (keeping.length > 0) await withinDeadline(keeping.exec(), this.tuning);
  }
}

/** Returns what a command of a pipeline was answered with. */
function valueOf<T>(reply: readonly [Error | null, unknown] | undefined): T {
  if (!reply) throw new Error('it did not answer');
  if (reply[0]) throw reply[0];
  return reply[1] as T;
}
