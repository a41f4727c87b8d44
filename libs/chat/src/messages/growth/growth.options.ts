import { misconfigured } from '../../error/option-errors.js';
import { numberOptions } from '../../limits/number-options.js';

/** The options of messages that grow while they are produced. */
export interface ChatGrowthOptions {
  /**
   * The time between two looks at the database, each of which stores the text so far, in milliseconds.
   *
   * @default 1_000
   */
  readonly storeMs?: number;
  /**
   * The time in which pieces of the text are collected before readers get them, in milliseconds.
   *
   * @default 50
   */
  readonly deltaMs?: number;
  /**
   * The time after which the growing messages of a server that died end as failed, in milliseconds.
   *
   * @default 5_000
   */
  readonly leaseMs?: number;
  /**
   * The most messages that grow in this process at once.
   *
   * @default 1_000
   */
  readonly maxGrowing?: number;
}

/** The defaults of growing messages. */
export const DEFAULT_GROWTH: Required<ChatGrowthOptions> = {
  storeMs: 1_000,
  deltaMs: 50,
  leaseMs: 5_000,
  maxGrowing: 1_000,
};

/**
 * Returns all options of growing messages, with the defaults of the others.
 *
 * @throws {ChatError} CHAT_CONFIGURATION when one of them is not valid
 */
export function growthSettings(given: ChatGrowthOptions = {}): Required<ChatGrowthOptions> {
  const settings = numberOptions('growth', given, DEFAULT_GROWTH);
  if (settings.leaseMs < 2 * settings.storeMs)
    throw misconfigured('growth.leaseMs is at least twice growth.storeMs, which extends the lease');
  return settings;
}
