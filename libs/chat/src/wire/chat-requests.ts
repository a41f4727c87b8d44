import { StreamMessage } from '@nestwire/protocol';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
} from './field-rules.js';
import type { ChatEntity } from '../text/chat-entity.js';
import { ID, MAX_CURSOR, MAX_USER_ID } from './request-limits.js';

/** The parameters of the stream of a channel. */
export class ChatChannelParams {
  @Matches(ID) channelId!: string;
}

/** Asks for a page of the history: at most one of `before`, `after` and `around`. */
@StreamMessage('nestwire-chat.load-page')
export class ChatLoadPage {
  declare readonly $type: 'nestwire-chat.load-page';
  @IsOptional() @IsInt() @Min(0) before?: number;
  @IsOptional() @IsInt() @Min(0) after?: number;
  @IsOptional() @IsInt() @Min(0) around?: number;
  /** The thread that this message began; without it, the messages outside of threads. */
  @IsOptional() @IsInt() @Min(0) threadSeq?: number;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}

/** Asks for everything that changed after a revision. */
@StreamMessage('nestwire-chat.load-changes')
export class ChatLoadChanges {
  declare readonly $type: 'nestwire-chat.load-changes';
  @IsInt() @Min(0) revision!: number;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}

/** Posts a message. The client id makes it safe to send again. */
@StreamMessage('nestwire-chat.post')
export class ChatPost {
  declare readonly $type: 'nestwire-chat.post';
  @Matches(ID) clientId!: string;
  @IsString() text!: string;
  /** The marked ranges of the text; the service checks them. */
  @IsOptional() @IsArray() entities?: ChatEntity[];
  @Allow() data?: unknown;
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @MaxLength(MAX_USER_ID, { each: true })
  mentions?: string[];
  /** The complete own uploads in this channel. */
  @IsOptional() @IsArray() @IsString({ each: true }) @MaxLength(64, { each: true }) attachmentIds?: string[];
  @IsOptional() @IsInt() @Min(1) replyTo?: number;
  @IsOptional() @IsInt() @Min(1) threadSeq?: number;
}

/** Replaces the content of an own message; properties that are left out remain. */
@StreamMessage('nestwire-chat.edit')
export class ChatEdit {
  declare readonly $type: 'nestwire-chat.edit';
  @IsInt() @Min(1) seq!: number;
  @IsOptional() @IsString() text?: string;
  /** The marked ranges; a new text without them has none. */
  @IsOptional() @IsArray() entities?: ChatEntity[];
  @Allow() data?: unknown;
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @MaxLength(MAX_USER_ID, { each: true })
  mentions?: string[];
}

/** Deletes a message. */
@StreamMessage('nestwire-chat.delete')
export class ChatDelete {
  declare readonly $type: 'nestwire-chat.delete';
  @IsInt() @Min(1) seq!: number;
}

/** Adds or removes an own reaction. */
@StreamMessage('nestwire-chat.react')
export class ChatReact {
  declare readonly $type: 'nestwire-chat.react';
  @IsInt() @Min(1) seq!: number;
  @IsString() @MaxLength(64) emoji!: string;
  @IsBoolean() isSet!: boolean;
}

/** Pins or unpins a message. */
@StreamMessage('nestwire-chat.pin')
export class ChatPin {
  declare readonly $type: 'nestwire-chat.pin';
  @IsInt() @Min(1) seq!: number;
  @IsBoolean() isPinned!: boolean;
}

/** Moves the own read pointer forward, in the channel or in a thread of it. */
@StreamMessage('nestwire-chat.mark-read')
export class ChatMarkRead {
  declare readonly $type: 'nestwire-chat.mark-read';
  @IsInt() @Min(0) seq!: number;
  @IsOptional() @IsInt() @Min(1) threadSeq?: number;
}

/** Tells the other readers that the user types, or no longer does. */
@StreamMessage('nestwire-chat.typing')
export class ChatTyping {
  declare readonly $type: 'nestwire-chat.typing';
  @IsBoolean() isTyping!: boolean;
}

/** Joins the presence of the channel, and asks for its members. */
@StreamMessage('nestwire-chat.watch-presence')
export class ChatWatchPresence {
  declare readonly $type: 'nestwire-chat.watch-presence';
}

/** Searches in the channels of the user. */
@StreamMessage('nestwire-chat.search')
export class ChatFind {
  declare readonly $type: 'nestwire-chat.search';
  @IsString() @MaxLength(200) text!: string;
  @IsOptional() @Matches(ID) channelId?: string;
  @IsOptional() @IsString() @MaxLength(MAX_CURSOR) cursor?: string;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}
