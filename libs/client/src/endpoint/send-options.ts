/**
 * What happens to a message that is sent while there is no connection.
 *
 * `throw`: it is refused with NOT_CONNECTED. `queue`: it waits, in order and bounded, and is sent
 * once connected. `drop`: it is discarded and its promise resolves, for messages that are soon stale.
 */
export type OfflinePolicy = 'throw' | 'queue' | 'drop';

/** How one message is sent; what is left out is as the client's options say. */
export interface SendOptions {
  /** Time until the promise settles at the latest, in ms, a wait for a connection included. */
  readonly timeoutMs?: number;
  /** Rejects the promise with ABORTED; a message that still waits is not sent any more. */
  readonly signal?: AbortSignal;
  /** What happens to the message without a connection. */
  readonly offline?: OfflinePolicy;
  /** Keeps the message in the client's `outbox` until it is answered, over a reload of the page too. */
  readonly durable?: boolean;
}
