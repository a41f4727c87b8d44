import type { ChatChannel, ChatMembership, ChatRoom } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { InviteDialog } from '../members/invite-dialog.js';
import { useNotices } from '../shell/notices.js';
import { Icon, type IconName } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';
import { Popover } from '../ui/popover.js';

interface RoomMenuProps {
  readonly room: ChatRoom;
  readonly channel: ChatChannel;
  readonly membership: ChatMembership | null;
  readonly name: string;
  onPinned(): void;
  onLeft(): void;
}

interface Action {
  readonly icon: IconName;
  readonly label: string;
  run(): Promise<void> | void;
}

/** The rare actions of a room. */
export function RoomMenu({ room, channel, membership, name, onPinned, onLeft }: RoomMenuProps) {
  const chat = useChat();
  const { report, show } = useNotices();
  const [isOpen, setOpen] = useState(false);
  const [isInviting, setInviting] = useState(false);
  const isMuted = (membership?.mutedUntil ?? 0) > Date.now();
  const ofMembers: Action[] = [
    {
      icon: isMuted ? 'bell' : 'bell-off',
      label: isMuted ? 'Notify again' : 'Mute',
      run: () => room.setPreferences({ isMuted: !isMuted }),
    },
  ];
  const ofRooms: Action[] = [
    { icon: 'plus', label: 'Invite people', run: () => setInviting(true) },
    { icon: 'leave', label: 'Leave the room', run: () => chat.leave(channel.id).then(onLeft) },
  ];
  const actions: Action[] = [
    { icon: 'pin', label: 'Pinned messages', run: onPinned },
    {
      icon: 'copy',
      label: 'Copy the link',
      async run() {
        await navigator.clipboard.writeText(window.location.href);
        show('The link to this room is in the clipboard.');
      },
    },
    ...(membership ? ofMembers : []),
    ...(membership && channel.type !== 'direct' ? ofRooms : []),
  ];

  function start({ run }: Action): void {
    setOpen(false);
    Promise.resolve().then(run).catch(report);
  }

  return (
    <span className="menu-anchor">
      <IconButton icon="dots" label="More" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <Popover label="Actions of the room" className="menu" onClose={() => setOpen(false)}>
          {actions.map((action) => (
            <button key={action.label} type="button" onClick={() => start(action)}>
              <Icon name={action.icon} size={17} /> {action.label}
            </button>
          ))}
        </Popover>
      )}
      {isInviting && <InviteDialog room={room} name={name} onClose={() => setInviting(false)} />}
    </span>
  );
}
