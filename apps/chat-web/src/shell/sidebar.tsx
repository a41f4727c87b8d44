import { useState } from 'react';
import { ChannelList } from '../list/channel-list.js';
import { useChatConnection } from '../session/chat-session.js';
import { SignOutDialog } from '../session/sign-out-dialog.js';
import { Avatar } from '../ui/avatar.js';
import { Brand } from '../ui/brand.js';
import { IconButton } from '../ui/icon-button.js';
import { Name } from '../ui/name.js';
import { useNotificationSwitch } from './use-notification-switch.js';

interface SidebarProps {
  readonly currentId: string | null;
  onOpen(channelId: string): void;
}

/** The list of channels and the own name. */
export function Sidebar({ currentId, onOpen }: SidebarProps) {
  const { user } = useChatConnection();
  const [isLeaving, setLeaving] = useState(false);
  const notifications = useNotificationSwitch();
  return (
    <nav className="sidebar" aria-label="Channels">
      <header className="sidebar-head">
        <Brand />
      </header>
      <ChannelList currentId={currentId} onOpen={onOpen} />
      <footer className="me">
        <Avatar user={user} isPresent />
        <b className="me-name">
          <Name>{user.name}</Name>
        </b>
        <IconButton
          icon={notifications.isOn ? 'bell' : 'bell-off'}
          label={notifications.isOn ? 'Switch notifications off' : 'Switch notifications on'}
          aria-pressed={notifications.isOn}
          onClick={() => void notifications.toggle()}
        />
        <IconButton icon="leave" label="Sign out" onClick={() => setLeaving(true)} />
      </footer>
      {isLeaving && <SignOutDialog onClose={() => setLeaving(false)} />}
    </nav>
  );
}
