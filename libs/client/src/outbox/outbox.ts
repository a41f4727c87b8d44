import type { Message, MessageClass } from '@nestwire/protocol';
import type { WelcomeFrame } from '@nestwire/protocol/codec';
import type { ConnectedStream } from '../connection/connected-stream.js';
import type { ConnectionStatus } from '../connection/connection-status.js';
import type { Outgoing, WaitingBounds } from '../endpoint/outgoing.js';
import type { Listeners } from '../listeners.js';
import type { Clock } from '../transport/clock.js';

/** A client's connection, as its outbox uses it. */
export interface OutboxConnection extends WaitingBounds {
  readonly status: ConnectionStatus;
  readonly options: WaitingBounds['options'] & { readonly clock: Clock };
  readonly welcome: WelcomeFrame | undefined;
  readonly listeners: Listeners;
  streamOf(endpoint: string): ConnectedStream;
}

/**
 * Keeps `durable` messages until they are answered, beyond the life of the page.
 *
 * Made by `openOutbox()`, for one client.
 */
export abstract class Outbox {
  /** Whether messages survive the page; false where the platform keeps nothing. */
  abstract readonly isDurable: boolean;

  /** How many messages it holds that have no outcome yet. */
  abstract readonly size: number;

  /**
   * Takes back and forgets what it holds, as at a sign-out; resolves when that is written.
   *
   * Promises of `sendStreamMessage` reject with ABORTED; what is on its way may be handled. What
   * pages that are open elsewhere hold is theirs to clear.
   */
  abstract clear(): Promise<void>;

  /** Lets go of the storage, and keeps what it holds; the client's `close()` calls it. */
  abstract close(): Promise<void>;

  /** What holds for the messages unless they say otherwise. */
  abstract readonly limits: { readonly offline: 'queue'; readonly timeoutMs: number };

  /** Gives the client its name and what is held; called once, when the client is made. */
  abstract attach(connection: OutboxConnection, classes: ReadonlyMap<string, MessageClass>): void;

  /**
   * Takes a message that is about to wait in its stream.
   *
   * @throws {CodedError} QUEUE_FULL when it holds too much
   */
  abstract add(outgoing: Outgoing, message: Message): void;

  /** Sends any message, in its order: one that is held when it is written down that it may have been. */
  abstract send(outgoing: Outgoing, send: () => void): void;
}
