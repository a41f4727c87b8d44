import type { EncodedMessage } from '@nestwire/protocol';
import type { MessagesBackend } from '../backend/messages.backend.js';
import type { KeptChannel } from '../channel/channel.js';
import { SYSTEM_CLOCK } from '../delivery/clock.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { ChannelReaders, type Following, type StoredReceiver } from '../reader/channel.readers.js';
import { AppendQueue } from './append.queue.js';
import { checkMessageId, nextMessageId } from './message-id.js';
import type { StoredPost } from './post.options.js';

const DEFAULT_MAX_PENDING_POSTS = 1_000;
const DEFAULT_MAX_PENDING_BYTES = 16_777_216;

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
    const { clock = SYSTEM_CLOCK, maxPendingPosts, maxPendingBytes } = options;
    this.#backend = backend;
    this.#readers = new ChannelReaders(backend.history, clock, failed);
    this.#queue = new AppendQueue(backend.history, clock, {
      maxPendingPosts: maxPendingPosts ?? DEFAULT_MAX_PENDING_POSTS,
      maxPendingBytes: maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
    });
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
