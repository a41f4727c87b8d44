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
} from 'class-validator';
import { CHAT_ROLES } from '../policy/chat-role.js';
import {
  ChatCreate,
  ChatJoin,
  ChatLoadMembers,
  ChatSetMember,
  ChatSetPreferences,
  ChatUpdate,
} from './channel-requests.js';
import { ID, MAX_CURSOR, MAX_USER_ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `channel-requests.ts`. */
export const channelRequestRules = [
  rules(ChatCreate, {
    type: [IsString(), MaxLength(32)],
    id: [IsOptional(), Matches(ID)],
    name: [IsOptional(), IsString(), MaxLength(200)],
    data: [Allow()],
    members: [IsOptional(), IsArray(), IsString({ each: true }), MaxLength(MAX_USER_ID, { each: true })],
  }),
  rules(ChatJoin, {
    channelId: [Matches(ID)],
    isMember: [IsBoolean()],
  }),
  rules(ChatUpdate, {
    name: [IsOptional(), IsString(), MaxLength(200)],
    data: [Allow()],
    isFrozen: [IsOptional(), IsBoolean()],
    isArchived: [IsOptional(), IsBoolean()],
  }),
  rules(ChatLoadMembers, {
    cursor: [IsOptional(), IsString(), MaxLength(MAX_CURSOR)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatSetMember, {
    userId: [IsString(), MaxLength(MAX_USER_ID)],
    role: [ValidateIf((_request, role) => role !== null), IsIn(CHAT_ROLES)],
    isInvitation: [IsOptional(), IsBoolean()],
  }),
  rules(ChatSetPreferences, {
    isMuted: [IsOptional(), IsBoolean()],
    mutedUntil: [IsOptional(), IsInt(), Min(0)],
    isHidden: [IsOptional(), IsBoolean()],
  }),
];
