import { StreamMessage } from '@nestwire/protocol';
import { IsInt, IsOptional, IsString, MaxLength, Min } from './field-rules.js';
import { MAX_CURSOR } from './request-limits.js';

/** Asks for the threads that the user follows, the last active first. */
@StreamMessage('nestwire-chat.load-threads')
export class ChatLoadThreads {
  declare readonly $type: 'nestwire-chat.load-threads';
  @IsOptional() @IsString() @MaxLength(MAX_CURSOR) cursor?: string;
  @IsOptional() @IsInt() @Min(1) limit?: number;
}

/** Asks for the pinned messages, the last pinned first. */
@StreamMessage('nestwire-chat.load-pinned')
export class ChatLoadPinned {
  declare readonly $type: 'nestwire-chat.load-pinned';
}

/** Asks for the former versions of a message. */
@StreamMessage('nestwire-chat.load-versions')
export class ChatLoadVersions {
  declare readonly $type: 'nestwire-chat.load-versions';
  @IsInt() @Min(1) seq!: number;
}

/** Reports a message to the moderators. */
@StreamMessage('nestwire-chat.report')
export class ChatReport {
  declare readonly $type: 'nestwire-chat.report';
  @IsInt() @Min(1) seq!: number;
  @IsString() @MaxLength(1_000) reason!: string;
}
