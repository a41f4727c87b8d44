import type { ChatStorage, ChatTimeline } from '@nestwire/chat/client';

/** Keeps the message that the reader looks at, over a reload of this tab; null at the end of the room. */
export function keepPlace(places: ChatStorage, timeline: ChatTimeline, seq: number | null): void {
  if (seq === null) places.removeItem(keyOf(timeline));
  else places.setItem(keyOf(timeline), String(seq));
}

/** Returns the message that the reader looked at before the reload; null for the end of the room. */
export function keptPlace(places: ChatStorage, timeline: ChatTimeline): number | null {
  return Number(places.getItem(keyOf(timeline))) || null;
}

function keyOf({ channelId, threadSeq }: ChatTimeline): string {
  return `${channelId}/${threadSeq ?? ''}`;
}
