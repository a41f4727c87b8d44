import type { StreamsLimits } from '../streams-limits.js';

const MAX_ADDRESSES = 20_000;
const MS_PER_SECOND = 1_000;

/** The work that an address had used up at a time. */
interface Spent {
  readonly ms: number;
  readonly at: number;
}

/**
 * Remembers the refusal work that ended connections have used up.
 *
 * The next connection of the address starts without it, so that reconnecting restores no burst.
 * It is forgotten at the rate at which a connection earns work.
 */
export class SpentWork {
  private readonly addresses = new Map<string, Spent>();

  constructor(
    private readonly limits: Pick<StreamsLimits, 'frameWorkMsPerSecond'>,
    private readonly maxAddresses = MAX_ADDRESSES,
  ) {}

  /** The number of remembered addresses. */
  get size(): number {
    return this.addresses.size;
  }

  /** Remembers the work that a connection has used up, in milliseconds. */
  keep(key: string, spentMs: number, now: number): void {
    const ms = Math.max(spentMs, this.of(key, now));
    if (!ms) return;
    this.addresses.delete(key);
    const [oldest] = this.addresses.keys();
    if (this.addresses.size >= this.maxAddresses) this.addresses.delete(oldest);
    this.addresses.set(key, { ms, at: now });
  }

  /** Returns the work that a new connection of an address cannot use, in milliseconds. */
  of(key: string, now: number): number {
    const spent = this.addresses.get(key);
    if (!spent) return 0;
    const earnedMs = ((now - spent.at) / MS_PER_SECOND) * this.limits.frameWorkMsPerSecond;
    return Math.max(0, spent.ms - earnedMs);
  }

  /** Removes the addresses whose work is earned again. */
  sweep(now: number): void {
    for (const key of this.addresses.keys()) if (!this.of(key, now)) this.addresses.delete(key);
  }
}
