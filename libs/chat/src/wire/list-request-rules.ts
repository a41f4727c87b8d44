import { IsBoolean, IsInt, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import { ChatLoadChannels, ChatLoadEntry, ChatLoadOpenChannels } from './list-requests.js';
import { ID, MAX_CURSOR } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `list-requests.ts`. */
export const listRequestRules = [
  rules(ChatLoadChannels, {
    cursor: [IsOptional(), IsString(), MaxLength(MAX_CURSOR)],
    limit: [IsOptional(), IsInt(), Min(1)],
    isHidden: [IsOptional(), IsBoolean()],
    isArchived: [IsOptional(), IsBoolean()],
  }),
  rules(ChatLoadEntry, {
    channelId: [Matches(ID)],
  }),
  rules(ChatLoadOpenChannels, {
    type: [IsOptional(), IsString(), MaxLength(32)],
    cursor: [IsOptional(), IsString(), MaxLength(MAX_CURSOR)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
];
