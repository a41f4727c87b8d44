import { create, StreamGap } from '@nestwire/protocol';
import { setImmediate } from 'node:timers/promises';
import type { ChannelState } from '../channels/channel-state.js';
import { ChatChannelEvent, ChatMemberEvent, ChatMessageEvent } from '../wire/chat-events.js';
import { ChatActivity } from '../wire/list-events.js';

/** The changes that one turn of the event loop reports. */
const SLICE = 500;
/** The most events that wait for the state of the channel. */
const MAX_PENDING = 1_000;

/** The list of one device, which wants the changes of its channels. */
export interface ListWatcher {
  readonly userId: string;
  /** Takes a change of a channel. */
  changed(activity: ChatActivity): void;
  /** Reports that changes are missing; the channel is no longer watched. */
  lost(channelId: string): void;
  /** Reports that the membership of the user has changed. */
  memberChanged(event: ChatMemberEvent): void;
}

type RoomEvent = ChatMessageEvent | ChatChannelEvent;

/** The events of one channel, for the lists that watch it in this process. */
export class WatchedRoom {
  readonly watchers = new Set<ListWatcher>();
  private pending: RoomEvent[] = [];
  private isTelling = false;

  constructor(
    private readonly channelId: string,
    private readonly read: () => Promise<ChannelState | undefined>,
  ) {}

  /** Takes an event. A removed member gets none of the events after it. */
  take(event: RoomEvent | ChatMemberEvent | StreamGap): void {
    if (event instanceof StreamGap) return this.lose();
    if (event instanceof ChatMemberEvent) return this.tellMember(event);
    this.pending.push(event);
    if (this.pending.length > MAX_PENDING) return this.lose();
    if (!this.isTelling) void this.tellAll();
  }

  /** One read of the state serves all events that have come until then. */
  private async tellAll(): Promise<void> {
    this.isTelling = true;
    try {
      while (this.pending.length > 0) {
        const events = this.pending.splice(0);
        const state = await this.read();
        if (state) await this.tellEvents(events, state);
      }
    } catch {
      this.lose();
    } finally {
      this.isTelling = false;
    }
  }

  private async tellEvents(events: readonly RoomEvent[], state: ChannelState): Promise<void> {
    let told = 0;
    for (const event of events)
      for (const watcher of [...this.watchers]) {
        if (++told % SLICE === 0) await setImmediate();
        if (this.watchers.has(watcher)) watcher.changed(activityOf(event, state, watcher));
      }
  }

  private tellMember(event: ChatMemberEvent): void {
    for (const watcher of [...this.watchers]) {
      if (watcher.userId !== event.userId) continue;
      if (event.member === null) this.watchers.delete(watcher);
      watcher.memberChanged(event);
    }
  }

  private lose(): void {
    this.pending = [];
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const watcher of watchers) watcher.lost(this.channelId);
  }
}

function activityOf(event: RoomEvent, state: ChannelState, { userId }: ListWatcher): ChatActivity {
  const channelId = state.channel.id;
  if (event instanceof ChatChannelEvent)
    return create(ChatActivity, {
      ...state,
      channelId,
      kind: 'channel.changed',
      seq: null,
      revision: event.channel.revision,
      authorId: null,
      threadSeq: null,
      isMention: false,
    });
  const { seq, revision, author, threadSeq, mentions } = event.message;
  return create(ChatActivity, {
    ...state,
    channelId,
    kind: event.kind,
    seq,
    revision,
    authorId: author?.id ?? null,
    threadSeq,
    isMention: mentions.includes(userId),
  });
}
