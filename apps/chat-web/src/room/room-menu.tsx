import type { ChatChannel, ChatProfile, ChatRoom, ChatRoomView } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { InviteDialog } from '../members/invite-dialog.js';
import { useBlockAction } from '../session/blocks-provider.js';
import { useNotices } from '../shell/notices.js';
import { Menu, type MenuAction } from '../ui/menu.js';
import { isGranted } from './rights.js';

interface RoomMenuProps {
  readonly room: ChatRoom;
  readonly channel: ChatChannel;
  readonly view: ChatRoomView;
  readonly name: string;
  /** The other user of a direct channel. */
  readonly other: ChatProfile | null;
  onPinned(): void;
  onLeft(): void;
}

/** The rare actions of a room. */
export function RoomMenu({ room, channel, view, name, other, onPinned, onLeft }: RoomMenuProps) {
  const { membership } = view;
  const chat = useChat();
  const blockAction = useBlockAction();
  const { report, show } = useNotices();
  const [isInviting, setInviting] = useState(false);
  const isMuted = (membership?.mutedUntil ?? 0) > Date.now();
  const ofMembers: MenuAction[] = [
    {
      icon: isMuted ? 'bell' : 'bell-off',
      label: isMuted ? 'Notify again' : 'Mute',
      run: () => room.setPreferences({ isMuted: !isMuted }),
    },
  ];
  const canInvite = isGranted(view, 'channel.invite');
  const ofRooms: MenuAction[] = [
    ...(canInvite ? [{ icon: 'plus' as const, label: 'Invite people', run: () => setInviting(true) }] : []),
    { icon: 'leave', label: 'Leave the room', run: () => chat.leave(channel.id).then(onLeft) },
  ];
  const actions: MenuAction[] = [
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
    ...(channel.type === 'direct' && other ? [blockAction(other)] : []),
  ];

  return (
    <>
      <Menu label="More" title="Actions of the room" actions={actions} onError={report} />
      {isInviting && <InviteDialog room={room} name={name} onClose={() => setInviting(false)} />}
    </>
  );
}
