import type { Message, MessageClass } from '@nestwire/protocol';
import type { WelcomeFrame } from '@nestwire/protocol/codec';
import type { ConnectedStream } from '../connection/connected-stream.js';
import type { ConnectionStatus } from '../connection/connection-status.js';
import type { Outgoing, WaitingBounds } from '../endpoint/outgoing.js';
import type { Listeners } from '../listeners.js';
import type { ClientClock } from '../transport/clock.js';

/** A client's connection, as its outbox uses it. */
export interface OutboxConnection extends WaitingBounds {
  readonly status: ConnectionStatus;
  readonly options: WaitingBounds['options'] & { readonly clock: ClientClock };
  readonly welcome: WelcomeFrame | undefined;
  readonly listeners: Listeners;
  streamOf(endpoint: string): ConnectedStream;
}

/**
 * Stores `durable` messages until they are answered, across page loads.
 *
 * `openOutbox()` makes it, for one client.
 */
export abstract class Outbox {
  /** True when messages survive the page; false when the platform stores nothing. */
  abstract readonly isDurable: boolean;

  /** The number of messages without an outcome. */
  abstract readonly size: number;

  /**
   * Aborts and deletes all messages, as at a sign-out; resolves when this is stored.
   *
   * The promises of `sendStreamMessage` reject with ABORTED, but the server may still handle messages that
   * were sent. Messages of other open pages stay.
   */
  abstract clear(): Promise<void>;

  /** Releases the storage and keeps its messages; called by the client's `close()`. */
  abstract close(): Promise<void>;

  /** The send options of durable messages that set none. */
  abstract readonly limits: { readonly offline: 'queue'; readonly timeoutMs: number };

  /** Connects the outbox with its client; called once, when the client is made. */
  abstract attach(connection: OutboxConnection, classes: ReadonlyMap<string, MessageClass>): void;

  /**
   * Stores a message before it waits in its stream, with the name of the stream.
   *
   * @throws {CodedError} QUEUE_FULL when the outbox is full
   */
  abstract add(outgoing: Outgoing, message: Message, stream: string): void;

  /** Sends a message in order; a durable one after it is stored as possibly sent. */
  abstract send(outgoing: Outgoing, send: () => void): void;
}
