import type { StreamHandshake } from '../transport/stream-handshake.js';

/** Names the addresses that count as one; undefined where many may share it. */
export interface AddressKeys {
  limitKey(address: string): string | undefined;
}

/** One whose share is asked for. */
export interface ShareHolder {
  readonly user: { readonly id: string } | null;
  readonly handshake: StreamHandshake;
}

/**
 * Names the share of a process that a client takes from.
 *
 * A user has a share of their own, however many stand behind one address. Anonymous clients of an
 * address have one together. Where the address may be a proxy's, each client has its own.
 */
export class ClientShares {
  constructor(private readonly addresses: AddressKeys) {}

  /** Returns the key of a share; `ownName` tells clients apart that nothing else does. */
  keyOf({ user, handshake }: ShareHolder, ownName: string): string {
    return user ? `user ${user.id}` : this.keyOfAddress(handshake, ownName);
  }

  /** Returns the key of a share before the user is known, or where a user does not count. */
  keyOfAddress({ address }: StreamHandshake, ownName: string): string {
    const key = this.addresses.limitKey(address);
    return key === undefined ? `own ${ownName}` : `address ${key}`;
  }
}
