import type { StreamGapReason } from '@nestwire/protocol';
import type { PageBounds, PageStart } from './history-store.js';
import type { HistoryChannel } from './history-channel.js';
import type { StoredMessage } from './stored-message.js';
import { gapPublication, StoredPublication } from './stored-publication.js';
import { positionOf, type Position } from './position.js';
import type { HistoryPage } from './recovery.js';
import type { PacerContext } from './read-pacer.js';

/**
 * Takes the publications between a position and the follower's position.
 *
 * It gets all of them, in the turn in which the follower has this position, or the first part.
 */
export type TakeMissed = (missed: readonly StoredPublication[]) => void;

/** The history and the callbacks of a follower. */
export interface FollowerContext extends PacerContext {
  readonly read: (start: PageStart, limits: PageBounds) => Promise<HistoryPage<StoredMessage>>;
  /** The limits of one read. */
  readonly limits: PageBounds;
  /** Delivers a publication to all subscribers, synchronously. */
  readonly deliver: (publication: StoredPublication) => void;
  /** Called for each delivered gap. */
  readonly gap: (reason: StreamGapReason) => void;
  readonly counts: FollowerCounts;
}

/** The counters of the followers of a process. */
export interface FollowerCounts {
  /** Messages that were read because they had not been received. */
  refetched: number;
  /** Gaps that were delivered to the subscribers of a channel. */
  gaps: number;
  /** Pages read from histories. */
  reads: number;
}

/**
 * The shared cursor of a process on a recoverable channel.
 *
 * It delivers publications to all subscribers of the process. Each one follows the position directly; the
 * follower reads missed messages from the history.
 */
export interface ChannelFollower {
  /** The position of all subscribers; undefined before the first successful read. */
  readonly position: Position | undefined;
  /** Resolves when the position is known, or cannot be known now. */
  readonly ready: Promise<void>;
  /** Takes received messages. */
  stored(messages: readonly StoredMessage[]): void;
  /** Makes it compare its position with the history, with a pause after the last read. */
  markSuspect(): void;
  /**
   * Finds the publications between a position and the follower's own; for undefined those of a new subscriber.
   *
   * If much is missing, the callback gets the first part, and the caller asks again. The callback runs once,
   * possibly before the call returns. While the history cannot be read, it waits.
   */
  recover(since: Position | undefined, take: TakeMissed): void;
  /** Stops; no callback runs afterwards. */
  close(): void;
}

/** Makes the publication of a stored message; a gap for an undecodable one. */
export function publicationOf({ name }: HistoryChannel, message: StoredMessage): StoredPublication {
  const position = positionOf(message);
  if (message.isUnreadable) return gapPublication(name, position, 'unreadable');
  return new StoredPublication(name, position, message, message.properties);
}
