import type { Channel } from '@nestwire/messages';
import { channelNameOf } from '@nestwire/messages/internal';

/** The operations of the resumed channels of one session. */
export interface ResumingPort {
  readonly names: () => readonly string[];
  readonly release: (name: string) => void;
}

/**
 * The recoverable channels of this stream on the client's last connection.
 *
 * After `@OnStreamOpened` the server resumes them; subscribing to one in `@OnStreamOpened` has the same
 * effect.
 */
export class ResumingChannels implements Iterable<string> {
  constructor(private readonly port: ResumingPort) {}

  /** Returns whether the client had the channel. */
  has(channel: string | Channel): boolean {
    return this.port.names().includes(channelNameOf(channel));
  }

  /** Releases a channel: it is not resumed, and the client forgets its position. */
  release(channel: string | Channel): void {
    this.port.release(channelNameOf(channel));
  }

  /** Iterates over the names of the channels. */
  [Symbol.iterator](): Iterator<string> {
    return this.port.names()[Symbol.iterator]();
  }
}
