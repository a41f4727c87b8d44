import { StreamMessage } from '@nestwire/protocol';
import { IsBoolean, IsInt, IsOptional, IsString, Matches, MaxLength, Min } from './field-rules.js';
import { ID, MAX_CURSOR } from './request-limits.js';

/** Asks for the own channels, the last active first. */
@StreamMessage('nestwire-chat.load-channels')
export class ChatLoadChannels {
  declare readonly $type: 'nestwire-chat.load-channels';
  @IsOptional() @IsString() @MaxLength(MAX_CURSOR) cursor?: string;
  @IsOptional() @IsInt() @Min(1) limit?: number;
  /** True for the hidden channels alone; without it, those that are not hidden. */
  @IsOptional() @IsBoolean() isHidden?: boolean;
  /** True for the archived channels alone; without it, those that are not archived. */
  @IsOptional() @IsBoolean() isArchived?: boolean;
}

/** Asks for the entry of one own channel. */
@StreamMessage('nestwire-chat.load-entry')
export class ChatLoadEntry {
  declare readonly $type: 'nestwire-chat.load-entry';
  @Matches(ID) channelId!: string;
}

/** Asks for the channels that everybody may join, the last active first. */
@StreamMessage('nestwire-chat.load-open-channels')
export class ChatLoadOpenChannels {
  declare readonly $type: 'nestwire-chat.load-open-channels';
  /** The type of the channels; `public` without it. */
  @IsOptional() @IsString() @MaxLength(32) type?: string;
  @IsOptional() @IsString() @MaxLength(MAX_CURSOR) cursor?: string;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}
