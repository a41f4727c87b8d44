import type { ChannelStream } from '@nestwire/messages';
import { MessagesService } from '@nestwire/messages';
import { create, type PresenceEvent } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  type CallItems,
  type StreamUser,
} from '@nestwire/streams';
import type { MembershipChanges } from '../channels/channel-members.js';
import { ChatService } from '../chat.service.js';
import { ChatProfiles } from '../users/chat-profiles.js';
import { ChatChannelState, ChatMembers } from '../wire/channel-replies.js';
import { ChatLoadMembers, ChatSetMember, ChatSetPreferences, ChatUpdate } from '../wire/channel-requests.js';
import { ChatChanges, ChatPage, ChatPointer, ChatStored } from '../wire/chat-replies.js';
import {
  ChatChannelParams,
  ChatDelete,
  ChatEdit,
  ChatLoadChanges,
  ChatLoadPage,
  ChatMarkRead,
  ChatPin,
  ChatPost,
  ChatReact,
  ChatTyping,
  ChatWatchPresence,
} from '../wire/chat-requests.js';
import { ChatStopGrowth } from '../wire/growth-requests.js';
import { ChatUpload, ChatUploaded } from '../wire/upload-replies.js';
import { ChatBeginUpload, ChatCancelUpload, ChatChunk, ChatUploadFrom } from '../wire/upload-requests.js';
import { ChatThreads, ChatVersions } from '../wire/history-replies.js';
import {
  ChatLoadPinned,
  ChatLoadThreads,
  ChatLoadVersions,
  ChatReport,
  ChatReportUser,
} from '../wire/history-requests.js';
import { ChannelReaders, type ChannelSession } from './channel-readers.js';
import { ChatActors } from './chat-actors.js';

/** The last time that a `Date` has, for a channel that is muted for good. */
const FOREVER = 8_640_000_000_000_000;

type Call = StreamCall<StreamUser | null, ChatChannelParams>;

/**
 * The stream of one channel: `client.chatChannel({ channelId })`.
 *
 * It begins with `ChatJoined`, the newest page. The events since before that page follow or precede it; the
 * higher revision of a message is the newer state. It ends with `evicted` when the user may no longer read.
 */
@StreamEndpoint('chatChannel', { params: ChatChannelParams })
export class ChatChannelEndpoint {
  private readonly readers: ChannelReaders;

  constructor(
    private readonly chat: ChatService,
    private readonly actors: ChatActors,
    profiles: ChatProfiles,
    messages: MessagesService,
  ) {
    this.readers = new ChannelReaders({ chat, profiles, messages, actors });
  }

  /** Begins with the newest page. */
  @OnStreamOpened()
  opened(session: ChannelSession): Promise<void> {
    return this.readers.open(session);
  }

  /** Reads a page of the history. */
  @StreamMethod(ChatLoadPage)
  async loadPage(call: Call, request: ChatLoadPage): Promise<ChatPage> {
    const page = await this.chat.history.page(this.actors.of(call), { ...request, ...call.params });
    const { messages, hasOlder, hasNewer, revision } = page;
    return create(ChatPage, { messages, hasOlder, hasNewer, revision });
  }

  /** Reads what changed after a revision: the way to continue after a `StreamGap`. */
  @StreamMethod(ChatLoadChanges)
  async loadChanges(call: Call, request: ChatLoadChanges): Promise<ChatChanges> {
    return create(
      ChatChanges,
      await this.chat.history.changesSince(this.actors.of(call), { ...request, ...call.params }),
    );
  }

  /** Posts a message; a repetition with the client id returns the first one. */
  @StreamMethod(ChatPost)
  async post(call: Call, request: ChatPost): Promise<ChatStored> {
    const message = await this.chat.messages.post(this.actors.of(call), { ...request, ...call.params });
    return create(ChatStored, { message });
  }

