import type { Channel } from '@nestwire/messages';
import { channelNameOf } from '@nestwire/messages/internal';

/** What the channels of a session that comes back are asked for. */
export interface ResumingPort {
  readonly names: () => readonly string[];
  readonly release: (name: string) => void;
}

/**
 * The channels that the client had in this stream when it lost its connection.
 *
 * Only those that keep their messages. What is still here when `@OnStreamOpened` has finished flows again
 * by itself; subscribing to it there has the same effect.
 */
export class ResumingChannels implements Iterable<string> {
  constructor(private readonly port: ResumingPort) {}

  /** Tells whether the client had the channel. */
  has(channel: string | Channel): boolean {
    return this.port.names().includes(channelNameOf(channel));
  }

  /** Lets go of a channel: it does not flow again, and the client forgets its position. */
  release(channel: string | Channel): void {
    this.port.release(channelNameOf(channel));
  }

  /** Gives the names of the channels. */
  [Symbol.iterator](): Iterator<string> {
    return this.port.names()[Symbol.iterator]();
  }
}
