import { Inject } from '@nestjs/common';
import { create, StreamGap } from '@nestwire/protocol';
import {
  OnStreamOpened,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
  type StreamUser,
} from '@nestwire/streams';
import type { ChatOptions } from '../chat.options.js';
import { CHAT_OPTIONS, ChatService } from '../chat.service.js';
import { ChatError } from '../error/chat-error.js';
import { chatLimits, type ChatLimits } from '../limits/chat-limits.js';
import { LiveList } from '../live/live-list.js';
import { RoomWatches } from '../live/room-watches.js';
import { userIdOf } from '../policy/chat-actor.js';
import { ChatProfiles } from '../users/chat-profiles.js';
import { ChatChannelState } from '../wire/channel-replies.js';
import { ChatCreate, ChatJoin } from '../wire/channel-requests.js';
import { ChatMembershipEvent, ChatThreadEvent } from '../wire/chat-events.js';
import { ChatFound } from '../wire/chat-replies.js';
import { ChatFind } from '../wire/chat-requests.js';
import { chatInbox } from '../wire/chat-topics.js';
import { ChatActivity, ChatListStale } from '../wire/list-events.js';
import { ChatChannelPage, ChatEntry, ChatOpenChannels } from '../wire/list-replies.js';
import { ChatLoadChannels, ChatLoadEntry, ChatLoadOpenChannels } from '../wire/list-requests.js';
import { ChatIntroduced, ChatUserList } from '../wire/user-replies.js';
import { ChatFindUsers, ChatIntroduce, ChatSetBlock } from '../wire/user-requests.js';
import { ChatActors } from './chat-actors.js';

type Sent = ChatMembershipEvent | ChatThreadEvent | ChatActivity | ChatListStale | StreamGap;
type Session = StreamSession<Sent, StreamUser | null>;
type Call = StreamCall<StreamUser | null>;

/** The stream of one user, for all channels: `client.chatUser`. */
@StreamEndpoint('chatUser')
export class ChatUserEndpoint {
  private readonly limits: Required<ChatLimits>;

  constructor(
    private readonly chat: ChatService,
    private readonly profiles: ChatProfiles,
    private readonly rooms: RoomWatches,
    private readonly actors: ChatActors,
    @Inject(CHAT_OPTIONS) { limits }: ChatOptions,
  ) {
    this.limits = chatLimits(limits);
  }

  /** Subscribes the device to the memberships and read pointers of its user. */
  @OnStreamOpened()
  async opened(session: Session): Promise<void> {
    const actor = this.actors.of(session);
    const userId = userIdOf(actor);
    const { chat, rooms, limits } = this;
    const list = new LiveList(session, { ...actor, userId }, { chat, rooms, limits });
    session.setUserObject(list);
    const inbox = chatInbox(actor.tenant, userId);
    await session.messages.addListener(inbox, (event) => list.memberships(event));
    await session.subscribe(inbox);
  }

  /** Reads a page of the own channels, with unread and mention counts; the first page begins their changes. */
  @StreamMethod(ChatLoadChannels)
  async loadChannels(call: Call, request: ChatLoadChannels): Promise<ChatChannelPage> {
    const { cursor, isHidden, isArchived } = request;
    if (cursor === undefined && !isHidden && !isArchived) await listOf(call).load();
    return create(ChatChannelPage, await this.chat.lists.mine(this.actors.of(call), request));
  }

  /** Reads the entry of one own channel. */
  @StreamMethod(ChatLoadEntry)
  async loadEntry(call: Call, { channelId }: ChatLoadEntry): Promise<ChatEntry> {
    // An invitation has an entry, although its channel may not be read.
    await listOf(call).add(channelId).catch(ignoreRefusal);
    const actor = this.actors.of(call);
    const entry = await this.chat.lists.entry(actor, channelId);
    return create(ChatEntry, { entry, rights: await this.chat.channels.rights(actor, channelId) });
  }

  /** Reads a page of the channels that everybody may join. */
  @StreamMethod(ChatLoadOpenChannels)
  async loadOpenChannels(call: Call, request: ChatLoadOpenChannels): Promise<ChatOpenChannels> {
    const { entries: channels, next } = await this.chat.lists.open(this.actors.of(call), request);
    return create(ChatOpenChannels, { channels, next });
  }

  /** Creates a channel. */
  @StreamMethod(ChatCreate)
  async createChannel(call: Call, request: ChatCreate): Promise<ChatChannelState> {
    const actor = this.actors.of(call);
    const { id } = await this.chat.channels.create(actor, request);
    return create(ChatChannelState, await this.chat.channels.get(actor, id));
  }

  /** Joins or leaves a channel as a member. */
  @StreamMethod(ChatJoin)
  async setMembership(call: Call, { channelId, isMember }: ChatJoin): Promise<void> {
    const { channels } = this.chat;
    const actor = this.actors.of(call);
    await (isMember ? channels.join(actor, channelId) : channels.leave(actor, channelId));
  }

  /** Searches in the channels of the user. */
  @StreamMethod(ChatFind)
  async find(call: Call, request: ChatFind): Promise<ChatFound> {
    return create(ChatFound, await this.chat.search.find(this.actors.of(call), request));
  }

  /** Blocks a user, or ends the block. */
  @StreamMethod(ChatSetBlock)
  async setBlock(call: Call, { userId, isBlocked }: ChatSetBlock): Promise<void> {
    const { privacy } = this.chat;
    const actor = this.actors.of(call);
    await (isBlocked ? privacy.block(actor, userId) : privacy.unblock(actor, userId));
  }

  /** Gives the guest a name. */
  @StreamMethod(ChatIntroduce)
  async introduce(call: Call, { name }: ChatIntroduce): Promise<ChatIntroduced> {
    return create(ChatIntroduced, { user: await this.chat.guests.introduce(this.actors.of(call), name) });
  }

  /** Finds users by a part of their name, if the application offers it. */
  @StreamMethod(ChatFindUsers)
  async findUsers(call: Call, { text }: ChatFindUsers): Promise<ChatUserList> {
    const { tenant } = this.actors.of(call);
    return create(ChatUserList, { users: await this.profiles.find(tenant, text) });
  }
}

function listOf({ session }: Call): LiveList {
  return session.getUserObject(LiveList)!;
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ChatError)) throw error;
}
