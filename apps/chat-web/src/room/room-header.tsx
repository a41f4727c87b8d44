import type { ChatProfile, ChatRoomView } from '@nestwire/chat/client';
import type { ReactNode } from 'react';
import { topicOf } from '../list/channel-names.js';
import type { Panel } from '../shell/route.js';
import { Avatar } from '../ui/avatar.js';
import { Icon } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';
import { Name } from '../ui/name.js';

interface RoomHeaderProps {
  readonly view: ChatRoomView;
  readonly name: string;
  readonly other: ChatProfile | null;
  readonly panel: Panel | null;
  readonly menu: ReactNode;
  onPanel(panel: Panel | null): void;
  onBack(): void;
}

/** The name of a room, its topic, and the buttons of the panels. */
export function RoomHeader({ view, name, other, panel, menu, onPanel, onBack }: RoomHeaderProps) {
  const { channel, present } = view;
  const isDirect = channel?.type === 'direct';
  const toggle = (next: Panel) => onPanel(panel?.kind === next.kind ? null : next);
  const here = present?.length ?? 0;
  return (
    <header className="pane-header">
      <IconButton icon="back" label="Back to the list" className="phone-only" onClick={onBack} />
      {isDirect && <Avatar user={other} isPresent={present?.some(({ id }) => id === other?.id)} />}
      <div className="pane-title">
        <h1>
          {!isDirect && (
            <span className="room-sign" aria-hidden="true">
              {channel?.type === 'private' ? <Icon name="lock" size={15} /> : '#'}
            </span>
          )}
          <Name>{name}</Name>
        </h1>
        {channel && topicOf(channel) && (
          <p className="pane-subtitle" dir="auto" title={topicOf(channel)}>
            {topicOf(channel)}
          </p>
        )}
      </div>
      {!isDirect && channel && (
        <button
          type="button"
          className="member-button"
          aria-pressed={panel?.kind === 'members'}
          title="Members"
          onClick={() => toggle({ kind: 'members' })}
        >
          <Icon name="members" size={18} />
          <span className="unseen">Members: </span>
          <span>{channel.memberCount}</span>
          {here > 0 && (
            <span className="here-count">
              <i />
              {here}
              <span className="unseen"> here now</span>
            </span>
          )}
        </button>
      )}
      <IconButton
        icon="search"
        label="Search"
        aria-pressed={panel?.kind === 'search'}
        onClick={() => toggle({ kind: 'search', text: '' })}
      />
      {menu}
    </header>
  );
}
