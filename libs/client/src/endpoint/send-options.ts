import type { OfflinePolicy } from '../client-options.js';

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