  /** Edits a message. */
  @StreamMethod(ChatEdit)
  async edit(call: Call, request: ChatEdit): Promise<ChatStored> {
    const { seq, clientId, text, entities, data, mentions } = request;
    const changes = {
      ...(clientId !== undefined && { clientId }),
      ...(text !== undefined && { text }),
      ...(entities !== undefined && { entities }),
      ...(data !== undefined && { data }),
      ...(mentions !== undefined && { mentions }),
    };
    const message = await this.chat.messages.edit(this.actors.of(call), { ...call.params, seq }, changes);
    return create(ChatStored, { message });
  }

  /** Deletes a message. */
  @StreamMethod(ChatDelete)
  async remove(call: Call, { seq }: ChatDelete): Promise<ChatStored> {
    return create(ChatStored, {
      message: await this.chat.messages.delete(this.actors.of(call), { ...call.params, seq }),
    });
  }

  /** Adds or removes a reaction. */
  @StreamMethod(ChatReact)
  async react(call: Call, { seq, emoji, isSet }: ChatReact): Promise<ChatStored> {
    const { messages } = this.chat;
    const place = { ...call.params, seq };
    const actor = this.actors.of(call);
    const message = await (isSet
      ? messages.react(actor, place, emoji)
      : messages.unreact(actor, place, emoji));
    return create(ChatStored, { message });
  }

  /** Pins or unpins a message. */
  @StreamMethod(ChatPin)
  async pin(call: Call, { seq, isPinned }: ChatPin): Promise<ChatStored> {
    const { messages } = this.chat;
    const place = { ...call.params, seq };
    const message = await (isPinned
      ? messages.pin(this.actors.of(call), place)
      : messages.unpin(this.actors.of(call), place));
    return create(ChatStored, { message });
  }

  /** Stops a growing message; its text so far remains. */
  @StreamMethod(ChatStopGrowth)
  async stopGrowth(call: Call, { seq }: ChatStopGrowth): Promise<void> {
    await this.chat.messages.stopGrowth(this.actors.of(call), { ...call.params, seq });
  }

  /** Begins an upload, or tells where the one with this client id continues. */
  @StreamMethod(ChatBeginUpload)
  async beginUpload(call: Call, request: ChatBeginUpload): Promise<ChatUpload> {
    const begun = await this.chat.attachments.begin(this.actors.of(call), { ...request, ...call.params });
    return create(ChatUpload, begun);
  }

  /** Receives the bytes of an upload; after a lost connection, it continues with another call. */
  @StreamMethod(ChatUploadFrom, { items: ChatChunk })
  async upload(call: Call, request: ChatUploadFrom, chunks: CallItems<ChatChunk>): Promise<ChatUploaded> {
    const place = { ...request, ...call.params };
    const attachment = await this.chat.attachments.receive(this.actors.of(call), place, bytesOf(chunks));
    return create(ChatUploaded, { attachment });
  }

  /** Gives up an upload that no message has. */
  @StreamMethod(ChatCancelUpload)
  async cancelUpload(call: Call, { id }: ChatCancelUpload): Promise<void> {
    await this.chat.attachments.cancel(this.actors.of(call), { ...call.params, id });
  }

  /** Moves the own read pointer forward. */
  @StreamMethod(ChatMarkRead)
  async markRead(call: Call, { seq, threadSeq }: ChatMarkRead): Promise<ChatPointer> {
    const { channelId } = call.params;
    const { pointers } = this.chat;
    const actor = this.actors.of(call);
    const stored = await (threadSeq === undefined
      ? pointers.mark(actor, channelId, seq)
      : pointers.markThread(actor, { channelId, threadSeq, seq }));
    return create(ChatPointer, { seq: stored });
  }

  /** Reads a page of the threads that the user follows. */
  @StreamMethod(ChatLoadThreads)
  async loadThreads(call: Call, request: ChatLoadThreads): Promise<ChatThreads> {
    const { entries: threads, next } = await this.chat.history.threads(this.actors.of(call), {
      ...request,
      ...call.params,
    });
    return create(ChatThreads, { threads, next });
  }

