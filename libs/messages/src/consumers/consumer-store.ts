import type { StreamGapReason } from '@nestwire/protocol';
import type { Position } from '../history/position.js';
import type { HistoryChannel, StoredMessage } from '../history/history-store.js';

/** Where a durable consumer begins that nobody has used before. */
export type ConsumerStart = 'head' | 'oldest';

/** A process's share in a durable consumer. */
export interface ConsumerShare {
  readonly channel: HistoryChannel;
  /** 1 to 64 characters of A-Z a-z 0-9 _ . -; all who give it share the work. */
  readonly name: string;
  /** `known`: the share had a place before, so that none is a gap, and all that is kept comes behind it. */
  readonly from: ConsumerStart | 'known';
  /** Names the share among all of the consumer, 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly holder: string;
}

/** A message to be handled, or a gap to be told; one share at a time has it. */
export interface ConsumerWork {
  /** Names it among the work of its consumer. */
  readonly key: string;
  /** How often it was given out, this time included. */
  readonly attempt: number;
  /** Where the message stands; of a gap, behind which position the consumer goes on. */
  readonly position: Position;
  /** The message; undefined of a gap. */
  readonly message: StoredMessage | undefined;
  /** Why messages are missing; undefined of a message. */
  readonly gap: StreamGapReason | undefined;
}

/** What a share gives back, and how much it takes. */
export interface FetchRequest {
  /** What it has handled: it is never given out again. */
  readonly settled: readonly ConsumerWork[];
  /** How much it takes at most, 0 or more. */
  readonly limit: number;
  /** How long what it takes is its own, in milliseconds. */
  readonly leaseMs: number;
}

/** What a share was given. */
export interface FetchedWork {
  /** In the order in which it is to be handled. */
  readonly works: readonly ConsumerWork[];
  /** When what others hold may be had, in milliseconds from now; undefined when they hold nothing. */
  readonly waitMs: number | undefined;
}

/**
 * What knows how far the durable consumers of channels with history are.
 *
 * A consumer gives out each message behind its place once, in order, and again only when the lease of
 * who holds it is over: at least once. Where the history does not continue its place it gives out one
 * gap, which is work as a message is, and goes on with the oldest message that is left. What a dead
 * share held, and the history no longer has, is a gap, too. The place of a consumer is as lasting as the
 * history itself, and is forgotten when nobody has taken for 30 days. Every promise settles within a
 * deadline.
 */
export abstract class ConsumerStore {
  /**
   * Writes down what was handled, and takes what is next, in one step.
   *
   * A consumer that is not known begins here. When it fails it may have happened: what was settled is to be
   * given again, which is safe, and what was taken comes back when its lease is over.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be done, or is not known to be
   */
  abstract fetch(consumer: ConsumerShare, request: FetchRequest): Promise<FetchedWork>;

  /**
   * Renews the lease of work from now on, with the number of its attempt; 0 gives it back at once.
   *
   * Returns of each whether it is still the share's own.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be done, or is not known to be
   */
  abstract renew(
    consumer: ConsumerShare,
    works: readonly ConsumerWork[],
    leaseMs: number,
  ): Promise<readonly boolean[]>;
}

/** How long a place that nobody takes from is kept, in milliseconds. */
export const CONSUMER_TTL_MS = 2_592_000_000;
/** The most bytes of messages that are taken at once, unless one alone has more. */
export const MAX_FETCHED_BYTES = 1_048_576;
