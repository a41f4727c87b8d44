import type { ChatChannel } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { useNotices } from '../shell/notices.js';
import { Icon } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';
import { Popover } from '../ui/popover.js';

interface RoomMenuProps {
  readonly channel: ChatChannel;
  onLeft(): void;
}

/** The rare actions of a room. */
export function RoomMenu({ channel, onLeft }: RoomMenuProps) {
  const chat = useChat();
  const { report, show } = useNotices();
  const [isOpen, setOpen] = useState(false);
  const copyLink = async () => {
    setOpen(false);
    await navigator.clipboard.writeText(window.location.href);
    show('The link to this room is in the clipboard.');
  };
  const leave = async () => {
    setOpen(false);
    await chat.leave(channel.id);
    onLeft();
  };
  return (
    <span className="menu-anchor">
      <IconButton icon="dots" label="More" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <Popover label="Actions of the room" className="menu" onClose={() => setOpen(false)}>
          <button type="button" onClick={() => void copyLink().catch(report)}>
            <Icon name="copy" size={17} /> Copy the link
          </button>
          {channel.type !== 'direct' && (
            <button type="button" onClick={() => void leave().catch(report)}>
              <Icon name="leave" size={17} /> Leave the room
            </button>
          )}
        </Popover>
      )}
    </span>
  );
}
