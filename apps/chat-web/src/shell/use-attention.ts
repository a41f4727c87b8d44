import type { ChannelEntry } from '@nestwire/chat/client';
import { useChannelList } from '@nestwire/chat/react';
import { useEffect, useRef } from 'react';
import { channelName } from '../list/channel-names.js';
import { useBlocks } from '../session/blocks-provider.js';
import { useOwnId } from '../session/chat-session.js';
import { areNotificationsOn, closeNotifications, notify } from './notifications.js';
import type { Route } from './route.js';
import { formatRoute } from './route.js';

const TITLE = 'nestwire chat';

/** Counts unread messages in the title, and notifies of mentions and direct messages while nobody looks. */
export function useAttention({ channelId }: Route): void {
  const { entries, unreadTotal, mentionTotal } = useChannelList();
  const ownId = useOwnId();
  const { ids } = useBlocks();
  const quiet = new Set([...ids, ownId]);
  const entry = entries.find(({ channel }) => channel.id === channelId);
  const room = entry && channelName(entry.channel, entry.others);
  useTitle({ room, unreadTotal, mentionTotal });
  const seen = useRef<ReadonlyMap<string, ChannelEntry> | null>(null);
  useEffect(() => {
    const former = seen.current;
    seen.current = new Map(entries.map((entry) => [entry.channel.id, entry]));
    if (!former || document.hasFocus() || !areNotificationsOn()) return;
    for (const entry of entries)
      if (isWorth(entry, former.get(entry.channel.id), quiet))
        notifyOf(entry, channelName(entry.channel, entry.others));
  }, [entries]);
}

interface TitleState {
  /** The name of the present room. */
  readonly room: string | undefined;
  readonly unreadTotal: number;
  readonly mentionTotal: number;
}

function useTitle({ room, unreadTotal, mentionTotal }: TitleState): void {
  const count = mentionTotal > 0 ? `(${mentionTotal}) ` : unreadTotal > 0 ? '• ' : '';
  useEffect(() => {
    document.title = `${count}${room ? `${room} · ` : ''}${TITLE}`;
  }, [count, room]);
  useEffect(
    () => () => {
      document.title = TITLE;
      closeNotifications();
    },
    [],
  );
}

/** Returns true when the last message is new, concerns the user, and is of nobody whose messages are quiet. */
function isWorth(
  { channel, mentionCount, lastMessage, membership }: ChannelEntry,
  former: ChannelEntry | undefined,
  quiet: ReadonlySet<string>,
): boolean {
  if ((lastMessage?.seq ?? 0) <= (former?.lastMessage?.seq ?? 0)) return false;
  if (quiet.has(lastMessage?.author?.id ?? '')) return false;
  if (membership.mutedUntil !== null && membership.mutedUntil > Date.now()) return false;
  return channel.type === 'direct' || mentionCount > (former?.mentionCount ?? 0);
}

function notifyOf({ channel, lastMessage }: ChannelEntry, name: string): void {
  const text = `${lastMessage?.author?.name ?? ''}: ${lastMessage?.text ?? ''}`;
  notify({ id: channel.id, name }, text, () => {
    window.location.hash = formatRoute({ channelId: channel.id, panel: null, seq: null });
  });
}
