import type { ChatRoomView, ChatTimeline } from '@nestwire/chat/client';
import { useEffect } from 'react';
import { useIsWatched } from '../shell/use-is-watched.js';

interface Reading {
  readonly view: ChatRoomView;
  readonly timeline: ChatTimeline;
  readonly isAtEnd: boolean;
}

/** Moves the read pointer to the newest message while the user looks at the end of the room. */
export function useReading({ view, timeline, isAtEnd }: Reading): void {
  const isWatched = useIsWatched();
  const newest = view.hasNewer
    ? undefined
    : view.items.findLast(({ state }) => state === 'stored')?.message.seq;
  useEffect(() => {
    if (isWatched && isAtEnd && newest && newest > view.lastReadSeq) timeline.markRead(newest);
  }, [isWatched, isAtEnd, newest, view.lastReadSeq, timeline]);
}