  /** Reads the pinned messages, the last pinned first. */
  @StreamMethod(ChatLoadPinned)
  async loadPinned(call: Call, _request: ChatLoadPinned): Promise<ChatPage> {
    const messages = await this.chat.history.pinned(this.actors.of(call), call.params.channelId);
    // Revision 0 promises nothing: the page lacks the changes of other messages.
    return create(ChatPage, { messages, hasOlder: false, hasNewer: false, revision: 0 });
  }

  /** Reads the former versions of a message. */
  @StreamMethod(ChatLoadVersions)
  async loadVersions(call: Call, { seq }: ChatLoadVersions): Promise<ChatVersions> {
    const versions = await this.chat.history.versions(this.actors.of(call), { ...call.params, seq });
    return create(ChatVersions, { versions });
  }

  /** Reports a message to the moderators. */
  @StreamMethod(ChatReport)
  async report(call: Call, { seq, reason }: ChatReport): Promise<void> {
    await this.chat.privacy.report(this.actors.of(call), { ...call.params, seq, reason });
  }

  /** Reports a user of the channel to the moderators. */
  @StreamMethod(ChatReportUser)
  async reportUser(call: Call, { userId, reason }: ChatReportUser): Promise<void> {
    await this.chat.privacy.reportUser(this.actors.of(call), { ...call.params, userId, reason });
  }

  /** Reads a page of the members. */
  @StreamMethod(ChatLoadMembers)
  async loadMembers(call: Call, request: ChatLoadMembers): Promise<ChatMembers> {
    const { channelId } = call.params;
    const { entries: members, next } = await this.chat.lists.members(
      this.actors.of(call),
      channelId,
      request,
    );
    return create(ChatMembers, { members, next });
  }

  /** Adds, invites or removes a member, or gives another role. */
  @StreamMethod(ChatSetMember)
  async setMember(call: Call, { userId, role, isInvitation = false }: ChatSetMember): Promise<void> {
    const member = { userId, role, isInvitation };
    await this.chat.channels.setMember(this.actors.of(call), call.params.channelId, member);
  }

  /** Changes the channel. */
  @StreamMethod(ChatUpdate)
  async update(call: Call, request: ChatUpdate): Promise<ChatChannelState> {
    const { channels } = this.chat;
    const { channelId } = call.params;
    const actor = this.actors.of(call);
    await channels.update(actor, channelId, request);
    return create(ChatChannelState, await channels.get(actor, channelId));
  }

  /** Mutes or hides the channel for the user alone. */
  @StreamMethod(ChatSetPreferences)
  async setPreferences(call: Call, request: ChatSetPreferences): Promise<ChatChannelState> {
    const { channels } = this.chat;
    const { channelId } = call.params;
    const actor = this.actors.of(call);
    await channels.settle(actor, channelId, settingsOf(request));
    return create(ChatChannelState, await channels.get(actor, channelId));
  }

  /** Tells the other readers; a repetition within a second is dropped. */
  @OnStreamMessage(ChatTyping)
  onTyping(session: ChannelSession, typing: ChatTyping): Promise<void> {
    return this.readers.type(session, typing);
  }

  /** Joins the presence of the channel, and returns its members and their changes. */
  @OnStreamMessage(ChatWatchPresence)
  onWatchPresence(
    session: ChannelSession,
    _request: ChatWatchPresence,
  ): Promise<ChannelStream<PresenceEvent>> {
    return this.readers.watchPresence(session);
  }
}

function settingsOf({ isMuted, mutedUntil = FOREVER, isHidden }: ChatSetPreferences): MembershipChanges {
  return {
    ...(isMuted !== undefined && { mutedUntil: isMuted ? mutedUntil : null }),
    ...(isHidden !== undefined && { isHidden }),
  };
}

async function* bytesOf(chunks: AsyncIterable<ChatChunk>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of chunks) yield bytes;
}
