import type { StreamHandshake } from '../transport/stream-handshake.js';

/**
 * Groups addresses for limits.
 *
 * Returns undefined for an address that many clients may share.
 */
export interface AddressKeys {
  limitKey(address: string): string | undefined;
}

/** A client of a share. */
export interface ShareHolder {
  readonly user: { readonly id: string } | null;
  readonly handshake: StreamHandshake;
}

/**
 * Determines the share of a process that a client uses.
 *
 * A user has an own share on any address. The anonymous clients of an address have one share. Each client of
 * a possible proxy has its own.
 */
export class ClientShares {
  constructor(private readonly addresses: AddressKeys) {}

  /** Returns the key of a share; `ownName` separates clients of a possible proxy. */
  keyOf({ user, handshake }: ShareHolder, ownName: string): string {
    return user ? `user ${user.id}` : this.keyOfAddress(handshake, ownName);
  }

  /** Returns the key of a share by address, before or without regard to the user. */
  keyOfAddress({ address }: StreamHandshake, ownName: string): string {
    const key = this.addresses.limitKey(address);
    return key === undefined ? `own ${ownName}` : `address ${key}`;
  }
}
