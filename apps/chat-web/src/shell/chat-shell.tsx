import { useChannelList } from '@nestwire/chat/react';
import { useEffect } from 'react';
import { ONE_PANE, useMedia } from '../ui/use-media.js';
import { ConnectionBanner } from '../connection/connection-banner.js';
import { RoomPane } from '../room/room-pane.js';
import { Sidebar } from './sidebar.js';
import { parseRoute } from './route.js';
import { useAttention } from './use-attention.js';
import { useRoute } from './use-route.js';
import { useShortcuts } from './use-shortcuts.js';
import './chat-shell.css';

/** The panes of the chat: the list, the room, and a panel; on a phone one of them. */
export function ChatShell() {
  const [route, go] = useRoute();
  const { entries } = useChannelList();
  const { channelId, panel } = route;
  const isPhone = useMedia(ONE_PANE);
  const open = (id: string) => go({ channelId: id, panel: null, seq: null });
  useAttention(route);
  useShortcuts({ route, go, entries });

  const firstId = entries.find(({ channel }) => channel.type !== 'direct')?.channel.id;
  useEffect(() => {
    // The address may name a channel since this rendering.
    const isOpen = parseRoute(window.location.hash).channelId !== null;
    if (!isOpen && firstId && !isPhone) go({ channelId: firstId }, { isReplaced: true });
  }, [channelId, firstId, isPhone]);

  return (
    <div className="shell" data-pane={channelId === null ? 'list' : panel ? 'panel' : 'room'}>
      <ConnectionBanner />
      <Sidebar currentId={channelId} onOpen={open} />
      {channelId === null ? (
        <main className="nothing-open">
          <h1 className="unseen">Chat</h1>
          <p className="hint">Pick a room.</p>
        </main>
      ) : (
        <RoomPane key={channelId} channelId={channelId} route={route} go={go} />
      )}
    </div>
  );
}
