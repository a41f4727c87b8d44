import {
  applyPresence,
  create,
  EMPTY_PRESENCE,
  StreamGap,
  type CodedError,
  type Message,
} from '@nestwire/protocol';
import type { ChatChannel, ChatMembership } from '../channels/chat-channel.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatProfile } from '../users/chat-users.js';
import { ChatChannelEvent, ChatMessageEvent } from '../wire/chat-events.js';
import { ChatJoined, ChatTypingEvent } from '../wire/chat-replies.js';
import { ChatLoadChanges, ChatWatchPresence } from '../wire/chat-requests.js';
import type { ChannelCalls } from './chat-client.js';
import type { ChatContext } from './chat-context.js';
import type { ChatStatus } from './chat-face.js';
import type { HistoryPage } from './message-window.js';
import { codedError, isPassing, retryMs } from './retry.js';
import { StreamReading } from './stream-reading.js';
import { Typists } from './typists.js';

/** The most changes that are loaded page by page; beyond it, the windows are loaded anew. */
const MAX_CHANGES = 1_000;
/** The number of live events after which changes are loaded, so that a later gap has few. */
const EVENTS_OF_A_BASE = 200;
/** The most users whose profiles are kept. */
const MAX_PROFILES = 1_000;

/** A window of the channel: its own messages, or those of a thread. */
export interface LiveWindow {
  /** Keeps new messages out until `release`, because some before them may be missing. */
  hold(): void;
  release(): void;
  merge(message: ChatMessage): void;
  /** Loads the window anew if somebody reads it, else forgets it; `newest` is the newest page of the channel. */
  refresh(newest: HistoryPage): Promise<void>;
  changed(): void;
}

/**
 * The live state of one channel: its stream, and what the stream has missed.
 *
 * All changes up to the revision `base` are in the windows. After each open of the stream and after each gap, the
 * changes since then are loaded before new messages appear.
 */
export class LiveChannel {
  status: ChatStatus = 'opening';
  error: CodedError | null = null;
  channel: ChatChannel | null = null;
  membership: ChatMembership | null = null;
  presence = EMPTY_PRESENCE;
  readonly calls: ChannelCalls;
  readonly typists: Typists;
  /** The windows that exist; they receive all messages while the channel is open. */
  readonly windows = new Set<LiveWindow>();
  private readonly profiles = new Map<string, ChatProfile>();
  private uses = 0;
  private isConnected = false;
  private readonly reading: StreamReading<Message>;
  private base: number | undefined;
  private newest: (HistoryPage & { readonly revision: number }) | undefined;
  private eventsSinceBase = 0;
  private catching = false;
  private isBehind = false;
  private failures = 0;
  private cancelRetry: (() => void) | undefined;

  constructor(
    private readonly context: ChatContext,
    readonly id: string,
  ) {
    const { client, clock } = context;
    this.calls = client.chatChannel({ channelId: id });
    this.typists = new Typists(clock, () => this.changed());
    this.reading = new StreamReading<Message>(client, this.calls, {
      clock,
      owner: {
        opened: () => this.opened(),
        message: (message) => this.received(message),
        lost: () => this.interrupt(),
        ended: (error) => this.ended(error),
      },
    });
  }

  /** Opens the stream for one more reader. */
  open(): void {
    if (this.uses++) return;
    this.status = 'opening';
    this.error = null;
    this.reading.start();
  }

  /** Closes the stream after its last reader. */
  close(): void {
    if (--this.uses) return;
    this.reading.stop();
    this.interrupt();
    this.cancelRetry?.();
    this.presence = EMPTY_PRESENCE;
  }

  /** True while new messages appear. */
  get isLive(): boolean {
    return this.status === 'live';
  }

  /** Returns the profile of a user, with the id as name while it is unknown. */
  profileOf(id: string): ChatProfile {
    return this.profiles.get(id) ?? { id, name: id };
  }

  /** Moves the read pointer forward. */
  read(seq: number): void {
    if (!this.membership || this.membership.readSeq >= seq) return;
    this.membership = { ...this.membership, readSeq: seq };
    this.changed();
  }

  /** Takes a state of a message, from the stream or as an answer. */
  merge(message: ChatMessage): void {
    if (message.author) this.know(message.author);
    for (const window of this.windows) window.merge(message);
  }

