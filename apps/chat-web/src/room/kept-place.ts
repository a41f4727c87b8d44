import type { ChatTimeline } from '@nestwire/chat/client';

const PREFIX = 'nestwire-chat.place.';

/** Keeps the message that the reader looks at, over a reload of this tab; null at the end of the room. */
export function keepPlace(timeline: ChatTimeline, seq: number | null): void {
  if (seq === null) sessionStorage.removeItem(keyOf(timeline));
  else sessionStorage.setItem(keyOf(timeline), String(seq));
}

/** Returns the message that the reader looked at before the reload; null for the end of the room. */
export function keptPlace(timeline: ChatTimeline): number | null {
  return Number(sessionStorage.getItem(keyOf(timeline))) || null;
}

function keyOf({ channelId, threadSeq }: ChatTimeline): string {
  return `${PREFIX}${channelId}/${threadSeq ?? ''}`;
}
