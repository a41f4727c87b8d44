import { IsInstance, IsInt, IsString, Matches, MaxLength, Min } from 'class-validator';
import { ChatBeginUpload, ChatCancelUpload, ChatChunk, ChatUploadFrom } from './upload-requests.js';
import { ID } from './request-limits.js';
import { rules } from './field-rules.js';

/** The rules of the requests in `upload-requests.ts`. */
export const uploadRequestRules = [
  rules(ChatBeginUpload, {
    clientId: [Matches(ID)],
    name: [IsString(), MaxLength(1_000)],
    size: [IsInt(), Min(1)],
  }),
  rules(ChatUploadFrom, {
    id: [Matches(ID)],
    offset: [IsInt(), Min(0)],
  }),
  rules(ChatChunk, {
    bytes: [IsInstance(Uint8Array)],
  }),
  rules(ChatCancelUpload, {
    id: [Matches(ID)],
  }),
];
