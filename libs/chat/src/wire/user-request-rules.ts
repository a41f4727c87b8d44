import { IsBoolean, IsString, MaxLength } from 'class-validator';
import { ChatFindUsers, ChatIntroduce, ChatSetBlock } from './user-requests.js';
import { MAX_USER_ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `user-requests.ts`. */
export const userRequestRules = [
  rules(ChatSetBlock, {
    userId: [IsString(), MaxLength(MAX_USER_ID)],
    isBlocked: [IsBoolean()],
  }),
  rules(ChatIntroduce, {
    name: [IsString(), MaxLength(100)],
  }),
  rules(ChatFindUsers, {
    text: [IsString(), MaxLength(100)],
  }),
];
