import type { Redis } from 'ioredis';
import type { Head } from '../../history/history-store.js';
import type { Position } from '../../history/position.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { isCount, isEpoch, isPositionId } from '../connection/untrusted.js';
import { withinDeadline } from '../connection/within-deadline.js';

const CHUNK = 100;

/** The key of a head, and the client of its server. */
export interface HeadLocation {
  readonly key: string;
  readonly node: Redis;
}

/** The minimum lifetimes of a head after a read. */
export interface HeadTtls {
  /** The lifetime for a history with messages. */
  readonly postedMs: number;
  /** The lifetime for a history without messages. */
  readonly unpostedMs: number;
}

/** Reads the heads of many histories, and extends their lifetimes. */
export class HeadReader {
  constructor(
    private readonly tuning: ResolvedTuning,
    private readonly ttls: HeadTtls,
  ) {}

  /** Reads heads in the given order; undefined for a missing head, null after a failure of its server. */
  async read(locations: readonly HeadLocation[], failed: (error: Error) => void): Promise<Head[]> {
    const heads = new Map<string, Head>();
    const byNode = new Map<Redis, string[]>();
    for (const { key, node } of locations) {
      const keys = byNode.get(node);
      if (keys) keys.push(key);
      else byNode.set(node, [key]);
    }
    const chunks = [...byNode].map(async ([node, keys]) => {
      for (let at = 0; at < keys.length; at += CHUNK)
        await this.readChunk(node, keys.slice(at, at + CHUNK), heads);
    });
    for (const result of await Promise.allSettled(chunks))
      if (result.status === 'rejected') failed(result.reason as Error);
    return locations.map(({ key }) => (heads.has(key) ? heads.get(key) : null));
  }

  private async readChunk(node: Redis, keys: readonly string[], heads: Map<string, Head>): Promise<void> {
    const reading = node.pipeline();
    for (const key of keys) reading.hmget(key, 'e', 's', 'p').pttl(key);
    const replies = (await withinDeadline(reading.exec(), this.tuning)) ?? [];
    const renewing = node.pipeline();
    for (const [index, key] of keys.entries()) {
      const head = headOf(replies[index * 2]);
      heads.set(key, head);
      // Renewed rarely, because each renewal is a write that goes to the replicas.
      const leftMs = valueOf<number>(replies[index * 2 + 1]);
      const ttlMs = head?.offset === 0 ? this.ttls.unpostedMs : this.ttls.postedMs;
      if (head && leftMs < ttlMs / 2) renewing.pexpire(key, ttlMs);
    }
    if (renewing.length > 0) await withinDeadline(renewing.exec(), this.tuning);
  }
}

/** Reads a head; undefined when it is missing or malformed. */
function headOf(reply: readonly [Error | null, unknown] | undefined): Position | undefined {
  // A key of another type is not a head; the next read of the history starts a new one.
  if (reply?.[0]?.message.startsWith('WRONGTYPE')) return undefined;
  const [epoch, offsetText, id] = valueOf<readonly unknown[]>(reply);
  const offset = typeof offsetText === 'string' && /^\d{1,16}$/.test(offsetText) ? Number(offsetText) : NaN;
  if (!isEpoch(epoch) || !isCount(offset) || !(id === '' || isPositionId(id))) return undefined;
  return { epoch, offset, id };
}

/** Returns the reply to one command of a pipeline. */
function valueOf<T>(reply: readonly [Error | null, unknown] | undefined): T {
  if (!reply) throw new Error('the server did not reply');
  if (reply[0]) throw reply[0];
  return reply[1] as T;
}
