import { MessagesError, type MessagesService } from '@nestwire/messages';
import { create } from '@nestwire/protocol';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangePublisher, OutboxRow } from './change-publisher.js';
import { ChatMessageEvent } from '../wire/chat-events.js';
import { chatRoom, ROOM_AGE_MS, ROOM_EVENTS } from '../wire/chat-topics.js';
import type { ChatMessage } from '../messages/chat-message.js';

/** The changes of members that a post publishes before itself. */
const MAX_PENDING = 100;

/** The events that a search reads first; a message that is repeated or answered is mostly among them. */
const NEWEST = 25;

/** A channel and its tenant. */
export interface RoomPlace {
  readonly tenant: string;
  readonly channelId: string;
}

/**
 * Delivers messages that are not stored, and reads those that are kept.
 *
 * They are among the other events of the same channel, so a removed member gets no message after the removal.
 */
export class EphemeralRooms {
  constructor(
    private readonly messages: Pick<MessagesService, 'postMessage' | 'readHistory'>,
    private readonly publisher: ChangePublisher,
  ) {}

  /**
   * Reads the kept messages, in the order in which they were delivered.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE
   */
  kept(place: RoomPlace): Promise<ChatMessage[]> {
    return this.newest(place, ROOM_EVENTS);
  }

  /**
   * Finds a kept message, among the newest ones first.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE
   */
  async find(
    place: RoomPlace,
    isWanted: (message: ChatMessage) => boolean,
  ): Promise<ChatMessage | undefined> {
    return (await this.newest(place, NEWEST)).find(isWanted) ?? (await this.kept(place)).find(isWanted);
  }

  private async newest({ tenant, channelId }: RoomPlace, count: number): Promise<ChatMessage[]> {
    const room = chatRoom(tenant, channelId);
    const events = await translated(() => this.messages.readHistory(room, count));
    // A history expires as a whole, a time after its last event.
    const since = Date.now() - ROOM_AGE_MS;
    return events.flatMap((event) =>
      event instanceof ChatMessageEvent && event.message.createdAt > since ? [event.message] : [],
    );
  }

  /**
   * Delivers a message. Returns false when an earlier attempt with the id has delivered it.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE when it may not be delivered
   */
  async deliver(place: RoomPlace, message: ChatMessage, id: string | undefined): Promise<boolean> {
    const room = chatRoom(place.tenant, place.channelId);
    const event = create(ChatMessageEvent, { kind: 'message.posted', message });
    const { isDuplicate } = await translated(() => this.messages.postMessage(room, event, { id }));
    return !isDuplicate;
  }

  /** Reads the changes of members that are not published yet. */
  async unpublished(queries: Queries, { tenant, channelId }: RoomPlace): Promise<OutboxRow[]> {
    return queries
      .selectFrom('outbox as o')
      .selectAll()
      .where('o.tenant', '=', tenant)
      .where('o.channel_id', '=', channelId)
      .where('o.kind', 'like', 'member.%')
      .orderBy('o.outbox_seq')
      .limit(MAX_PENDING + 1)
      .execute();
  }

  /**
   * Publishes changes before a message. The relay publishes them again with the same ids, so readers get them once.
   *
   * @throws {ChatError} CHAT_UNAVAILABLE when they are too many, or cannot be published
   */
  async publishFirst(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return;
    const done = rows.length > MAX_PENDING ? [] : await this.publisher.publish(rows);
    if (done.length < rows.length) throw unavailable();
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MessagesError ? unavailable(error) : error;
  }
}

function unavailable(cause?: unknown): ChatError {
  return new ChatError(
    ChatErrorCode.Unavailable,
    'The channel cannot be reached. Try again with the same client id.',
    { cause, retryAfterMs: 1_000 },
  );
}
