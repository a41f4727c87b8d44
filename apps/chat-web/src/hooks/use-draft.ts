import { useState } from 'react';
import type { ConversationId } from '../chat/conversation.js';

/** Changes a draft with a function of its current text. */
export type ChangeDraft = (change: (draft: string) => string) => void;

/** Keeps one draft per conversation. */
export function useDraft(conversation: ConversationId): [string, ChangeDraft] {
  const [drafts, setDrafts] = useState<ReadonlyMap<ConversationId, string>>(new Map());
  const change: ChangeDraft = (next) =>
    setDrafts((all) => new Map(all).set(conversation, next(all.get(conversation) ?? '')));
  return [drafts.get(conversation) ?? '', change];
}
