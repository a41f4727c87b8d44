import type { ChatChannel } from '@nestwire/chat/client';
import { useChannelList, useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { Dialog } from '../ui/dialog.js';
import { Name } from '../ui/name.js';
import { SearchField } from '../ui/search-field.js';
import { channelName, topicOf } from './channel-names.js';
import { useOpenChannels } from './use-open-channels.js';
import './browse-dialog.css';

interface BrowseDialogProps {
  /** Receives the id of the room to open; null when the user closes the dialog. */
  onClose(channelId: string | null): void;
}

/** The rooms that everybody may join. */
export function BrowseDialog({ onClose }: BrowseDialogProps) {
  const chat = useChat();
  const { channels, isPending, hasMore, loadMore, problem, report } = useOpenChannels();
  const { entries } = useChannelList();
  const [text, setText] = useState('');
  const own = new Set(entries.map(({ channel }) => channel.id));
  const found = channels.filter((channel) => hasText(channel, text));
  const join = async (id: string) => {
    await chat.join(id);
    onClose(id);
  };
  return (
    <Dialog title="Browse rooms" onClose={() => onClose(null)}>
      <SearchField label="Search rooms" value={text} onValue={setText} />
      <ul className="open-rooms" aria-label="Open rooms" tabIndex={0}>
        {found.map((channel) => (
          <li key={channel.id}>
            <OpenRoom
              channel={channel}
              isOwn={own.has(channel.id)}
              onOpen={() => onClose(channel.id)}
              onJoin={() => void join(channel.id).catch(report)}
            />
          </li>
        ))}
        {hasMore && (
          <li>
            <button type="button" className="link" disabled={isPending} onClick={loadMore}>
              Show more
            </button>
          </li>
        )}
      </ul>
      {found.length === 0 && !isPending && <p className="hint">No room of this name.</p>}
      {problem && (
        <p className="refused" role="alert">
          {problem}
        </p>
      )}
    </Dialog>
  );
}

interface OpenRoomProps {
  readonly channel: ChatChannel;
  readonly isOwn: boolean;
  onOpen(): void;
  onJoin(): void;
}

function OpenRoom({ channel, isOwn, onOpen, onJoin }: OpenRoomProps) {
  const name = channelName(channel);
  const { memberCount } = channel;
  return (
    <>
      <span className="open-room-text">
        <b>
          <span aria-hidden="true">#</span>
          <Name>{name}</Name>
        </b>
        <small className="hint" dir="auto">
          {memberCount === 1 ? '1 member' : `${memberCount} members`}
          {topicOf(channel) && ` · ${topicOf(channel)}`}
        </small>
      </span>
      <button
        type="button"
        className="secondary"
        aria-label={isOwn ? `Open ${name}` : `Look at ${name}`}
        onClick={onOpen}
      >
        {isOwn ? 'Open' : 'Look'}
      </button>
      {!isOwn && (
        <button type="button" className="primary" aria-label={`Join ${name}`} onClick={onJoin}>
          Join
        </button>
      )}
    </>
  );
}

function hasText(channel: ChatChannel, text: string): boolean {
  const words = `${channelName(channel)} ${topicOf(channel)}`.toLocaleLowerCase();
  return words.includes(text.trim().toLocaleLowerCase());
}
