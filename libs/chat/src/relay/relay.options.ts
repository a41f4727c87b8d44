/** The options of the relay, which publishes stored changes. */
export interface ChatRelayOptions {
  /**
   * The time between looks for changes that nobody announced, in milliseconds.
   *
   * @default 1_000
   */
  readonly pollMs?: number;
  /**
   * The time after which another server takes over from one that died, in milliseconds.
   *
   * @default 5_000
   */
  readonly takeoverMs?: number;
}

/** The defaults of the relay. */
export const DEFAULT_RELAY: Required<ChatRelayOptions> = { pollMs: 1_000, takeoverMs: 5_000 };