  /** Loads what the windows have missed since `base`. */
  catchUp(): void {
    this.isBehind = true;
    for (const window of this.windows) window.hold();
    if (!this.catching) void this.runCatchUp();
  }

  private know(profile: ChatProfile): void {
    this.profiles.delete(profile.id);
    this.profiles.set(profile.id, profile);
    if (this.profiles.size > MAX_PROFILES) this.profiles.delete(this.profiles.keys().next().value!);
  }

  private opened(): void {
    if (this.context.options.presence)
      this.calls.sendStreamMessage(create(ChatWatchPresence, {})).catch(() => undefined);
    this.interrupt();
    this.isConnected = true;
    // A stream that was open already does not send the first page again.
    if (this.base !== undefined) this.catchUp();
  }

  private received(message: Message): void {
    if (message instanceof ChatJoined) this.joined(message);
    else if (message instanceof ChatMessageEvent) this.changedMessage(message);
    else if (message instanceof ChatChannelEvent) this.channel = message.channel;
    else if (message instanceof StreamGap) this.catchUp();
    else if (message instanceof ChatTypingEvent) this.typed(message);
    else this.presence = applyPresence(this.presence, message);
    this.changed();
  }

  private joined({ channel, membership, messages, hasOlder, revision }: ChatJoined): void {
    const readSeq = Math.max(membership?.readSeq ?? 0, this.membership?.readSeq ?? 0);
    this.channel = channel;
    this.membership = membership && { ...membership, readSeq };
    this.newest = { messages, hasOlder, hasNewer: false, revision };
    this.catchUp();
  }

  private changedMessage({ message }: ChatMessageEvent): void {
    if (message.author) this.typists.remove(message.author.id);
    this.merge(message);
    if (++this.eventsSinceBase < EVENTS_OF_A_BASE || this.isBehind) return;
    this.isBehind = true;
    void this.runCatchUp();
  }

  private typed(event: ChatTypingEvent): void {
    if (event.user.id !== this.context.options.user()?.id) this.typists.take(event);
  }

  private interrupt(): void {
    this.isConnected = false;
    for (const window of this.windows) window.hold();
    this.typists.clear();
    if (this.status === 'live') this.status = 'reconnecting';
    this.changed();
  }

  private ended(error: CodedError): void {
    this.interrupt();
    this.status = error.code === 'evicted' ? 'removed' : 'refused';
    this.error = error;
    this.changed();
  }

  private async runCatchUp(): Promise<void> {
    if (this.catching) return;
    this.catching = true;
    try {
      while (this.isBehind && this.reading.isStarted) {
        this.isBehind = false;
        await this.loadMissing();
      }
      this.failures = 0;
      this.live();
    } catch (failure) {
      this.isBehind = true;
      this.retry(codedError(failure));
    } finally {
      this.catching = false;
    }
  }

  /** Loads the changes since `base`, or the windows if there are none yet or too many changes. */
  private async loadMissing(): Promise<void> {
    const { newest, base } = this;
    if (newest && (base === undefined || newest.revision - base > MAX_CHANGES)) {
      await Promise.all([...this.windows].map((window) => window.refresh(newest)));
      this.base = newest.revision;
    } else if (base !== undefined) {
      const { messages, revision } = await this.changesSince(base);
      for (const message of messages) this.merge(message);
      this.base = Math.max(revision, newest?.revision ?? 0);
    }
    if (this.newest === newest) this.newest = undefined;
    this.eventsSinceBase = 0;
  }

  private async changesSince(base: number): Promise<{ messages: ChatMessage[]; revision: number }> {
    const messages: ChatMessage[] = [];
    for (let revision = base; ;) {
      const page = await this.calls.loadChanges(create(ChatLoadChanges, { revision }));
      messages.push(...page.messages);
      ({ revision } = page);
      if (!page.hasMore) return { messages, revision };
    }
  }

  private live(): void {
    if (this.base === undefined || !this.isConnected) return;
    for (const window of this.windows) window.release();
    this.status = 'live';
    this.changed();
  }

  private retry(error: CodedError): void {
    if (!isPassing(error) || !this.reading.isStarted) return;
    this.cancelRetry?.();
    this.cancelRetry = this.context.clock.after(retryMs(this.failures++, error), () => {
      if (this.isBehind && this.reading.isStarted) void this.runCatchUp();
    });
  }

  private changed(): void {
    for (const window of this.windows) window.changed();
  }
}
