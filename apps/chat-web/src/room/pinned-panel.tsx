import type { ChatMessage, ChatRoom, ChatRoomView } from '@nestwire/chat/client';
import { useEffect, useState } from 'react';
import { useOwnId } from '../session/chat-session.js';
import { MessageBody } from '../message/message-body.js';
import { useNotices } from '../shell/notices.js';
import { SidePanel } from '../shell/side-panel.js';
import { authorColour } from '../ui/author-colour.js';
import { Name } from '../ui/name.js';
import { listTime } from '../ui/times.js';

interface PinnedPanelProps {
  readonly room: ChatRoom;
  readonly view: ChatRoomView;
  onJump(seq: number): void;
  onClose(): void;
}

/** The pinned messages of a room, the last pinned first. */
export function PinnedPanel({ room, view, onJump, onClose }: PinnedPanelProps) {
  const { report } = useNotices();
  const ownId = useOwnId();
  const [pinned, setPinned] = useState<readonly ChatMessage[]>();
  const count = view.items.filter(({ message }) => message.pinnedAt !== null).length;
  useEffect(() => {
    room.loadPinned().then(setPinned, report);
  }, [room, count]);
  return (
    <SidePanel title="Pinned messages" onClose={onClose}>
      <ul className="search-results" aria-label="Pinned messages" tabIndex={0}>
        {pinned?.map((message) => (
          <li key={message.seq} className="pinned">
            <p className="search-head">
              <b className="author" style={authorColour(message.author?.id ?? '')}>
                <Name>{message.author?.name ?? 'A former member'}</Name>
              </b>
              <time>{listTime(message.createdAt)}</time>
            </p>
            <MessageBody item={{ key: `${message.seq}`, state: 'stored', message }} ownId={ownId} />
            <button type="button" className="link" onClick={() => onJump(message.seq)}>
              Show in the room
            </button>
          </li>
        ))}
      </ul>
      {pinned?.length === 0 && <p className="panel-note hint">Nothing is pinned in this room.</p>}
    </SidePanel>
  );
}
