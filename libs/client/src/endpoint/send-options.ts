/**
 * The policy for messages that are sent without a connection.
 *
 * - `throw`: the call rejects with NOT_CONNECTED.
 * - `queue`: the message waits in a bounded queue and is sent, in order, after the connect.
 * - `drop`: the message is discarded and its promise resolves; for messages that soon become stale.
 */
export type OfflinePolicy = 'throw' | 'queue' | 'drop';

/** Options of one message; the client's options are the defaults. */
export interface SendOptions {
  /** Time limit of the promise, in ms, including the wait for a connection. */
  readonly timeoutMs?: number;
  /** Rejects the promise with ABORTED; a waiting message is not sent then. */
  readonly signal?: AbortSignal;
  /** The policy for the message without a connection. */
  readonly offline?: OfflinePolicy;
  /** True stores the message in the client's `outbox` until it is answered, also across page loads. */
  readonly durable?: boolean;
}
