import { create, StreamGap, type CodedError, type Message } from '@nestwire/protocol';
import type { ChatChannel, ChatMembership } from '../channels/chat-channel.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { GrantedRights } from '../policy/granted-rights.js';
import type { ChatChannelState } from '../wire/channel-replies.js';
import {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatThreadEvent,
} from '../wire/chat-events.js';
import { ChatJoined, ChatTypingEvent } from '../wire/chat-replies.js';
import { ChatWatchPresence } from '../wire/chat-requests.js';
import { ChatGrowth } from '../wire/growth-events.js';
import { ChatLoadEntry } from '../wire/list-requests.js';
import { Attendance } from './attendance.js';
import { CatchUp, type LiveWindows } from './catch-up.js';
import type { ChannelCalls } from './chat-client.js';
import type { ChatContext } from './chat-context.js';
import type { ChatStatus } from './chat-face.js';
import { finalError } from './retry.js';
import { StreamReading, type StreamOwner } from './stream-reading.js';
import { Task } from './task.js';
import { Typists } from './typists.js';

/** The time in which events lead to one load of the entry, in milliseconds. */
const ENTRY_MS = 300;

/** The live state of one channel: its stream, its windows and who is there. */
export class LiveChannel {
  status: ChatStatus = 'opening';
  error: CodedError | null = null;
  channel: ChatChannel | null = null;
  membership: ChatMembership | null = null;
  rights: GrantedRights | null = null;
  /** The number of the last message that is known. */
  lastSeq = 0;
  /** The unread messages as the server has counted them last. */
  unreadCount = 0;
  readonly calls: ChannelCalls;
  readonly typists: Typists;
  readonly attendance: Attendance;
  /** The windows that exist; they receive all messages while the channel is open. */
  readonly windows: LiveWindows = new Map();
  readonly #catchUp: CatchUp;
  readonly #reading: StreamReading;
  readonly #entry: Task;
  readonly #ofChannel: StreamOwner;
  readonly #ofUser: StreamOwner;
  #uses = 0;
  readonly #context: ChatContext;

