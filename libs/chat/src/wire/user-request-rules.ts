import { IsBoolean, IsString, MaxLength } from 'class-validator';
import { ChatFindUsers, ChatSetBlock } from './user-requests.js';
import { MAX_USER_ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `user-requests.ts`. */
export const userRequestRules = [
  rules(ChatSetBlock, {
    userId: [IsString(), MaxLength(MAX_USER_ID)],
    isBlocked: [IsBoolean()],
  }),
  rules(ChatFindUsers, {
    text: [IsString(), MaxLength(100)],
  }),
];
