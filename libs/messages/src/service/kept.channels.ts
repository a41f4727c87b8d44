import type { EncodedMessage } from '@nestwire/protocol';
import type { MessagesBackend } from '../backend/messages.backend.js';
import type { KeptChannel } from '../channel/channel.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { resolveTuning } from '../redis/redis.options.js';
import { ChannelReaders, type Following, type StoredReceiver } from '../reader/channel.readers.js';
import { AppendQueue } from './append.queue.js';
import { checkMessageId, nextMessageId } from './message-id.js';
import type { StoredPost } from './post.options.js';

/** The channels that keep their messages: posting to them, and following them. */
export class KeptChannels {
  /** How many messages this process has posted. */
  posted = 0;
  readonly #backend: MessagesBackend;
  readonly #queue: AppendQueue;
  readonly #readers: ChannelReaders;

  constructor(
    backend: MessagesBackend,
    options: MessagesModuleOptions,
    failed: (channel: string, error: unknown) => void,
  ) {
    const { clock, maxPendingPosts, maxPendingBytes } = resolveTuning(options).tuning;
    this.#backend = backend;
    this.#readers = new ChannelReaders(backend.history, clock, failed);
    this.#queue = new AppendQueue(backend.history, clock, { maxPendingPosts, maxPendingBytes });
  }

  /** What the readers did so far. */
  get counts(): ChannelReaders['counts'] {
    return this.#readers.counts;
  }

  /**
   * Stores a message; resolves to where it stands.
   *
   * @throws {MessagesError} BAD_MESSAGE_ID, OVERLOADED, UNAVAILABLE, UNCERTAIN
   */
  async post(channel: KeptChannel, encoded: EncodedMessage, givenId?: string): Promise<StoredPost> {
    const id = givenId === undefined ? nextMessageId() : checkMessageId(givenId);
    this.posted++;
    const { position, isDuplicate } = await this.#queue.append(channel, id, encoded);
    return { delivered: this.#backend.status === 'local' ? 'local' : 'global', position, isDuplicate };
  }

  /** Follows a channel; resolves when its position is known, or cannot be known at the moment. */
  follow(channel: KeptChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    return this.#readers.follow(channel, receiver, signal);
  }

  /** Stores what was posted before, then lets go of everything. */
  async close(): Promise<void> {
    this.#readers.close();
    await this.#queue.settled();
  }
}
