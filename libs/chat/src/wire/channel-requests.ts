import { StreamMessage } from '@nestwire/protocol';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateIf,
} from './field-rules.js';
import { CHAT_ROLES, type ChatRole } from '../policy/chat-role.js';
import { ID, MAX_CURSOR, MAX_USER_ID } from './request-limits.js';

/** Creates a channel, once for each id and each set of direct members. */
@StreamMessage('nestwire-chat.create')
export class ChatCreate {
  declare readonly $type: 'nestwire-chat.create';
  @IsString() @MaxLength(32) type!: string;
  @IsOptional() @Matches(ID) id?: string;
  @IsOptional() @IsString() @MaxLength(200) name?: string;
  @Allow() data?: unknown;
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @MaxLength(MAX_USER_ID, { each: true })
  members?: string[];
}

/** Joins or leaves a channel as a member. */
@StreamMessage('nestwire-chat.join')
export class ChatJoin {
  declare readonly $type: 'nestwire-chat.join';
  @Matches(ID) channelId!: string;
  @IsBoolean() isMember!: boolean;
}

/** Changes a channel; properties that are left out remain. */
@StreamMessage('nestwire-chat.update')
export class ChatUpdate {
  declare readonly $type: 'nestwire-chat.update';
  /** Null removes the name. */
  @IsOptional() @IsString() @MaxLength(200) name?: string | null;
  /** Null removes the data. */
  @Allow() data?: unknown;
  /** While it is frozen, only the server posts. */
  @IsOptional() @IsBoolean() isFrozen?: boolean;
  /** While it is archived, nothing changes. */
  @IsOptional() @IsBoolean() isArchived?: boolean;
}

/** Asks for the members of the channel, in the order of their ids. */
@StreamMessage('nestwire-chat.load-members')
export class ChatLoadMembers {
  declare readonly $type: 'nestwire-chat.load-members';
  @IsOptional() @IsString() @MaxLength(MAX_CURSOR) cursor?: string;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}

/** Adds, invites or removes a member, or gives another role. */
@StreamMessage('nestwire-chat.set-member')
export class ChatSetMember {
  declare readonly $type: 'nestwire-chat.set-member';
  @IsString() @MaxLength(MAX_USER_ID) userId!: string;
  /** Null removes the member. */
  @ValidateIf((_request, role) => role !== null)
  @IsIn(CHAT_ROLES)
  role!: ChatRole | null;
  /** True invites a user who is no member yet, instead of adding the user at once. */
  @IsOptional() @IsBoolean() isInvitation?: boolean;
}

/** Mutes or hides the channel for the user alone; what is left out remains. */
@StreamMessage('nestwire-chat.set-preferences')
export class ChatSetPreferences {
  declare readonly $type: 'nestwire-chat.set-preferences';
  @IsOptional() @IsBoolean() isMuted?: boolean;
  /** The end of the time in which the channel is muted, in milliseconds since 1970; for good without it. */
  @IsOptional() @IsInt() @Min(0) mutedUntil?: number;
  /** Hides the channel from the list until the next message. */
  @IsOptional() @IsBoolean() isHidden?: boolean;
}
