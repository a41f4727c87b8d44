import type { AddressKeys, ShareHolder } from './client-shares.js';
import type { StreamsLimits } from '../streams-limits.js';
import { networkOf } from '../transport/client-address.js';

type EarlyLimits = Pick<StreamsLimits, 'maxEarlyBytesPerAddress' | 'maxEarlyBytesPerProcess'>;

/** A share of the budget and its bound, in bytes. */
interface Share {
  readonly key: string;
  readonly maxBytes: number;
}

/**
 * Bounds the bytes of frames that wait for sign-ins.
 *
 * One bound holds for all connections, and one for those of each address.
 * A user who signs in again on an open connection has a share of their own.
 */
export class EarlyBudget {
  private readonly bytesPerShare = new Map<string, number>();
  private bytes = 0;

  constructor(
    private readonly limits: EarlyLimits,
    private readonly addresses: AddressKeys,
  ) {}

  /** Takes bytes for a connection; returns what gives them back, or undefined when there is no room. */
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
    // One that may be a proxy has room for many, and leaves as much to others.
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
