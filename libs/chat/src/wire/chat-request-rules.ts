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
} from 'class-validator';
import {
  ChatChannelParams,
  ChatDelete,
  ChatEdit,
  ChatFind,
  ChatLoadChanges,
  ChatLoadPage,
  ChatMarkRead,
  ChatPin,
  ChatPost,
  ChatReact,
  ChatTyping,
} from './chat-requests.js';
import { ID, MAX_CURSOR, MAX_USER_ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `chat-requests.ts`. */
export const chatRequestRules = [
  rules(ChatChannelParams, {
    channelId: [Matches(ID)],
  }),
  rules(ChatLoadPage, {
    before: [IsOptional(), IsInt(), Min(0)],
    after: [IsOptional(), IsInt(), Min(0)],
    around: [IsOptional(), IsInt(), Min(0)],
    threadSeq: [IsOptional(), IsInt(), Min(0)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatLoadChanges, {
    revision: [IsInt(), Min(0)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatPost, {
    clientId: [Matches(ID)],
    text: [IsString()],
    entities: [IsOptional(), IsArray()],
    data: [Allow()],
    mentions: [IsOptional(), IsArray(), IsString({ each: true }), MaxLength(MAX_USER_ID, { each: true })],
    attachmentIds: [IsOptional(), IsArray(), IsString({ each: true }), MaxLength(64, { each: true })],
    replyTo: [IsOptional(), IsInt(), Min(1)],
    threadSeq: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatEdit, {
    seq: [IsInt(), Min(1)],
    clientId: [IsOptional(), Matches(ID)],
    text: [IsOptional(), IsString()],
    entities: [IsOptional(), IsArray()],
    data: [Allow()],
    mentions: [IsOptional(), IsArray(), IsString({ each: true }), MaxLength(MAX_USER_ID, { each: true })],
  }),
  rules(ChatDelete, {
    seq: [IsInt(), Min(1)],
  }),
  rules(ChatReact, {
    seq: [IsInt(), Min(1)],
    emoji: [IsString(), MaxLength(64)],
    isSet: [IsBoolean()],
  }),
  rules(ChatPin, {
    seq: [IsInt(), Min(1)],
    isPinned: [IsBoolean()],
  }),
  rules(ChatMarkRead, {
    seq: [IsInt(), Min(0)],
    threadSeq: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatTyping, {
    isTyping: [IsBoolean()],
  }),
  rules(ChatFind, {
    text: [IsString(), MaxLength(200)],
    channelId: [IsOptional(), Matches(ID)],
    cursor: [IsOptional(), IsString(), MaxLength(MAX_CURSOR)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
];
