import type { ChannelEntry } from '@nestwire/chat/client';
import { useEffect } from 'react';
import type { Route } from './route.js';
import type { Go } from './use-route.js';

interface Shortcuts {
  readonly route: Route;
  readonly go: Go;
  readonly entries: readonly ChannelEntry[];
}

/** Alt with an arrow goes to the next channel, with Shift to the next unread one; Control or Command with K searches. */
export function useShortcuts({ route, go, entries }: Shortcuts): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { key, altKey, shiftKey, ctrlKey, metaKey } = event;
      if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') {
        event.preventDefault();
        go({ panel: { kind: 'search', text: '' } });
      } else if (altKey && (key === 'ArrowDown' || key === 'ArrowUp')) {
        event.preventDefault();
        const next = nextChannel({
          route,
          entries,
          isUnreadOnly: shiftKey,
          step: key === 'ArrowDown' ? 1 : -1,
        });
        if (next) go({ channelId: next, panel: null, seq: null });
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [route.channelId, entries, go]);
}

interface Step extends Omit<Shortcuts, 'go'> {
  readonly isUnreadOnly: boolean;
  readonly step: 1 | -1;
}

/** Rooms come first, as in the list. */
function nextChannel({ route, entries, isUnreadOnly, step }: Step): string | undefined {
  const ordered = [
    ...entries.filter(({ channel }) => channel.type !== 'direct'),
    ...entries.filter(({ channel }) => channel.type === 'direct'),
  ];
  const from = ordered.findIndex(({ channel }) => channel.id === route.channelId);
  for (let at = from + step; at >= 0 && at < ordered.length; at += step)
    if (!isUnreadOnly || ordered[at]!.unreadCount > 0) return ordered[at]!.channel.id;
  return undefined;
}
