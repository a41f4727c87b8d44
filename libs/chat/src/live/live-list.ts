import { create, StreamGap } from '@nestwire/protocol';
import type { StreamSession } from '@nestwire/streams';
import type { ChatService } from '../chat.service.js';
import { isDenial } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import type { ChatActor } from '../policy/chat-actor.js';
import { ChatThreadEvent, type ChatMemberEvent, type ChatMembershipEvent } from '../wire/chat-events.js';
import { ChatListStale, type ChatActivity } from '../wire/list-events.js';
import type { RoomWatches } from './room-watches.js';
import type { ListWatcher } from './watched-room.js';

/** The most changes that wait for a slow device. */
const MAX_UNSENT = 256;
/** The channels that a look for activity reads. */
const LOOKED_AT = 30;

type Session = StreamSession<ChatActivity | ChatListStale>;

/** The parts and limits of live lists. */
export interface LiveListParts {
  readonly chat: ChatService;
  readonly rooms: RoomWatches;
  readonly limits: Pick<Required<ChatLimits>, 'maxWatchedChannels' | 'listRefreshMs'>;
}

/** The live list of channels of one device; it ends with its session. */
export class LiveList implements ListWatcher {
  readonly userId: string;
  private readonly watched = new Set<string>();
  private isLoaded = false;
  private isStale = false;
  private unsent = 0;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly session: Session,
    private readonly actor: ChatActor & { readonly userId: string },
    private readonly parts: LiveListParts,
  ) {
    this.userId = actor.userId;
    session.signal.addEventListener('abort', () => this.end(), { once: true });
  }

  /** Watches the channels of the user, the last active first; call it before the list is read. */
  async load(): Promise<void> {
    const { chat, limits } = this.parts;
    const max = limits.maxWatchedChannels;
    const ids = await chat.lists.ids(this.actor, max + 1);
    const wanted = new Set(ids.slice(0, max));
    for (const id of [...this.watched]) if (!wanted.has(id)) this.unwatch(id);
    await Promise.all([...wanted].map((id) => this.watch(id)));
    this.isLoaded = true;
    this.stopLooking();
    if (ids.length > max) this.lookForOthers();
  }

  /** Watches one channel more; call it before its entry is read. */
  async add(channelId: string): Promise<void> {
    const { chat, limits } = this.parts;
    const max = limits.maxWatchedChannels;
    if (this.watched.has(channelId)) return;
    const [oldest] = this.watched;
    if (this.watched.size >= max && oldest !== undefined) this.unwatch(oldest);
    await this.watch(channelId);
    try {
      await chat.history.demandReading(this.actor, channelId);
    } catch (error) {
      this.unwatch(channelId);
      throw error;
    }
  }

  /** Follows the memberships of the user. */
  memberships(event: ChatMembershipEvent | ChatThreadEvent | StreamGap): void {
    if (!this.isLoaded || event instanceof ChatThreadEvent) return;
    if (event instanceof StreamGap) return this.stale();
    if (event.membership === null) return this.unwatch(event.channelId);
    this.add(event.channelId).catch(() => undefined);
  }

  changed(activity: ChatActivity): void {
    if (!this.isStale) this.send(activity);
  }

  lost(channelId: string): void {
    this.unwatch(channelId);
    this.stale();
  }

  memberChanged({ channelId, member }: ChatMemberEvent): void {
    if (member === null) return this.unwatch(channelId);
    this.parts.chat.history
      .demandReading(this.actor, channelId)
      .catch((error: unknown) => (isDenial(error) ? this.unwatch(channelId) : this.lost(channelId)));
  }

  private async watch(channelId: string): Promise<void> {
    if (this.session.signal.aborted || this.watched.has(channelId)) return;
    this.watched.add(channelId);
    await this.parts.rooms.watch({ tenant: this.actor.tenant, id: channelId }, this);
  }

  private unwatch(channelId: string): void {
    this.watched.delete(channelId);
    this.parts.rooms.unwatch({ tenant: this.actor.tenant, id: channelId }, this);
  }

  /** Tells the device to load the list again, after what waits for it. */
  private stale(): void {
    if (this.isStale) return;
    this.isStale = true;
    this.reportStale();
  }

  private reportStale(): void {
    if (!this.isStale || this.unsent > 0) return;
    this.isStale = false;
    this.send(create(ChatListStale, {}));
  }

  /** A device that reads too slowly gets one report instead of the changes. */
  private send(message: ChatActivity | ChatListStale): void {
    if (this.unsent >= MAX_UNSENT) return this.stale();
    this.unsent++;
    this.session
      .sendStreamMessage(message)
      .catch(() => undefined)
      .finally(() => {
        this.unsent--;
        this.reportStale();
      });
  }

  /** A user of very many channels is told when one that is not watched becomes active. */
  private lookForOthers(): void {
    if (this.session.signal.aborted) return;
    this.looking = setInterval(() => void this.look(), this.parts.limits.listRefreshMs).unref();
  }

  private stopLooking(): void {
    clearInterval(this.looking);
    this.looking = undefined;
  }

  private async look(): Promise<void> {
    const ids = await this.parts.chat.lists.ids(this.actor, LOOKED_AT).catch(() => []);
    if (ids.every((id) => this.watched.has(id))) return;
    this.stopLooking();
    this.stale();
  }

  private end(): void {
    this.stopLooking();
    for (const id of [...this.watched]) this.unwatch(id);
  }
}
