import type { Redis } from 'ioredis';
import type { Head } from '../../history/history-store.js';
import type { Position } from '../../history/position.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { isCount, isEpoch, isPlaceId } from '../connection/untrusted.js';
import { withinDeadline } from '../connection/within-deadline.js';

const CHUNK = 100;

/** The hash that holds a top, and the server that has it. */
export interface HeadPosition {
  readonly key: string;
  readonly node: Redis;
}

/** How long a top that is read is kept at least. */
export interface HeadAges {
  readonly postedMs: number;
  /** Of a history that nobody has posted to. */
  readonly unpostedMs: number;
}

/** Reads the tops of many histories, and keeps them from being forgotten. */
export class HeadReader {
  constructor(
    private readonly tuning: ResolvedTuning,
    private readonly kept: HeadAges,
  ) {}

  /** Reads tops in order; undefined where there is none, null where its server failed. */
  async read(places: readonly HeadPosition[], failed: (error: Error) => void): Promise<Head[]> {
    const heads = new Map<string, Head>();
    const byNode = new Map<Redis, string[]>();
    for (const { key, node } of places) {
      const keys = byNode.get(node);
      if (keys) keys.push(key);
      else byNode.set(node, [key]);
    }
    const reading = [...byNode].map(async ([node, keys]) => {
      for (let at = 0; at < keys.length; at += CHUNK)
        await this.#readChunk(node, keys.slice(at, at + CHUNK), heads);
    });
    for (const result of await Promise.allSettled(reading))
      if (result.status === 'rejected') failed(result.reason as Error);
    return places.map(({ key }) => (heads.has(key) ? heads.get(key) : null));
  }

  async #readChunk(node: Redis, keys: readonly string[], heads: Map<string, Head>): Promise<void> {
    const asking = node.pipeline();
    for (const key of keys) asking.hmget(key, 'e', 's', 'p').pttl(key);
    const replies = (await withinDeadline(asking.exec(), this.tuning)) ?? [];
    const keeping = node.pipeline();
    for (const [index, key] of keys.entries()) {
      const head = headOf(replies[index * 2]);
      heads.set(key, head);
      // Rarely: each is a write, and goes to the replicas.
      const leftMs = valueOf<number>(replies[index * 2 + 1]);
      const keptMs = head?.offset === 0 ? this.kept.unpostedMs : this.kept.postedMs;
      if (head && leftMs < keptMs / 2) keeping.pexpire(key, keptMs);
    }
    if (keeping.length > 0) await withinDeadline(keeping.exec(), this.tuning);
  }
}

/** Reads a head; undefined when there is none, or what is there has not the form of one. */
function headOf(reply: readonly [Error | null, unknown] | undefined): Position | undefined {
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
