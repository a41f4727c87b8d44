import type { Durability, HistoryLength } from '../channel/channel.js';

/** The properties of a recoverable channel that a history needs. */
export interface HistoryChannel {
  readonly name: string;
  readonly history: HistoryLength;
  readonly durability: Durability;
}
