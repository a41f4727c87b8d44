import { IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { ChatLoadThreads, ChatLoadVersions, ChatReport, ChatReportUser } from './history-requests.js';
import { MAX_CURSOR, MAX_USER_ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `history-requests.ts`. */
export const historyRequestRules = [
  rules(ChatLoadThreads, {
    cursor: [IsOptional(), IsString(), MaxLength(MAX_CURSOR)],
    limit: [IsOptional(), IsInt(), Min(1)],
  }),
  rules(ChatLoadVersions, {
    seq: [IsInt(), Min(1)],
  }),
  rules(ChatReportUser, {
    userId: [IsString(), MaxLength(MAX_USER_ID)],
    reason: [IsString(), MaxLength(1_000)],
  }),
  rules(ChatReport, {
    seq: [IsInt(), Min(1)],
    reason: [IsString(), MaxLength(1_000)],
  }),
];
