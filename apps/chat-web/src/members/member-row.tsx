import type { ChatMember } from '@nestwire/chat/client';
import { useOwnId } from '../session/chat-session.js';
import { useNotices } from '../shell/notices.js';
import { Avatar } from '../ui/avatar.js';
import { IconButton } from '../ui/icon-button.js';
import { Menu, type MenuAction } from '../ui/menu.js';
import { Name } from '../ui/name.js';
import { ROLE_NAMES } from './role-names.js';

interface MemberRowProps {
  readonly member: ChatMember;
  /** True for a green mark; undefined for none. */
  readonly isPresent?: boolean | undefined;
  readonly actions: readonly MenuAction[];
  onMessage(): void;
}

/** A member with the role, and what the user may do about it. */
export function MemberRow({ member, isPresent, actions, onMessage }: MemberRowProps) {
  const ownId = useOwnId();
  const { report } = useNotices();
  const { user, role } = member;
  return (
    <li>
      <Avatar user={user} isPresent={isPresent} />
      <span className="member-text">
        <Name className="member-name">{user.name}</Name>
        {role !== 'member' && <small className="member-role">{ROLE_NAMES[role]}</small>}
      </span>
      {user.id === ownId ? (
        <span className="hint">you</span>
      ) : (
        <IconButton icon="chat" label={`Message ${user.name}`} onClick={onMessage} />
      )}
      {actions.length > 0 && (
        <Menu
          label={`More about ${user.name}`}
          title={`Actions for ${user.name}`}
          actions={actions}
          onError={report}
        />
      )}
    </li>
  );
}
