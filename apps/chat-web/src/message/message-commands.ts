import type { ChatItem } from '@nestwire/chat/client';

/** The things that a user does with a message. */
export interface MessageCommands {
  reply(item: ChatItem): void;
  /** Undefined in a thread, which has no threads. */
  openThread?(seq: number): void;
  /** Begins to edit; undefined for messages of others. */
  edit(item: ChatItem): void;
  remove(item: ChatItem): void;
  /** Asks for a reason, and tells the moderators. */
  report(item: ChatItem): void;
  react(seq: number, emoji: string, isSet: boolean): void;
  pin(seq: number, isPinned: boolean): void;
  retry(key: string): void;
  discard(key: string): void;
  jumpTo(seq: number): void;
  stop(seq: number): void;
}

/** The rights of the user in the room. */
export interface MessageRights {
  readonly ownId: string;
  readonly canPost: boolean;
  readonly canReact: boolean;
  readonly canPin: boolean;
  readonly canReport: boolean;
  /** May edit own messages. */
  readonly canEdit: boolean;
  /** May delete own messages. */
  readonly canDelete: boolean;
  /** May delete messages of others. */
  readonly canModerate: boolean;
}
