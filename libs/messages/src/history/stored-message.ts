import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { Link } from './position.js';

/** A message of a history. */
export interface StoredMessage extends EncodedMessage, Link {
  /** True for undecodable content; followers deliver a gap in its place, and continue after it. */
  readonly isUnreadable?: boolean;
  /** The parsed text, when the store knows it; the first publication of the message owns it. */
  readonly properties?: object;
}
