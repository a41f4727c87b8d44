import type { StreamGapReason } from '@nestwire/protocol';
import type { Position } from './position.js';
import type { HistoryChannel } from './history-channel.js';
import type { StoredMessage } from './stored-message.js';

/** The start of a new durable consumer: the next message, or the oldest stored. */
export type ConsumerStart = 'head' | 'oldest';

/** The share of one process in a durable consumer. */
export interface ConsumerShare {
  readonly channel: HistoryChannel;
  /** 1 to 64 characters of A-Z a-z 0-9 _ . -; all shares of one name divide the work. */
  readonly name: string;
  /** `known`: the share had a position before; a lost position is then a gap before the oldest message. */
  readonly from: ConsumerStart | 'known';
  /** Identifies the share in the consumer: 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly holder: string;
}

/** A message or a gap to be handled; one share at a time holds it. */
export interface ConsumerWork {
  /** Identifies the work in its consumer. */
  readonly key: string;
  /** The number of deliveries, this one included. */
  readonly attempt: number;
  /** The position of the message; for a gap, the position that the consumer continues after. */
  readonly position: Position;
  /** The message; undefined for a gap. */
  readonly message: StoredMessage | undefined;
  /** The reason of a gap; undefined for a message. */
  readonly gap: StreamGapReason | undefined;
}

/** The acknowledgements and the demand of a share. */
export interface FetchRequest {
  /** The handled work, which is never delivered again. */
  readonly settled: readonly ConsumerWork[];
  /** The most work to fetch, 0 or more. */
  readonly limit: number;
  /** The lease of the fetched work, in milliseconds. */
  readonly leaseMs: number;
}

/** The work that a share got. */
export interface FetchedWork {
  /** The work, in the order of its handling. */
  readonly works: readonly ConsumerWork[];
  /** The time until a lease of another share expires, in milliseconds; undefined without leases. */
  readonly waitMs: number | undefined;
}

/**
 * Stores the progress of durable consumers on the history that it belongs to.
 *
 * A consumer delivers each message after its position once, in order, and again only after the lease of its
 * holder: at least once. Where the history does not continue the position, it delivers one gap as work, and
 * continues with the oldest stored message. A message that a dead share held, and that the history no longer
 * has, becomes a gap too. The position is as durable as the history, and expires after 30 days without a
 * fetch. Every promise settles within a deadline.
 */
export abstract class ConsumerStore {
  /**
   * Acknowledges handled work and fetches the next work, in one atomic step.
   *
   * The first fetch creates a consumer. A failed call may have taken effect: repeating the acknowledgements is
   * safe, and the fetched work is delivered again after its lease.
   *
   * @throws {MessagesError} UNAVAILABLE when it failed, or its outcome is unknown
   */
  abstract fetch(consumer: ConsumerShare, request: FetchRequest): Promise<FetchedWork>;

  /**
   * Renews the leases of work, with the numbers of its attempts; a lease of 0 ms releases the work.
   *
   * Returns true for each work that the share still holds.
   *
   * @throws {MessagesError} UNAVAILABLE when it failed, or its outcome is unknown
   */
  abstract renew(
    consumer: ConsumerShare,
    works: readonly ConsumerWork[],
    leaseMs: number,
  ): Promise<readonly boolean[]>;
}

/** The lifetime of a position without a fetch, in milliseconds. */
export const CONSUMER_TTL_MS = 2_592_000_000;
/** The most bytes of messages of one fetch, unless a single message has more. */
export const MAX_FETCHED_BYTES = 1_048_576;
