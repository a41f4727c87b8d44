import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Durability, HistoryLength } from '../channel/channel.js';
import type { Link, Position } from './position.js';
import type { HistoryPage } from './recovery.js';
import type { MessagesError } from '../messages.error.js';

/** A channel whose messages are kept, as its history needs to know it. */
export interface HistoryChannel {
  readonly name: string;
  readonly history: HistoryLength;
  readonly durability: Durability;
}

/** A message on its way into a history; the id is made before the first attempt. */
export interface Draft extends EncodedMessage {
  /** 1 to 64 characters of A-Z a-z 0-9 _ . -, never used for another message. */
  readonly id: string;
}

/** A message as a history holds it. */
export interface StoredMessage extends EncodedMessage, Link {
  /** Whether its content cannot be read: readers give a gap in its place, and go on behind it. */
  readonly isUnreadable?: boolean;
  /** What its text parses to, when it is known; of the first publication that is made of it. */
  readonly properties?: object;
}

/** Where a draft has been stored. */
export interface Stored {
  readonly position: Position;
  /** Whether an earlier attempt had stored it already. */
  readonly isDuplicate: boolean;
}

/** What a page of a history may hold. */
export interface PageBounds {
  readonly messages: number;
  readonly bytes: number;
}

/** The top of a history; undefined: it has no epoch, null: it cannot be read now. */
export type Head = Position | undefined | null;

/** From where a history is read: behind a position, or the last so many messages. */
export type PageStart = { readonly since: Position } | { readonly last: number };

/** What a history tells the process that it serves; nothing in it throws. */
export interface HistorySink {
  /**
   * Takes messages that were stored, by whichever process, as they are heard: usually each once and in
   * order, but what is heard may have holes and repeat itself. The position of each says where it stands.
   */
  stored(channel: string, messages: readonly StoredMessage[]): void;
  /** Is told that messages of these channels may have gone unheard: their tops are to be compared. */
  suspected(channels: readonly string[]): void;
}

/**
 * What keeps the messages of channels with history.
 *
 * Each channel has one order for the whole cluster: offsets count up by one, and each message names
 * the one before it. A message is in the history before anyone hears it, and what failed left no
 * trace. Every promise settles within a deadline; reads and appends make one attempt and leave
 * another to their caller. Two branches of one history may exist after a failover, and this port does
 * not hide it: whoever reads compares positions.
 */
export abstract class HistoryStore {
  /** Begins to tell the sink; called once, before all else. */
  abstract attach(sink: HistorySink): void;

  /**
   * Hears a channel from now on, through any outage, until `unfollow`.
   *
   * Resolves when what is stored from then on is heard; while the cluster cannot be reached as soon as
   * it is written down, and the channel is doubted once it is in force. Never rejects.
   */
  abstract follow(channel: string): Promise<void>;

  /** No longer hears a channel; nothing of it is told after the call. */
  abstract unfollow(channel: string): void;

  /**
   * Stores drafts in the order given, one behind the other, and lets the cluster hear them.
   *
   * A draft whose id was stored within the last two minutes is not stored again: its result says
   * where it stands. Resolves to one result a draft; with `replicated` once the replicas have them.
   *
   * @throws {MessagesError} UNAVAILABLE when none was stored
   * @throws {MessagesError} UNCERTAIN when it is not known whether any was stored, or is replicated;
   *   another attempt with the same ids is safe
   */
  abstract append(
    channel: HistoryChannel,
    drafts: readonly Draft[],
  ): Promise<ReadonlyArray<Stored | MessagesError>>;

  /**
   * Reads a page of a channel's history together with its top, in one step.
   *
   * A history that has no epoch yet begins one. A page holds at least one message when there is one.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   */
  abstract read(
    channel: HistoryChannel,
    start: PageStart,
    limits: PageBounds,
  ): Promise<HistoryPage<StoredMessage>>;

  /**
   * Returns the tops of channels; undefined for one that has no epoch.
   *
   * One whose server cannot be asked now is null, so that it holds up none of another server.
   *
   * @throws {MessagesError} UNAVAILABLE after the close
   */
  abstract heads(channels: readonly string[]): Promise<readonly Head[]>;
}

/** How long after its first attempt a post may be repeated, in milliseconds. */
export const IDEMPOTENCY_MS = 120_000;

/**
 * How long a history remembers the ids of what it stored, in milliseconds.
 *
 * Longer than a post may be repeated: the last retry may wait in a queue, and clocks differ.
 */
export const REMEMBER_IDS_MS = IDEMPOTENCY_MS + 30_000;
