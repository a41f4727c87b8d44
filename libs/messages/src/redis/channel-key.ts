/**
 * The names that channels have in Redis.
 *
 * `nw8:nestwire:room:lobby` is the channel `room:lobby` under the prefix `nestwire`: the length of
 * the prefix stands first, so that no two pairs of prefix and channel share a name.
 */
export class ChannelKeys {
  readonly #start: string;

  constructor(prefix: string) {
    this.#start = `nw${prefix.length}:${prefix}`;
  }

  /** Returns the name of a channel in Redis. */
  keyOf(channel: string): string {
    return `${this.#start}:${channel}`;
  }

  /** Returns the channel that has this name in Redis. */
  channelOf(key: string): string {
    return key.slice(this.#start.length + 1);
  }

  /** Returns the name that a probe has in Redis; no channel has it. */
  probeKeyOf(origin: string, number: number): string {
    return `${this.#start}#probe:${origin}:${number}`;
  }
}
