import { hashOf } from '../history/channel-keys.js';

/**
 * The lifetime of presence keys without a renewal, in milliseconds.
 *
 * A live server renews its keys with its lease, and cleans up after dead servers within two leases. So keys
 * expire only when all servers have ended at the same time.
 */
export const PRESENCE_TTL_MS = 86_400_000;

/** The keys of presence in Redis. */
export class PresenceKeys {
  /** The set of servers that have or had a lease. */
  readonly servers: string;

  constructor(private readonly prefix: string) {
    this.servers = `${prefix}:n`;
  }

  /** Returns the key of the connections in a channel. */
  recordsOf(channel: string): string {
    return `${this.prefix}:p:{${hashOf(this.prefix, channel)}}`;
  }

  /** Returns the key of a server's lease; it exists while the server lives. */
  leaseOf(server: string): string {
    return `${this.prefix}:n:${server}`;
  }

  /** Returns the key of the set of channels that may have connections of a server. */
  channelsOf(server: string): string {
    return `${this.prefix}:nc:${server}`;
  }

  /** Returns the key of the claim to clean up after a server. */
  claimOf(server: string): string {
    return `${this.prefix}:nd:${server}`;
  }
}
