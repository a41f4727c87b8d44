import { hashOf } from '../history/channel-keys.js';

/**
 * The life of presence's keys without a server that renews them, in ms.
 *
 * A server that lives renews its own with its lease, and cleans up after others within two leases: only when all
 * have ended at once does anything wait for this.
 */
export const PRESENCE_TTL_MS = 86_400_000;

/** The keys that presence has in Redis; all of a channel are in one slot. */
export class PresenceKeys {
  /** The set of the servers that have a lease, or had one. */
  readonly servers: string;

  constructor(private readonly prefix: string) {
    this.servers = `${prefix}:n`;
  }

  /** Returns the key of who is in a channel. */
  recordsOf(channel: string): string {
    return `${this.prefix}:p:{${hashOf(this.prefix, channel)}}`;
  }

  /** Returns the key of a server's lease, there as long as the server is. */
  leaseOf(server: string): string {
    return `${this.prefix}:n:${server}`;
  }

  /** Returns the key of the set of channels that connections of a server may be in. */
  channelsOf(server: string): string {
    return `${this.prefix}:nc:${server}`;
  }

  /** Returns the key that tells who cleans up after a server. */
  claimOf(server: string): string {
    return `${this.prefix}:nd:${server}`;
  }
}
