import type { MessagesService } from '@nestwire/messages';
import type { ChannelKey } from '../channels/channel-rows.js';
import type { ChannelStates } from '../channels/channel-state.js';
import { chatRoom } from '../wire/chat-topics.js';
import { WatchedRoom, type ListWatcher } from './watched-room.js';

interface Watched {
  readonly room: WatchedRoom;
  readonly listening: Promise<unknown>;
  readonly stop: AbortController;
}

/**
 * Watches the rooms of the channels that are in lists of this process.
 *
 * Each room has one listener, however many lists have its channel.
 */
export class RoomWatches {
  private readonly rooms = new Map<string, Watched>();

  constructor(
    private readonly messages: MessagesService,
    private readonly states: ChannelStates,
  ) {}

  /** The number of the watched rooms. */
  get size(): number {
    return this.rooms.size;
  }

  /** Tells a list about the changes of a channel; resolves when no later change is missed. */
  async watch(channel: ChannelKey, watcher: ListWatcher): Promise<void> {
    const { room, listening } = this.rooms.get(keyOf(channel)) ?? this.open(channel);
    room.watchers.add(watcher);
    try {
      await listening;
    } catch (error) {
      this.unwatch(channel, watcher);
      throw error;
    }
  }

  /** Ends it; the last one ends the listener. */
  unwatch(channel: ChannelKey, watcher: ListWatcher): void {
    const key = keyOf(channel);
    const watched = this.rooms.get(key);
    if (!watched) return;
    watched.room.watchers.delete(watcher);
    if (watched.room.watchers.size > 0) return;
    this.rooms.delete(key);
    watched.stop.abort();
  }

  private open({ tenant, id }: ChannelKey): Watched {
    const room = new WatchedRoom(id, () => this.states.read({ tenant, id }));
    const stop = new AbortController();
    const listening = this.messages.addListener(chatRoom(tenant, id), (event) => room.take(event), {
      signal: stop.signal,
    });
    const watched = { room, listening, stop };
    this.rooms.set(keyOf({ tenant, id }), watched);
    return watched;
  }
}

function keyOf({ tenant, id }: ChannelKey): string {
  return `${tenant}:${id}`;
}