  constructor(
    context: ChatContext,
    readonly id: string,
  ) {
    this.#context = context;
    const { client, clock } = context;
    this.calls = client.chatChannel({ channelId: id });
    this.typists = new Typists(clock, () => this.changed());
    this.attendance = new Attendance(context.profiles);
    this.#catchUp = new CatchUp(this.calls, clock, this.windows, () => this.#isCurrent());
    this.#reading = new StreamReading(client, this.calls, clock);
    this.#ofChannel = {
      opened: () => this.#opened(),
      message: (message) => this.#received(message),
      lost: () => this.#interrupt(),
      ended: (error) => this.#ended(error),
    };
    // A user who is no member has no entry.
    this.#entry = new Task(clock, () => this.#loadEntry().catch(finalError));
    this.#ofUser = {
      // The page of the channel may be older than the stream of the user, which has the moves of the pointer.
      opened: () => {
        if (this.channel) this.#missedOfUser();
      },
      message: (message) => this.#receivedOfUser(message),
    };
  }

  /** Opens the stream for one more reader. */
  open(): void {
    if (this.#context.isClosed()) return;
    if (this.#uses++) return this.#catchUp.loadNew();
    this.#context.feed.add(this.#ofUser);
    this.#opening();
    this.#reading.add(this.#ofChannel);
  }

  /** Closes the stream after its last reader. */
  close(): void {
    if (!this.#uses || --this.#uses) return;
    this.#context.feed.remove(this.#ofUser);
    this.#entry.stop();
    this.#reading.remove(this.#ofChannel);
    this.#interrupt();
  }

  /** Opens a stream again that the server has ended, as after a new membership. */
  #reopen(): void {
    if (!this.#uses || !this.error) return;
    this.#opening();
    this.#reading.start();
  }

  /** Forgets everything, which belongs to another user. */
  forget(): void {
    this.channel = this.membership = this.rights = null;
    this.lastSeq = this.unreadCount = 0;
    this.#entry.stop();
    this.#catchUp.forget();
    this.attendance.clear();
    this.changed();
  }

  /** Takes the state of a message that is an answer of the server. */
  amend(message: ChatMessage): void {
    for (const window of this.windows.values()) window.amend(message);
  }

  /** Takes the state of the channel that is an answer of the server. */
  become({ channel, membership }: ChatChannelState): void {
    this.#is(channel);
    this.#joinedAs(membership);
    this.changed();
  }

  /** Moves the read pointer forward. */
  read(seq: number): void {
    if (!this.membership || this.membership.readSeq >= seq) return;
    this.membership = { ...this.membership, readSeq: seq };
    this.#context.readMoved(this.id, seq);
    this.changed();
  }

  /** Makes the views of all windows anew. */
  changed(): void {
    for (const window of this.windows.values()) window.changed();
  }

  /** Loads the own entry of the channel soon, for what events do not tell. */
  lookUp(): void {
    if (this.#uses) this.#entry.ask(ENTRY_MS);
  }

  #opening(): void {
    this.status = 'opening';
    this.error = null;
    this.changed();
  }

  #opened(): void {
    // The server had refused the stream to a former user.
    if (this.error) this.#opening();
    if (this.#context.options.presence)
      this.calls.sendStreamMessage(create(ChatWatchPresence, {})).catch(() => undefined);
    this.#catchUp.opened();
  }

  #received(message: Message): void {
    if (message instanceof ChatJoined) this.#joined(message);
    else if (message instanceof ChatMessageEvent) this.#arrived(message.message);
    else if (message instanceof ChatChannelEvent) this.#is(message.channel);
    else if (message instanceof ChatMemberEvent) this.#memberChanged(message);
    else if (message instanceof StreamGap) this.#missed();
    else if (message instanceof ChatTypingEvent) this.#typed(message);
    else if (message instanceof ChatGrowth) for (const window of this.windows.values()) window.grow(message);
    else this.attendance.take(message);
    this.changed();
  }

  #joined(page: ChatJoined): void {
    this.#is(page.channel);
    this.#joinedAs(page.membership);
    this.rights = page.rights;
    for (const { author } of page.messages) this.#context.profiles.know(author);
    this.#catchUp.joined({ ...page, hasNewer: false });
  }

  #arrived(message: ChatMessage): void {
    this.#context.profiles.know(message.author);
    if (message.author) this.typists.remove(message.author.id);
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    this.#catchUp.arrived(message);
  }

  #memberChanged({ userId, member, memberCount }: ChatMemberEvent): void {
    if (this.channel) this.channel = { ...this.channel, memberCount };
    if (member) this.#context.profiles.know(member.user);
    if (userId !== this.#context.userId() || !member || !this.membership) return;
    this.#joinedAs({ ...this.membership, role: member.role, state: member.state });
  }

  /** Events are missing: of messages, and of the channel itself. */
  #missed(): void {
    this.#catchUp.opened();
    this.lookUp();
  }

  async #loadEntry(): Promise<void> {
    const userId = this.#context.userId();
    const request = create(ChatLoadEntry, { channelId: this.id });
    const { entry, rights } = await this.#context.client.chatUser.loadEntry(request);
    if (userId !== this.#context.userId()) return;
    if (entry.channel.revision >= (this.channel?.revision ?? 0)) this.#is(entry.channel);
    this.#joinedAs(entry.membership);
    this.unreadCount = entry.unreadCount;
    this.rights = rights;
    this.changed();
  }

  #receivedOfUser(message: Message): void {
    if (message instanceof StreamGap) this.#missedOfUser();
    if (message instanceof ChatThreadEvent && message.channelId === this.id)
      for (const window of this.windows.values()) window.point(message.threadSeq, message.readSeq);
    if (!(message instanceof ChatMembershipEvent) || message.channelId !== this.id) return;
    this.#joinedAs(message.membership);
    if (message.membership) this.#reopen();
    this.changed();
  }

  /** The pointers of the user may have moved. */
  #missedOfUser(): void {
    this.lookUp();
    for (const window of this.windows.values()) window.point();
  }

  #is(channel: ChatChannel): void {
    this.channel = channel;
    this.lastSeq = Math.max(this.lastSeq, channel.lastSeq);
    for (const window of this.windows.values()) window.expire(channel.firstSeq);
  }

  /** The read pointer never moves back, also when an event is older than a page. */
  #joinedAs(membership: ChatMembership | null): void {
    const { role, state, readSeq: known = 0 } = this.membership ?? {};
    const readSeq = Math.max(membership?.readSeq ?? 0, known);
    // Another role has other rights, which come with the entry.
    const isOther = membership?.role !== role || membership?.state !== state;
    if (this.#uses && this.rights && isOther) this.#entry.ask();
    this.membership = membership && { ...membership, readSeq };
  }

  #typed(event: ChatTypingEvent): void {
    this.#context.profiles.know(event.user);
    if (event.user.id !== this.#context.userId()) this.typists.take(event);
  }

  #interrupt(): void {
    this.#catchUp.interrupt();
    this.typists.clear();
    if (this.status === 'live') this.status = 'reconnecting';
    this.changed();
  }

  #ended(error: CodedError): void {
    this.#interrupt();
    this.status = error.code === 'evicted' ? 'removed' : 'refused';
    this.error = error;
    this.changed();
  }

  #isCurrent(): void {
    this.status = 'live';
    this.changed();
  }
}
