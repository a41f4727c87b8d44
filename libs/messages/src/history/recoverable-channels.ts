import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Stored } from './history-store.js';
import type { Broker } from '../pubsub/broker.js';
import type { RecoverableChannel } from '../channel/channel.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { DEFAULT_POSTS } from '../posts.options.js';
import { SYSTEM_CLOCK } from '../scheduling/clock.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { ChannelFollowers, type Following, type StoredReceiver } from './channel-followers.js';
import { AppendQueue } from './append-queue.js';
import { checkMessageAge, checkMessageId, createMessageId } from './message-id.js';
import type { StoredPost } from '../post.options.js';
import { UncertainPosts } from './uncertain-posts.js';

/** The id of a post, and whether the caller gave it: then it may be a retry. */
interface PostId {
  readonly id: string;
  readonly isGiven: boolean;
}

/** The recoverable channels: posting to them, and following them. */
export class RecoverableChannels {
  /** How many messages this process has posted. */
  posted = 0;
  readonly #backend: Broker;
  readonly #queue: AppendQueue;
  readonly #readers: ChannelFollowers;
  readonly #uncertain = new UncertainPosts();

  constructor(
    backend: Broker,
    options: MessagesModuleOptions,
    failed: (channel: string, error: unknown) => void,
  ) {
    const {
      clock = SYSTEM_CLOCK,
      maxPendingPosts = DEFAULT_POSTS.maxPendingPosts,
      maxPendingBytes = DEFAULT_POSTS.maxPendingBytes,
    } = options;
    this.#backend = backend;
    this.#readers = new ChannelFollowers(backend.history, clock, failed);
    this.#queue = new AppendQueue(backend.history, clock, { maxPendingPosts, maxPendingBytes });
  }

  /** What the readers did so far. */
  get counts(): ChannelFollowers['counts'] {
    return this.#readers.counts;
  }

  /**
   * Stores a message; resolves to where it stands.
   *
   * @throws {MessagesError} BAD_MESSAGE_ID, RETRY_TOO_LATE, OVERLOADED, UNAVAILABLE, UNCERTAIN
   */
  async post(channel: RecoverableChannel, encoded: EncodedMessage, givenId?: string): Promise<StoredPost> {
    const id = givenId === undefined ? createMessageId() : checkMessageId(givenId);
    if (givenId !== undefined) checkMessageAge(id);
    this.posted++;
    const { position, isDuplicate } = await this.#append(channel, encoded, {
      id,
      isGiven: givenId !== undefined,
    });
    return { delivered: this.#backend.status === 'local' ? 'local' : 'global', position, isDuplicate };
  }

  async #append(
    channel: RecoverableChannel,
    encoded: EncodedMessage,
    { id, isGiven }: PostId,
  ): Promise<Stored> {
    const post = { channel: channel.name, id };
    try {
      const stored = await this.#queue.append(channel, id, encoded);
      if (isGiven) this.#uncertain.settled(post);
      return stored;
    } catch (error) {
      // A first attempt is under an id of its own, which nothing is known of.
      throw isGiven || isUncertain(error) ? this.#uncertain.failed(post, error) : error;
    }
  }

  /** Follows a channel; resolves when its position is known, or cannot be known at the moment. */
  follow(channel: RecoverableChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    return this.#readers.follow(channel, receiver, signal);
  }

  /** Stores what was posted before, then lets go of everything. */
  async close(): Promise<void> {
    this.#readers.close();
    await this.#queue.settled();
  }
}

function isUncertain(error: unknown): boolean {
  return error instanceof MessagesError && error.code === MessagesErrorCode.Uncertain;
}
