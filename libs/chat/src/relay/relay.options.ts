import { numberOptions } from '../limits/number-options.js';

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

/**
 * Returns all options of the relay, with the defaults of the others.
 *
 * @throws {ChatError} CHAT_CONFIGURATION when one does not exist, or is no whole number from 1 on
 */
export function relaySettings(given: ChatRelayOptions = {}): Required<ChatRelayOptions> {
  return numberOptions('relay', given, DEFAULT_RELAY);
}
