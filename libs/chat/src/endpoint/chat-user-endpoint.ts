import { create, StreamGap } from '@nestwire/protocol';
import {
  OnStreamOpened,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
  type StreamUser,
} from '@nestwire/streams';
import { ChatService } from '../chat.service.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { ChatUsers } from '../users/chat-users.js';
import { ChatMembershipEvent } from '../wire/chat-events.js';
import { ChatChannelPage, ChatChannelState, ChatFound } from '../wire/chat-replies.js';
import { ChatCreate, ChatFind, ChatJoin, ChatLoadChannels } from '../wire/chat-requests.js';
import { chatInbox } from '../wire/chat-topics.js';

type Session = StreamSession<ChatMembershipEvent | StreamGap, StreamUser>;
type Call = StreamCall<StreamUser>;

/** The stream of one user, for all channels: `client.chatUser`. */
@StreamEndpoint('chatUser', { requireLogin: true })
export class ChatUserEndpoint {
  constructor(
    private readonly chat: ChatService,
    private readonly users: ChatUsers,
  ) {}

  /** Subscribes the device to the memberships and read pointers of its user. */
  @OnStreamOpened()
  async opened(session: Session): Promise<void> {
    const actor = this.actorOf(session);
    await session.subscribe(chatInbox(actor.tenant, userIdOf(actor)));
  }

  /** Reads a page of the own channels, with unread and mention counts. */
  @StreamMethod(ChatLoadChannels)
  async loadChannels(call: Call, request: ChatLoadChannels): Promise<ChatChannelPage> {
    return create(ChatChannelPage, await this.chat.lists.mine(this.actorOf(call), request));
  }

  /** Creates a channel. */
  @StreamMethod(ChatCreate)
  async createChannel(call: Call, request: ChatCreate): Promise<ChatChannelState> {
    const actor = this.actorOf(call);
    const { id } = await this.chat.channels.create(actor, request);
    return create(ChatChannelState, await this.chat.channels.get(actor, id));
  }

  /** Joins or leaves a channel as a member. */
  @StreamMethod(ChatJoin)
  async setMembership(call: Call, { channelId, isMember }: ChatJoin): Promise<void> {
    const { channels } = this.chat;
    const actor = this.actorOf(call);
    await (isMember ? channels.join(actor, channelId) : channels.leave(actor, channelId));
  }

  /** Searches in the channels of the user. */
  @StreamMethod(ChatFind)
  async find(call: Call, request: ChatFind): Promise<ChatFound> {
    return create(ChatFound, await this.chat.search.find(this.actorOf(call), request));
  }

  private actorOf({ user }: { readonly user: StreamUser }): ChatActor {
    return this.users.actorOf(user);
  }
}
