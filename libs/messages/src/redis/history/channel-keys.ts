import { createHash } from 'node:crypto';

const MAX_CACHED = 1_000;
const HASH_LENGTH = 22;

/** The Redis keys of a channel; all belong to one slot of a Cluster. */
export interface ChannelKeySet {
  /** The pub/sub channel of ephemeral publications. */
  readonly ephemeral: string;
  /** The pub/sub channel of stored messages. */
  readonly live: string;
  /** A hash: the epoch, the last offset, the last id, and the channel's name for debugging. */
  readonly meta: string;
  /** A stream: the messages of the history. */
  readonly stream: string;
  /** The prefix of a draft's key; that key stores the position of the message. */
  readonly idStart: string;
  /** The prefix of a durable consumer's key; that key is a hash with its position and deliveries. */
  readonly consumerStart: string;
}

/**
 * Maps channels to their keys in Redis.
 *
 * A key contains a hash of the prefix and the channel's name, never the name itself. So no name can imitate
 * another channel or a pattern, and all keys have the same length. The braces make the hash the hash tag
 * that determines the slot in a Cluster.
 */
export class ChannelKeys {
  /** The cached keys, the oldest first. */
  private readonly cached = new Map<string, ChannelKeySet>();

  constructor(private readonly prefix: string) {}

  /** Returns the keys of a channel. */
  of(channel: string): ChannelKeySet {
    const cached = this.cached.get(channel);
    if (cached) return cached;
    const [oldest] = this.cached.size >= MAX_CACHED ? this.cached.keys() : [];
    if (oldest !== undefined) this.cached.delete(oldest);
    const keys = this.make(channel);
    this.cached.set(channel, keys);
    return keys;
  }

  /** Returns the key of a probe; no channel has the same key. */
  probeKeyOf(origin: string, number: number): string {
    return `${this.prefix}:probe:${origin}:${number}`;
  }

  private make(channel: string): ChannelKeySet {
    const { prefix } = this;
    const hash = hashOf(prefix, channel);
    return {
      ephemeral: `${prefix}:c:{${hash}}`,
      live: `${prefix}:l:{${hash}}`,
      meta: `${prefix}:m:{${hash}}`,
      stream: `${prefix}:s:{${hash}}`,
      idStart: `${prefix}:k:{${hash}}:`,
      consumerStart: `${prefix}:r:{${hash}}:`,
    };
  }
}

/** Returns the hash that represents a channel in Redis: 22 characters. */
export function hashOf(prefix: string, channel: string): string {
  // The lengths keep two different pairs of prefix and channel from producing the same text.
  const text = `${prefix.length}:${prefix}${channel.length}:${channel}`;
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}
