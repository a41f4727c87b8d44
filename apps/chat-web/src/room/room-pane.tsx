import type { ChatProfile } from '@nestwire/chat/client';
import { useChannelList, useChat, useRoom } from '@nestwire/chat/react';
import { channelName } from '../list/channel-names.js';
import { Refusal } from '../connection/refusal.js';
import { useRoomMembers } from '../members/use-room-members.js';
import { useRoomUsers } from '../members/use-room-users.js';
import { MembersPanel } from '../members/members-panel.js';
import { SearchPanel } from '../search/search-panel.js';
import { useOwnId } from '../session/chat-session.js';
import { useNotices } from '../shell/notices.js';
import type { Route } from '../shell/route.js';
import type { Go } from '../shell/use-route.js';
import { ThreadPanel } from '../thread/thread-panel.js';
import { Invitation } from './invitation.js';
import { hasGate, JoinGate } from './join-gate.js';
import { PinnedPanel } from './pinned-panel.js';
import { RoomBeginning } from './room-beginning.js';
import { RoomHeader } from './room-header.js';
import { RoomMenu } from './room-menu.js';
import { TimelineView } from './timeline-view.js';
import './room-pane.css';

interface RoomPaneProps {
  readonly channelId: string;
  readonly route: Route;
  readonly go: Go;
}

/** A room and the panel beside it. */
export function RoomPane({ channelId, route, go }: RoomPaneProps) {
  const { room, ...view } = useRoom(channelId);
  const chat = useChat();
  const { report } = useNotices();
  const ownId = useOwnId();
  const { entries } = useChannelList();
  const members = useRoomMembers(room, view);
  const users = useRoomUsers(members, view);
  const { panel } = route;
  const entry = entries.find(({ channel }) => channel.id === channelId);
  const others = entry ? entry.others : [];
  const other = others[0] ?? users.find(({ id }) => id !== ownId) ?? null;
  const channel = view.channel ?? entry?.channel;
  const name = channel ? channelName(channel, other ? [other] : []) : channelId;
  const isInvited = entry?.membership.state === 'invited' && view.status !== 'live';
  const leaveRoom = () => go({ channelId: null, panel: null, seq: null });
  const closePanel = () => go({ panel: null });
  const openDirect = async (user: ChatProfile) => {
    const { id } = await chat.openDirect([user.id]);
    go({ channelId: id, panel: null, seq: null });
  };

  return (
    <>
      <main className="room" data-covered={panel !== null || undefined}>
        <RoomHeader
          view={view}
          name={name}
          other={other}
          panel={panel}
          menu={
            view.channel && (
              <RoomMenu
                room={room}
                channel={view.channel}
                view={view}
                name={name}
                other={other}
                onPinned={() => go({ panel: { kind: 'pinned' } })}
                onLeft={leaveRoom}
              />
            )
          }
          onPanel={(next) => go({ panel: next })}
          onBack={leaveRoom}
        />
        {isInvited ? (
          <Invitation channel={entry.channel} name={name} onDeclined={leaveRoom} />
        ) : view.error ? (
          <Refusal error={view.error} />
        ) : (
          <TimelineView
            view={view}
            timeline={room}
            name={name}
            users={users}
            members={members}
            targetSeq={route.seq}
            beginning={view.channel && <RoomBeginning channel={view.channel} name={name} />}
            gate={hasGate(view) ? <JoinGate view={view} /> : undefined}
            onJump={(seq) => go({ seq })}
            onThread={(seq) => go({ panel: { kind: 'thread', seq } })}
          />
        )}
      </main>
      {panel?.kind === 'thread' && (
        <ThreadPanel
          key={panel.seq}
          channelId={channelId}
          seq={panel.seq}
          roomView={view}
          roomName={name}
          users={users}
          onJump={(seq) => go({ seq })}
          onClose={closePanel}
        />
      )}
      {panel?.kind === 'members' && (
        <MembersPanel
          room={room}
          view={view}
          roomName={name}
          members={members}
          onMessage={(user) => void openDirect(user).catch(report)}
          onClose={closePanel}
        />
      )}
      {panel?.kind === 'pinned' && (
        <PinnedPanel room={room} view={view} onJump={(seq) => go({ seq })} onClose={closePanel} />
      )}
      {panel?.kind === 'search' && (
        <SearchPanel
          text={panel.text}
          channelId={channelId}
          roomName={name}
          onText={(text) => go({ panel: { kind: 'search', text } }, { isReplaced: true })}
          onOpen={(id, seq) => go({ channelId: id, seq })}
          onClose={closePanel}
        />
      )}
    </>
  );
}
