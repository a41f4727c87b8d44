import { channelActions } from './channel-actions.js';
import type { ChatContext } from './chat-context.js';
import type { ChatRoom, ChatThread } from './chat-face.js';
import { LiveChannel } from './live-channel.js';
import { putLast } from './recent-entries.js';
import { Timeline } from './timeline.js';

/** The most threads that keep their messages while nobody reads them. */
const MAX_UNUSED_THREADS = 10;

/** A channel with its threads. */
export class Room extends Timeline {
  private constructor(context: ChatContext, id: string) {
    super(context, new LiveChannel(context, id), null);
  }

  /** Makes the room of a channel. */
  static of(context: ChatContext, id: string): Room & ChatRoom {
    const room = new Room(context, id);
    return Object.assign(room, channelActions(room.live));
  }

  readonly thread = (seq: number): ChatThread => {
    const { windows } = this.live;
    const thread = windows.get(seq) ?? new Timeline(this.context, this.live, seq);
    putLast(windows, [seq, thread], MAX_UNUSED_THREADS, (other) => other.isInUse || other === this);
    return thread;
  };

  /** Forgets everything, which belongs to another user. */
  forgetAll(): void {
    this.live.forget();
  }

  /** True while somebody reads the channel or a thread. */
  get isRead(): boolean {
    return [...this.live.windows.values()].some((timeline) => timeline.isInUse);
  }

  /** Tells all timelines that own posts have changed. */
  changedAll(): void {
    this.live.changed();
  }

  /** Ends the use of all timelines. */
  endAll(): void {
    for (const timeline of this.live.windows.values()) timeline.end();
  }
}
