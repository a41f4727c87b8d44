import { IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { ChatLoadThreads, ChatLoadVersions, ChatReport } from './history-requests.js';
import { MAX_CURSOR } from './request-limits.js';
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
  rules(ChatReport, {
    seq: [IsInt(), Min(1)],
    reason: [IsString(), MaxLength(1_000)],
  }),
];
