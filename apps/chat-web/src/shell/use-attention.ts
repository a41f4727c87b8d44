import type { ChannelEntry } from '@nestwire/chat/client';
import { useChannelList } from '@nestwire/chat/react';
import { useEffect, useRef } from 'react';
import { channelName } from '../list/channel-names.js';
import { othersIn } from '../list/direct-users.js';
import { useOwnId } from '../session/chat-session.js';
import { areNotificationsOn, notify } from './notifications.js';
import type { Route } from './route.js';
import { formatRoute } from './route.js';

const TITLE = 'nestwire chat';

/** Counts unread messages in the title, and notifies of mentions and direct messages while nobody looks. */
export function useAttention({ channelId }: Route): void {
  const { entries, unreadTotal, mentionTotal } = useChannelList();
  const ownId = useOwnId();
  useTitle(entries, { channelId, ownId, unreadTotal, mentionTotal });
  const seen = useRef<ReadonlyMap<string, number> | null>(null);
  useEffect(() => {
    const former = seen.current;
    seen.current = new Map(entries.map(({ channel, lastMessage }) => [channel.id, lastMessage?.seq ?? 0]));
    if (!former || document.hasFocus() || !areNotificationsOn()) return;
    for (const entry of entries)
      if ((entry.lastMessage?.seq ?? 0) > (former.get(entry.channel.id) ?? 0) && isWorth(entry, ownId))
        notifyOf(entry, ownId);
  }, [entries]);
}

interface TitleState {
  readonly channelId: string | null;
  readonly ownId: string;
  readonly unreadTotal: number;
  readonly mentionTotal: number;
}

function useTitle(entries: readonly ChannelEntry[], state: TitleState): void {
  const { channelId, ownId, unreadTotal, mentionTotal } = state;
  const entry = entries.find(({ channel }) => channel.id === channelId);
  const name = entry && channelName(entry.channel, othersIn(entry, ownId));
  const count = mentionTotal > 0 ? `(${mentionTotal}) ` : unreadTotal > 0 ? '• ' : '';
  useEffect(() => {
    document.title = `${count}${name ? `${name} · ` : ''}${TITLE}`;
  }, [count, name]);
}

function isWorth({ channel, mentionCount, lastMessage, membership }: ChannelEntry, ownId: string): boolean {
  if (lastMessage?.author?.id === ownId) return false;
  if (membership.mutedUntil !== null && membership.mutedUntil > Date.now()) return false;
  return channel.type === 'direct' || mentionCount > 0;
}

function notifyOf(entry: ChannelEntry, ownId: string): void {
  const { channel, lastMessage } = entry;
  const name = channelName(channel, othersIn(entry, ownId));
  const text = `${lastMessage?.author?.name ?? ''}: ${lastMessage?.text ?? ''}`;
  notify({ id: channel.id, name }, text, () => {
    window.location.hash = formatRoute({ channelId: channel.id, panel: null, seq: null });
  });
}
