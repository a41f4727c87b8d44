import { StreamMessage } from './stream-message.decorator.js';

/** Says that somebody is in a channel now who was not before. */
@StreamMessage('nestwire.presence.joined')
export class PresenceJoined {
  declare readonly $type: 'nestwire.presence.joined';
  /** The name of the channel. */
  channel!: string;
  /** The user's id; of somebody without a user the id of the connection. */
  id!: string;
  /** The user's id, or null. */
  userId!: string | null;
  /** What was given with the join. */
  data?: unknown;
}

/** Says that somebody has left a channel, with the last connection. */
@StreamMessage('nestwire.presence.left')
export class PresenceLeft {
  declare readonly $type: 'nestwire.presence.left';
  /** The name of the channel. */
  channel!: string;
  /** The `id` that joined. */
  id!: string;
  /** The user's id, or null. */
  userId!: string | null;
}
