import { useState } from 'react';
import type { ConversationId } from '../chat/conversation.js';

/** Changes a draft, given what it is by then. */
export type ChangeDraft = (change: (draft: string) => string) => void;

/** Keeps what is being written, for each conversation. */
export function useDraft(conversation: ConversationId): [string, ChangeDraft] {
  const [drafts, setDrafts] = useState<ReadonlyMap<ConversationId, string>>(new Map());
  const change: ChangeDraft = (next) =>
    setDrafts((all) => new Map(all).set(conversation, next(all.get(conversation) ?? '')));
  return [drafts.get(conversation) ?? '', change];
}
