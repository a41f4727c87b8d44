import { StreamMessage } from '@nestwire/protocol';
import type { ChatChangeKind } from '../outbox/outbox.js';

/**
 * Reports a change to durable consumers of the server.
 *
 * They do push, mail, search and moderation. It has ids only; a consumer reads the present state with `ChatService`.
 */
@StreamMessage('nestwire-chat.change')
export class ChatChange {
  declare readonly $type: 'nestwire-chat.change';
  tenant!: string;
  kind!: ChatChangeKind;
  channelId!: string;
  seq!: number | null;
  /** The member, the reader, the reporter of a message, or the reported user. */
  userId!: string | null;
  /** The time of the change, in milliseconds since 1970. */
  changedAt!: number;
}

/** Tells the server that relays that another server has stored changes. */
@StreamMessage('nestwire-chat.wake')
export class ChatWake {
  declare readonly $type: 'nestwire-chat.wake';
}
