import type { ChatMessage, ChatProfile, ChatRoomView } from '@nestwire/chat/client';
import { useThread } from '@nestwire/chat/react';
import { MessageBody } from '../message/message-body.js';
import { TimelineView } from '../room/timeline-view.js';
import { useMessage } from '../room/use-message.js';
import { useOwnId } from '../session/chat-session.js';
import { SidePanel } from '../shell/side-panel.js';
import { authorColour } from '../ui/author-colour.js';
import { Avatar } from '../ui/avatar.js';
import { Name } from '../ui/name.js';
import { dayName, clockTime } from '../ui/times.js';
import './thread-panel.css';

interface ThreadPanelProps {
  readonly channelId: string;
  readonly seq: number;
  readonly roomView: ChatRoomView;
  readonly roomName: string;
  readonly users: readonly ChatProfile[];
  onJump(seq: number): void;
  onClose(): void;
}

/** A thread beside its room. */
export function ThreadPanel({
  channelId,
  seq,
  roomView,
  roomName,
  users,
  onJump,
  onClose,
}: ThreadPanelProps) {
  const { thread, ...view } = useThread(channelId, seq);
  const root = useMessage(channelId, seq, roomView.items);
  return (
    <SidePanel title="Thread" subtitle={roomName} onClose={onClose}>
      <TimelineView
        key={seq}
        view={view}
        timeline={thread}
        name={`thread in ${roomName}`}
        users={users}
        targetSeq={null}
        beginning={root && <ThreadRoot message={root} replies={view.items.length} />}
        onJump={onJump}
      />
    </SidePanel>
  );
}

function ThreadRoot({ message, replies }: { readonly message: ChatMessage; readonly replies: number }) {
  const ownId = useOwnId();
  return (
    <article className="thread-root" aria-label="The message that began the thread">
      <header>
        <Avatar user={message.author} />
        <div>
          <b className="author" style={authorColour(message.author?.id ?? '')}>
            <Name>{message.author?.name ?? 'A former member'}</Name>
          </b>
          <time>
            {dayName(message.createdAt)}, {clockTime(message.createdAt)}
          </time>
        </div>
      </header>
      <MessageBody item={{ key: 'root', state: 'stored', message }} ownId={ownId} />
      <p className="thread-count">{replies === 1 ? '1 reply' : `${replies} replies`}</p>
    </article>
  );
}
