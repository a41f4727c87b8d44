import type { ChatItem } from '@nestwire/chat/client';
import { useRef } from 'react';
import { useBlocks } from '../session/blocks-provider.js';

interface AnnouncerProps {
  readonly items: readonly ChatItem[];
  readonly ownId: string;
}

/** Reads new messages of others to screen readers; the list itself is silent, because it also loads old ones. */
export function Announcer({ items, ownId }: AnnouncerProps) {
  const { ids } = useBlocks();
  const first = useRef<number | null>(null);
  const last = items.findLast(({ state }) => state === 'stored')?.message;
  if (first.current === null && last) first.current = last.seq;
  const isNew =
    last && last.seq! > first.current! && last.author?.id !== ownId && !ids.has(last.author?.id ?? '');
  return (
    <div className="unseen" role="log" aria-live="polite" aria-label="New messages">
      {isNew ? `${last.author?.name ?? 'The chat'}: ${last.text ?? ''}` : ''}
    </div>
  );
}
