import type { Redis } from 'ioredis';
import type { Top } from '../backend/history.backend.js';
import type { Position } from '../history/position.js';
import type { ResolvedTuning } from './redis.options.js';
import { isCount, isEpoch, isPlaceId } from './untrusted.js';
import { withinDeadline } from './within-deadline.js';

const CHUNK = 100;

/** The hash that holds a top, and the server that has it. */
export interface TopPlace {
  readonly key: string;
  readonly node: Redis;
}

/** How long a top that is read is kept at least. */
export interface TopAges {
  readonly postedMs: number;
  /** Of a history that nobody has posted to. */
  readonly unpostedMs: number;
}

/** Reads the tops of many histories, and keeps them from being forgotten. */
export class TopReader {
  constructor(
    private readonly tuning: ResolvedTuning,
    private readonly kept: TopAges,
  ) {}

  /** Reads tops in order; undefined where there is none, null where its server failed. */
  async read(places: readonly TopPlace[], failed: (error: Error) => void): Promise<Top[]> {
    const tops = new Map<string, Top>();
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
    for (const result of await Promise.allSettled(reading))
      if (result.status === 'rejected') failed(result.reason as Error);
    return places.map(({ key }) => (tops.has(key) ? tops.get(key) : null));
  }

  async #readChunk(node: Redis, keys: readonly string[], tops: Map<string, Top>): Promise<void> {
    const asking = node.pipeline();
    for (const key of keys) asking.hmget(key, 'e', 's', 'p').pttl(key);
    const replies = (await withinDeadline(asking.exec(), this.tuning)) ?? [];
    const keeping = node.pipeline();
    for (const [index, key] of keys.entries()) {
      const top = topOf(replies[index * 2]);
      tops.set(key, top);
      // Rarely: each is a write, and goes to the replicas.
      const leftMs = valueOf<number>(replies[index * 2 + 1]);
      const keptMs = top?.offset === 0 ? this.kept.unpostedMs : this.kept.postedMs;
      if (top && leftMs < keptMs / 2) keeping.pexpire(key, keptMs);
    }
    if (keeping.length > 0) await withinDeadline(keeping.exec(), this.tuning);
  }
}

/** Reads a head; undefined when there is none, or what is there has not the form of one. */
function topOf(reply: readonly [Error | null, unknown] | undefined): Position | undefined {
  // A key of another type is no head: the next read of the history begins a new one.
  if (reply?.[0]?.message.startsWith('WRONGTYPE')) return undefined;
  const [epoch, offsetText, id] = valueOf<readonly unknown[]>(reply);
  const offset = typeof offsetText === 'string' && /^\d{1,16}$/.test(offsetText) ? Number(offsetText) : NaN;
  if (!isEpoch(epoch) || !isCount(offset) || !(id === '' || isPlaceId(id))) return undefined;
  return { epoch, offset, id };
}

/** Returns what a command of a pipeline was answered with. */
function valueOf<T>(reply: readonly [Error | null, unknown] | undefined): T {
  if (!reply) throw new Error('it did not answer');
  if (reply[0]) throw reply[0];
  return reply[1] as T;
}
