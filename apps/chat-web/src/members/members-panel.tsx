import type { ChatProfile, ChatRoomView } from '@nestwire/chat/client';
import { useOwnId } from '../session/chat-session.js';
import { SidePanel } from '../shell/side-panel.js';
import { Avatar } from '../ui/avatar.js';
import { IconButton } from '../ui/icon-button.js';
import { Name } from '../ui/name.js';
import './members-panel.css';

interface MembersPanelProps {
  readonly view: ChatRoomView;
  readonly users: readonly ChatProfile[];
  onMessage(user: ChatProfile): void;
  onClose(): void;
}

/** The people of a room: those who are here first. */
export function MembersPanel({ view, users, onMessage, onClose }: MembersPanelProps) {
  const here = new Set(view.present?.map(({ id }) => id));
  const present = users.filter(({ id }) => here.has(id));
  const away = users.filter(({ id }) => !here.has(id));
  return (
    <SidePanel title="Members" onClose={onClose}>
      <div className="members">
        <Group title={`Here now · ${present.length}`} users={present} isPresent onMessage={onMessage} />
        <Group title={`Away · ${away.length}`} users={away} isPresent={false} onMessage={onMessage} />
      </div>
    </SidePanel>
  );
}

interface GroupProps extends Pick<MembersPanelProps, 'users' | 'onMessage'> {
  readonly title: string;
  readonly isPresent: boolean;
}

function Group({ title, users, isPresent, onMessage }: GroupProps) {
  const ownId = useOwnId();
  if (users.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {users.map((user) => (
          <li key={user.id}>
            <Avatar user={user} isPresent={isPresent} />
            <Name className="member-name">{user.name}</Name>
            {user.id === ownId ? (
              <span className="hint">you</span>
            ) : (
              <IconButton icon="chat" label={`Message ${user.name}`} onClick={() => onMessage(user)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
