import type { ChannelStream, MessagesService } from '@nestwire/messages';
import { create, StreamGap, type PresenceEvent } from '@nestwire/protocol';
import { SessionCloseReason, type StreamSession, type StreamUser } from '@nestwire/streams';
import type { ChatService } from '../chat.service.js';
import { ChatErrorCode, isDenial } from '../error/chat-error.js';
import { userIdOf } from '../policy/chat-actor.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import { ChatChannelEvent, ChatMemberEvent, ChatMessageEvent } from '../wire/chat-events.js';
import { ChatJoined, ChatTypingEvent } from '../wire/chat-replies.js';
import type { ChatChannelParams, ChatTyping } from '../wire/chat-requests.js';
import { chatLive, chatRoom } from '../wire/chat-topics.js';
import type { ChatGrowth } from '../wire/growth-events.js';
import type { ChatActors } from './chat-actors.js';

/** The least time between two reports that a user still types, in milliseconds. */
const TYPING_MS = 1_000;

const NO_MEMBER = 'The user is no longer a member of the channel.';
const UNCHECKED = new SessionCloseReason(
  ChatErrorCode.Unavailable,
  'The rights of the user could not be checked. Open the stream again.',
);

type Sent =
  | ChatJoined
  | ChatMessageEvent
  | ChatChannelEvent
  | ChatMemberEvent
  | ChatTypingEvent
  | ChatGrowth
  | PresenceEvent
  | StreamGap;

/** The stream of one reader of a channel. */
export type ChannelSession = StreamSession<Sent, StreamUser | null, ChatChannelParams>;

/** The state of one reader of a channel. */
class Reader {
  isTyping = false;
  typedAtMs = 0;
  /** True when the user may read without being a member; unknown is false. */
  mayReadOn = false;
}

/** Opens the streams of readers of a channel, and ends them with the right to read. */
export class ChannelReaders {
  constructor(
    private readonly parts: {
      readonly chat: ChatService;
      readonly profiles: ChatProfiles;
      readonly messages: MessagesService;
      readonly actors: ChatActors;
    },
  ) {}

  /** Subscribes first and reads the page afterwards, so that no message is missing between the two. */
  async open(session: ChannelSession): Promise<void> {
    const { chat, actors } = this.parts;
    const actor = actors.of(session);
    const { channelId } = session.params;
    const room = chatRoom(actor.tenant, channelId);
    await session.messages.addListener(room, (event) => this.recheck(session, event));
    await chat.history.demandReading(actor, channelId);
    const reader = new Reader();
    session.setUserObject(reader);
    await session.subscribe(room);
    await session.subscribe(chatLive(actor.tenant, channelId));
    const { channel, membership, messages, hasOlder, revision } = await chat.history.page(actor, {
      channelId,
    });
    reader.mayReadOn = chat.channels.isOpen(channel);
    const rights = await chat.channels.rights(actor, channelId);
    await session.sendStreamMessage(
      create(ChatJoined, { channel, membership, rights, messages, hasOlder, revision }),
    );
  }

  /** Tells the other readers that a user types; a repetition within a second is dropped. */
  async type(session: ChannelSession, { isTyping }: ChatTyping): Promise<void> {
    const reader = session.getUserObject(Reader)!;
    const isNew = isTyping !== reader.isTyping || Date.now() - reader.typedAtMs >= TYPING_MS;
    if (!isNew) return;
    Object.assign(reader, { isTyping, typedAtMs: Date.now() });
    const { profiles, messages, actors } = this.parts;
    const actor = actors.of(session);
    const user = await profiles.one(actor.tenant, userIdOf(actor));
    const { channelId } = session.params;
    await messages.postMessage(
      chatLive(actor.tenant, channelId),
      create(ChatTypingEvent, { channelId, user, isTyping }),
    );
  }

  /** Joins the presence of the channel, and returns its members and their changes. */
  async watchPresence(session: ChannelSession): Promise<ChannelStream<PresenceEvent>> {
    const room = chatRoom(this.parts.actors.of(session).tenant, session.params.channelId);
    await session.presence.join(room);
    return session.presence.watch(room);
  }

  /**
   * Ends the stream of a member who was removed; after a gap, nobody knows who was.
   *
   * In a channel that is not open it ends at once: reading the rights takes time, in which messages would arrive.
   */
  private async recheck(
    session: ChannelSession,
    event: ChatMessageEvent | ChatChannelEvent | ChatMemberEvent | StreamGap,
  ): Promise<void> {
    const isOfUser =
      event instanceof ChatMemberEvent &&
      event.member === null &&
      event.userId === this.parts.actors.of(session).userId;
    if (!isOfUser && !(event instanceof StreamGap)) return;
    if (isOfUser && !session.getUserObject(Reader)?.mayReadOn)
      return session.close(new SessionCloseReason('evicted', NO_MEMBER));
    try {
      await this.parts.chat.history.demandReading(this.parts.actors.of(session), session.params.channelId);
    } catch (error) {
      await session.close(reasonOf(error));
    }
  }
}

/** A user who may not read is evicted. When the check fails, the client opens the stream again later. */
function reasonOf(error: unknown): SessionCloseReason {
  return isDenial(error) ? new SessionCloseReason('evicted', error.message) : UNCHECKED;
}
