import type { ChatTimeline } from '@nestwire/chat/client';
import { useDraft } from '@nestwire/chat/react';

/** Returns the draft of a room or a thread, and the function that changes it. */
export function useDraftOf({ channelId, threadSeq }: ChatTimeline): [string, (text: string) => void] {
  return useDraft(channelId, threadSeq ?? undefined);
}
