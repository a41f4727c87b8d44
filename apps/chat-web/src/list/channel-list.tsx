import type { ChannelEntry } from '@nestwire/chat/client';
import { useChannelList } from '@nestwire/chat/react';
import { useState, type ReactNode } from 'react';
import { Refusal } from '../connection/refusal.js';
import { useOwnId } from '../session/chat-session.js';
import { useNotices } from '../shell/notices.js';
import type { IconName } from '../ui/icon.js';
import { IconButton } from '../ui/icon-button.js';
import { BrowseDialog } from './browse-dialog.js';
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
  const { report } = useNotices();
  const [dialog, setDialog] = useState<'room' | 'browse' | 'direct' | null>(null);
  const { rooms, directs } = sectionsOf(entries);
  const rowsOf = (section: readonly ChannelEntry[]) =>
    section.map((entry) => (
      <ChannelRow
        key={entry.channel.id}
        entry={entry}
        others={entry.others}
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
    <>
      <div className="channel-list">
        <Section
          title="Rooms"
          actions={[
            { icon: 'compass', label: 'Browse rooms', run: () => setDialog('browse') },
            { icon: 'plus', label: 'New room', run: () => setDialog('room') },
          ]}
        >
          {status === 'opening' ? <Placeholders /> : <ul>{rowsOf(rooms)}</ul>}
        </Section>
        <Section
          title="Direct messages"
          actions={[{ icon: 'plus', label: 'New direct message', run: () => setDialog('direct') }]}
        >
          {status === 'opening' ? null : directs.length > 0 ? (
            <ul>{rowsOf(directs)}</ul>
          ) : (
            <p className="hint">Nobody yet. Begin with the plus.</p>
          )}
        </Section>
        {error && <Refusal error={error} />}
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
      </div>
      {dialog === 'room' && <NewChannelDialog onClose={close} />}
      {dialog === 'browse' && <BrowseDialog onClose={close} />}
      {dialog === 'direct' && <NewDirectDialog onClose={close} />}
    </>
  );
}

interface SectionProps {
  readonly title: string;
  readonly actions: readonly { readonly icon: IconName; readonly label: string; run(): void }[];
  readonly children: ReactNode;
}

function Section({ title, actions, children }: SectionProps) {
  const id = `section-${title.replace(' ', '-')}`;
  return (
    <section aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {actions.map(({ icon, label, run }) => (
          <IconButton key={label} icon={icon} label={label} onClick={run} />
        ))}
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
