import type { AddressKeys, ShareHolder } from './client-shares.js';
import type { StreamsLimits } from '../streams-limits.js';
import { networkOf } from '../transport/client-address.js';

type EarlyLimits = Pick<StreamsLimits, 'maxEarlyBytesPerAddress' | 'maxEarlyBytesPerProcess'>;

/** A share of the budget and its limit, in bytes. */
interface Share {
  readonly key: string;
  readonly maxBytes: number;
}

/**
 * Limits the bytes of frames that wait for sign-ins.
 *
 * There is one limit for all connections, and one per address. A user who signs in again on an open
 * connection has an own share.
 */
export class EarlyBudget {
  private readonly bytesPerShare = new Map<string, number>();
  private bytes = 0;

  constructor(
    private readonly limits: EarlyLimits,
    private readonly addresses: AddressKeys,
  ) {}

  /**
   * Takes bytes for a connection; returns a function that returns them, or undefined if the budget is used
   * up.
   */
  take(holder: ShareHolder, bytes: number): (() => void) | undefined {
    const { key, maxBytes } = this.shareOf(holder);
    const isInShare = this.bytesOf(key) + bytes <= maxBytes;
    if (!isInShare || this.bytes + bytes > this.limits.maxEarlyBytesPerProcess) return undefined;
    this.count(key, bytes);
    return () => this.count(key, -bytes);
  }

  private shareOf({ user, handshake }: ShareHolder): Share {
    const { maxEarlyBytesPerAddress, maxEarlyBytesPerProcess } = this.limits;
    if (user) return { key: `user ${user.id}`, maxBytes: maxEarlyBytesPerAddress };
    const key = this.addresses.limitKey(handshake.address);
    if (key !== undefined) return { key: `address ${key}`, maxBytes: maxEarlyBytesPerAddress };
    // A possible proxy gets more, for its many clients, but leaves as much to others.
    const maxBytes = Math.max(maxEarlyBytesPerAddress, Math.ceil(maxEarlyBytesPerProcess / 2));
    return { key: `network ${networkOf(handshake.address)}`, maxBytes };
  }

  private bytesOf(key: string): number {
    return this.bytesPerShare.get(key) ?? 0;
  }

  private count(key: string, bytes: number): void {
    this.bytes += bytes;
    const left = this.bytesOf(key) + bytes;
    if (left > 0) this.bytesPerShare.set(key, left);
    else this.bytesPerShare.delete(key);
  }
}
