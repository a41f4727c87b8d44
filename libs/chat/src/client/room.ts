import { channelActions } from './channel-actions.js';
import type { ChatContext } from './chat-context.js';
import type { ChatRoom, ChatThread } from './chat-face.js';
import { LiveChannel } from './live-channel.js';
import { Timeline } from './timeline.js';

/** The most threads that keep their messages while nobody reads them. */
const MAX_UNUSED_THREADS = 10;

/** A channel with its threads. */
export class Room extends Timeline {
  readonly #threads = new Map<number, Timeline>();

  private constructor(context: ChatContext, id: string) {
    super(context, new LiveChannel(context, id), null);
  }

  /** Makes the room of a channel. */
  static of(context: ChatContext, id: string): Room & ChatRoom {
    const room = new Room(context, id);
    return Object.assign(room, channelActions(room.live));
  }

  readonly thread = (seq: number): ChatThread => {
    const thread = this.#threads.get(seq) ?? new Timeline(this.context, this.live, seq);
    this.#threads.delete(seq);
    this.#threads.set(seq, thread);
    const unused = [...this.#threads].filter(([, other]) => !other.isInUse && other !== thread);
    for (const [other, timeline] of unused.slice(0, -MAX_UNUSED_THREADS)) {
      this.#threads.delete(other);
      this.live.windows.delete(timeline);
    }
    return thread;
  };

  /** Opens the stream again that the server has ended, as after a new membership. */
  reopen(): void {
    this.live.reopen();
  }

  /** Forgets everything, which belongs to another user. */
  forgetAll(): void {
    this.live.forget();
  }

  /** True while somebody reads the channel or a thread. */
  get isRead(): boolean {
    return this.#all.some((timeline) => timeline.isInUse);
  }

  /** Tells all timelines that own posts have changed. */
  changedAll(): void {
    for (const timeline of this.#all) timeline.changed();
  }

  /** Ends the use of all timelines. */
  endAll(): void {
    for (const timeline of this.#all) timeline.end();
  }

  get #all(): readonly Timeline[] {
    return [this, ...this.#threads.values()];
  }
}
