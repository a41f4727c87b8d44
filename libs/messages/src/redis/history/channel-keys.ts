import { createHash } from 'node:crypto';

const MAX_CACHED = 1_000;
const HASH_LENGTH = 22;

/** What a channel is called in Redis; all its names are of one slot of a Cluster. */
export interface KeysOfChannel {
  /** Carries the publications of a channel that keeps nothing. */
  readonly ephemeral: string;
  /** Carries what is stored, as it is stored. */
  readonly live: string;
  /** A hash: the epoch, the last offset, the last id, and the channel's name for who debugs. */
  readonly meta: string;
  /** A stream: the messages that are kept. */
  readonly stream: string;
  /** An id behind it is the key that remembers where the message was stored. */
  readonly idStart: string;
  /** The name of a reader behind it is the key of a hash: how far the reader is. */
  readonly consumerStart: string;
}

/**
 * The names that channels have in Redis.
 *
 * The name of a channel never stands in a key, only its hash with the prefix: whatever it is called, it
 * can neither pass for another channel nor for a pattern, and has its length. The braces make the hash
 * what a Cluster chooses the slot by.
 */
export class ChannelKeys {
  /** The oldest first. */
  readonly #cached = new Map<string, KeysOfChannel>();

  constructor(private readonly prefix: string) {}

  /** Returns the names of a channel. */
  of(channel: string): KeysOfChannel {
    const cached = this.#cached.get(channel);
    if (cached) return cached;
    if (this.#cached.size >= MAX_CACHED) this.#cached.delete(this.#cached.keys().next().value!);
    const keys = this.#make(channel);
    this.#cached.set(channel, keys);
    return keys;
  }

  /** Returns the name that a probe has; no channel has it. */
  probeKeyOf(origin: string, number: number): string {
    return `${this.prefix}:probe:${origin}:${number}`;
  }

  #make(channel: string): KeysOfChannel {
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

/** Returns what stands for a channel in Redis: 22 characters. */
export function hashOf(prefix: string, channel: string): string {
  // Each with its length, so that no two pairs of prefix and channel are hashed alike.
  const text = `${prefix.length}:${prefix}${channel.length}:${channel}`;
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}
