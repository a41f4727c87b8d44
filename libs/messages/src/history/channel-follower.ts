import type { StreamGapReason } from '@nestwire/protocol';
import type { HistoryChannel, PageBounds, PageStart, StoredMessage } from './history-store.js';
import { gapPublication, StoredPublication } from './stored-publication.js';
import { positionOf, type Position } from './position.js';
import type { HistoryPage } from './recovery.js';
import type { PacerContext } from './read-pacer.js';

/**
 * Takes what leads from a position towards that of the reader.
 *
 * All of it, in the turn in which the reader stands there, or the first part.
 */
export type TakeMissed = (missed: readonly StoredPublication[]) => void;

/** What a reader reads from, and what it tells. */
export interface FollowerContext extends PacerContext {
  readonly read: (start: PageStart, limits: PageBounds) => Promise<HistoryPage<StoredMessage>>;
  /** The most that one recovery brings. */
  readonly limits: PageBounds;
  /** Gives a publication to all who follow the channel, synchronously. */
  readonly deliver: (publication: StoredPublication) => void;
  /** Is told of each gap that is delivered. */
  readonly gap: (reason: StreamGapReason) => void;
  readonly counts: FollowerCounts;
}

/** What the readers of a process count. */
export interface FollowerCounts {
  /** Messages that had to be fetched because they were not heard. */
  refetched: number;
  /** Gaps that readers met: for all who follow a channel here. */
  gaps: number;
  /** Pages read from histories. */
  reads: number;
}

/**
 * One process's reader of one channel, shared by all who follow it here.
 *
 * What it delivers follows its position without a hole; what it did not hear it fetches.
 */
export interface ChannelFollower {
  /** Where all who follow stand; undefined until the history could be read for the first time. */
  readonly position: Position | undefined;
  /** Resolves when the position is known, or cannot be known at the moment. */
  readonly ready: Promise<void>;
  /** Takes messages as they are heard. */
  stored(messages: readonly StoredMessage[]): void;
  /** Compares its position with the history: at once, or a moment after the last read. */
  doubt(): void;
  /**
   * Finds what leads from a position to the reader's own, or for undefined what a newcomer begins with.
   *
   * Where much is missing it is the first part: whoever has taken it, and is not there yet, asks again.
   * Calls back once, maybe before it returns; while the history cannot be read, when it can again.
   */
  recover(since: Position | undefined, take: TakeMissed): void;
  /** Lets go of everything; nothing is called back any more. */
  close(): void;
}

/** Makes the publication of a stored message; a gap where it cannot be read. */
export function publicationOf({ name }: HistoryChannel, message: StoredMessage): StoredPublication {
  const position = positionOf(message);
  if (message.isUnreadable) return gapPublication(name, position, 'unreadable');
  return new StoredPublication(name, position, message, message.properties);
}
