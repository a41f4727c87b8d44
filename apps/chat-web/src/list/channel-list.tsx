import type { ChannelEntry } from '@nestwire/chat/client';
import { useChannelList } from '@nestwire/chat/react';
import { useState, type ReactNode } from 'react';
import { useOwnId } from '../session/chat-session.js';
import { useNotices } from '../shell/notices.js';
import { IconButton } from '../ui/icon-button.js';
import { useDirectUsers } from './direct-users.js';
import { ChannelRow } from './channel-row.js';
import { sectionsOf } from './channel-names.js';
import { NewChannelDialog } from './new-channel-dialog.js';
import { NewDirectDialog } from './new-direct-dialog.js';
import './channel-list.css';

interface ChannelListProps {
  readonly currentId: string | null;
  onOpen(channelId: string): void;
}

/** The own rooms and direct channels, the last active first. */
export function ChannelList({ currentId, onOpen }: ChannelListProps) {
  const { entries, status, hasMore, isLoadingMore, list, error } = useChannelList();
  const ownId = useOwnId();
  useDirectUsers(entries);
  const { report } = useNotices();
  const [dialog, setDialog] = useState<'room' | 'direct' | null>(null);
  const { rooms, directs } = sectionsOf(entries);
  const rowsOf = (section: readonly ChannelEntry[]) =>
    section.map((entry) => (
      <ChannelRow
        key={entry.channel.id}
        entry={entry}
        ownId={ownId}
        isCurrent={entry.channel.id === currentId}
        onOpen={onOpen}
      />
    ));
  const close = (channelId: string | null) => {
    setDialog(null);
    if (channelId) onOpen(channelId);
  };

  return (
    <div className="channel-list">
      <Section title="Rooms" action="New room" onAction={() => setDialog('room')}>
        {status === 'opening' ? <Placeholders /> : <ul>{rowsOf(rooms)}</ul>}
      </Section>
      <Section title="Direct messages" action="New direct message" onAction={() => setDialog('direct')}>
        {status === 'opening' ? null : directs.length > 0 ? (
          <ul>{rowsOf(directs)}</ul>
        ) : (
          <p className="hint">Nobody yet. Begin with the plus.</p>
        )}
      </Section>
      {error && <p className="refused">{error.message}</p>}
      {hasMore && (
        <button
          type="button"
          className="link more"
          disabled={isLoadingMore}
          onClick={() => void list.loadMore().catch(report)}
        >
          Show more
        </button>
      )}
      {dialog === 'room' && <NewChannelDialog onClose={close} />}
      {dialog === 'direct' && <NewDirectDialog onClose={close} />}
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly action: string;
  readonly children: ReactNode;
  onAction(): void;
}

function Section({ title, action, children, onAction }: SectionProps) {
  const id = `section-${title.replace(' ', '-')}`;
  return (
    <section aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton icon="plus" label={action} onClick={onAction} />
      </header>
      {children}
    </section>
  );
}

function Placeholders() {
  return (
    <ul aria-label="Loading" aria-busy="true">
      {[68, 44, 57, 38, 50].map((width) => (
        <li key={width} className="placeholder-row" aria-hidden="true">
          <i />
          <i style={{ width: `${width}%` }} />
        </li>
      ))}
    </ul>
  );
}
