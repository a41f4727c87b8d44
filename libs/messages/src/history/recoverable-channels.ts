import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { HistoryStore, Stored } from './history-store.js';
import type { Message } from '@nestwire/protocol';
import type { Channel, RecoverableChannel } from '../channel/channel.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { DEFAULT_POSTS } from '../posts.options.js';
import { SYSTEM_CLOCK } from '../scheduling/clock.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { ChannelFollowers, type Following, type StoredReceiver } from './channel-followers.js';
import { AppendQueue } from './append-queue.js';
import { checkMessageAge, checkMessageId, createMessageId } from './message-id.js';
import type { StoredPost, StoredPostOptions } from '../post.options.js';
import { EXCLUDED } from '../pubsub/hidden-members.js';
import { excludingId, exclusionOf } from './exclusion.js';
import type { StoredPublication } from './stored-publication.js';
import { UncertainPosts } from './uncertain-posts.js';

interface PostId {
  readonly id: string;
  /** True when the caller gave the id; the post may be a retry then. */
  readonly isGiven: boolean;
}

/** The callbacks of recoverable channels into their service. */
export interface RecoverableChannelsContext {
  /** Returns true when the history serves this process only. */
  readonly isLocal: () => boolean;
  /** Called when a receiver throws. */
  readonly failed: (channel: string, error: unknown) => void;
}

/** Posts to recoverable channels, and follows them. */
export class RecoverableChannels {
  /** The messages that this process has posted. */
  posted = 0;
  private readonly queue: AppendQueue;
  private readonly followers: ChannelFollowers;
  private readonly uncertain = new UncertainPosts();

  constructor(
    history: HistoryStore,
    options: MessagesModuleOptions,
    private readonly context: RecoverableChannelsContext,
  ) {
    const {
      clock = SYSTEM_CLOCK,
      maxPendingPosts = DEFAULT_POSTS.maxPendingPosts,
      maxPendingBytes = DEFAULT_POSTS.maxPendingBytes,
    } = options;
    this.followers = new ChannelFollowers(history, clock, context.failed);
    this.queue = new AppendQueue(history, clock, { maxPendingPosts, maxPendingBytes });
  }

  /** The counters of the followers. */
  get counts(): ChannelFollowers['counts'] {
    return this.followers.counts;
  }

  /**
   * Stores a message; resolves to its position.
   *
   * @throws {MessagesError} BAD_MESSAGE_ID, RETRY_TOO_LATE, OVERLOADED, UNAVAILABLE, UNCERTAIN
   */
  async post(
    channel: RecoverableChannel,
    encoded: EncodedMessage,
    { id: givenId, except }: StoredPostOptions = {},
  ): Promise<StoredPost> {
    const exclusion = except && exclusionOf(except[EXCLUDED], channel.name);
    const id = excludingId(givenId === undefined ? createMessageId() : checkMessageId(givenId), exclusion);
    if (givenId !== undefined) checkMessageAge(id);
    this.posted++;
    const { position, isDuplicate } = await this.append(channel, encoded, {
      id,
      isGiven: givenId !== undefined,
    });
    return { delivered: this.context.isLocal() ? 'local' : 'global', position, isDuplicate };
  }

  private async append(
    channel: RecoverableChannel,
    encoded: EncodedMessage,
    { id, isGiven }: PostId,
  ): Promise<Stored> {
    const post = { channel: channel.name, id };
    try {
      const stored = await this.queue.append(channel, id, encoded);
      if (isGiven) this.uncertain.settled(post);
      return stored;
    } catch (error) {
      // The id of a first attempt is new, so an earlier attempt cannot have stored it.
      throw isGiven || isUncertain(error) ? this.uncertain.failed(post, error) : error;
    }
  }

  /** Follows a channel; resolves when its position is known, or cannot be known at the moment. */
  follow(channel: RecoverableChannel, receiver: StoredReceiver, signal?: AbortSignal): Promise<Following> {
    return this.followers.follow(channel, receiver, signal);
  }

  /** Reads the last publications of a channel, the oldest first. @throws {MessagesError} UNAVAILABLE */
  last(channel: Channel<Message, 'history'>, count: number): Promise<readonly StoredPublication[]> {
    return this.followers.last(channel as RecoverableChannel, count);
  }

  /** Stores the pending posts, and stops to follow. */
  async close(): Promise<void> {
    this.followers.close();
    await this.queue.settled();
  }
}

function isUncertain(error: unknown): boolean {
  return error instanceof MessagesError && error.code === MessagesErrorCode.Uncertain;
}
