import { StreamMessage } from './stream-message.decorator.js';

/**
 * Why messages of a channel are missing.
 *
 * `trimmed`: the history no longer holds them. `epoch-changed`: the history began anew. `diverged`: the history was replaced by an older or another
 * one, as after a failover; what was received may be in no history at all. `resume-refused`: the
 * position that the client came back with could not be accepted. `unreadable`: what is stored there, or what
 * came from there, cannot be read.
 */
export type StreamGapReason = 'trimmed' | 'epoch-changed' | 'diverged' | 'resume-refused' | 'unreadable';

/**
 * Says, in its place in a channel, that messages are missing there.
 *
 * What follows it is without a hole again. Load anew what the channel's messages have built up.
 */
@StreamMessage('nestwire.gap')
export class StreamGap {
  declare readonly $type: 'nestwire.gap';
  /** The name of the channel. */
  channel!: string;
  reason!: StreamGapReason;
}
