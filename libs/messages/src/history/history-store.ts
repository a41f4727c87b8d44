import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { ConsumerStore } from './consumer-store.js';
import type { HistoryChannel } from './history-channel.js';
import type { Position } from './position.js';
import type { HistoryPage } from './recovery.js';
import type { StoredMessage } from './stored-message.js';
import type { MessagesError } from '../messages.error.js';

/** A message to be stored; its id is made before the first attempt. */
export interface Draft extends EncodedMessage {
  /** 1 to 64 characters of A-Z a-z 0-9 _ . -, never used for another message. */
  readonly id: string;
}

/** The result of storing a draft. */
export interface Stored {
  readonly position: Position;
  /** True when an earlier attempt had stored it. */
  readonly isDuplicate: boolean;
}

/** The limits of a page of a history. */
export interface PageBounds {
  readonly messages: number;
  readonly bytes: number;
}

/** The head of a history; undefined without an epoch, null while it cannot be read. */
export type Head = Position | undefined | null;

/** The start of a page: after a position, or at one of the last messages. */
export type PageStart = { readonly since: Position } | { readonly last: number };

/** The callbacks of a history into its process; they never throw. */
export interface HistorySink {
  /**
   * Receives stored messages of any process.
   *
   * They usually arrive once and in order, but messages may be missing or repeated. The position of each shows
   * this.
   */
  stored(channel: string, messages: readonly StoredMessage[]): void;
  /** Called when messages of these channels may have been missed; the process compares the heads. */
  suspected(channels: readonly string[]): void;
}

/**
 * Stores the messages of channels with history.
 *
 * Each channel has one order for the whole cluster: offsets increase by one, and each message contains the id
 * of its predecessor. A message is stored before a process receives it, and a failed append stores nothing.
 * Clients get the text of a message unchanged, so the store marks text that is not the JSON of an object as
 * unreadable. Every promise settles within a deadline; reads and appends make one attempt, and the caller
 * retries. After a failover a history may have two timelines. The port does not hide this: followers compare
 * positions.
 */
export abstract class HistoryStore {
  /** Stores the progress of durable consumers on this history. */
  readonly consumers?: ConsumerStore;

  /** Sets the sink; called once, before all other methods. */
  abstract attach(sink: HistorySink): void;

  /**
   * Subscribes to a channel until `unfollow`, through any outage.
   *
   * Resolves when the process receives everything that is stored afterwards. While the cluster cannot be
   * reached it resolves at once, and `suspected` reports the channel after the subscription. Never rejects.
   */
  abstract follow(channel: string): Promise<void>;

  /** Unsubscribes from a channel; nothing of it arrives after the call. */
  abstract unfollow(channel: string): void;

  /**
   * Stores drafts consecutively in the given order, and publishes them, in one atomic step.
   *
   * A draft whose id was stored within the last two minutes is not stored again: its result has the existing
   * position. Resolves to one result for each draft; with `replicated` when the replicas have them.
   *
   * @throws {MessagesError} UNAVAILABLE when no draft was stored
   * @throws {MessagesError} UNCERTAIN when drafts may be stored, or may not be replicated; another attempt with
   *   the same ids is safe
   */
  abstract append(
    channel: HistoryChannel,
    drafts: readonly Draft[],
  ): Promise<ReadonlyArray<Stored | MessagesError>>;

  /**
   * Reads a page of a history and its head, in one step.
   *
   * A history without an epoch starts one. A page has at least one message when there is one.
   *
   * @throws {MessagesError} UNAVAILABLE when it cannot be read now
   */
  abstract read(
    channel: HistoryChannel,
    start: PageStart,
    limits: PageBounds,
  ): Promise<HistoryPage<StoredMessage>>;

  /**
   * Returns the heads of channels; undefined for a history without an epoch.
   *
   * A head whose server cannot be reached is null, so that it does not delay the others.
   *
   * @throws {MessagesError} UNAVAILABLE after the close
   */
  abstract heads(channels: readonly string[]): Promise<readonly Head[]>;
}

/** The longest time from the first attempt of a post to a retry, in ms. */
export const IDEMPOTENCY_MS = 120_000;

/**
 * The time for which a history remembers ids, in milliseconds.
 *
 * It is longer than `IDEMPOTENCY_MS`, because the last retry may wait in a queue, and clocks differ.
 */
export const REMEMBER_IDS_MS = IDEMPOTENCY_MS + 30_000;
