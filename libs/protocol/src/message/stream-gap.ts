import { StreamMessage } from './stream-message.decorator.js';

/**
 * The reason why messages of a channel are missing.
 *
 * - `trimmed`: the history no longer contains them.
 * - `epoch-changed`: the history was created again.
 * - `diverged`: an older or another history replaced this one, as after a failover. Received messages may be
 *   in no history at all.
 * - `resume-refused`: the server could not accept the position of the reconnecting client.
 * - `unreadable`: a stored or received publication cannot be read.
 */
export type StreamGapReason = 'trimmed' | 'epoch-changed' | 'diverged' | 'resume-refused' | 'unreadable';

/**
 * Reports missing messages of a channel, in their place.
 *
 * The messages after it are complete again. Reload the state that was built from the channel's messages.
 */
@StreamMessage('nestwire.gap')
export class StreamGap {
  declare readonly $type: 'nestwire.gap';
  /** The name of the channel. */
  channel!: string;
  reason!: StreamGapReason;
}
