import type { ChatMessage } from '@nestwire/chat/client';
import { useChannelList, useSearch } from '@nestwire/chat/react';
import { useEffect, useState } from 'react';
import { channelName } from '../list/channel-names.js';
import { useBlocks } from '../session/blocks-provider.js';
import { SidePanel } from '../shell/side-panel.js';
import { authorColour } from '../ui/author-colour.js';
import { Name } from '../ui/name.js';
import { SearchField } from '../ui/search-field.js';
import { listTime } from '../ui/times.js';
import { Found } from './found.js';
import './search-panel.css';

interface SearchPanelProps {
  readonly text: string;
  readonly channelId: string | null;
  readonly roomName: string;
  onText(text: string): void;
  onOpen(channelId: string, seq: number): void;
  onClose(): void;
}

const WAIT_MS = 250;

/** Finds messages in all rooms, or in the present one. */
export function SearchPanel({ text, channelId, roomName, onText, onOpen, onClose }: SearchPanelProps) {
  const { search, messages, isPending, error, hasMore, loadMore } = useSearch();
  const [isHere, setHere] = useState(false);
  const { entries } = useChannelList();
  const { ids } = useBlocks();
  useEffect(() => {
    const timer = setTimeout(() => search(text, isHere && channelId ? { channelId } : {}), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, isHere, channelId]);

  const nameOf = (id: string) => {
    const entry = entries.find(({ channel }) => channel.id === id);
    return entry ? channelName(entry.channel) : '';
  };

  return (
    <SidePanel title="Search" onClose={onClose}>
      <div className="search-form" role="search">
        <SearchField label="Search messages" value={text} onValue={onText} />
        {channelId && (
          <label className="checkbox">
            <input type="checkbox" checked={isHere} onChange={({ target }) => setHere(target.checked)} />
            Only in {roomName}
          </label>
        )}
      </div>
      <p className="unseen" role="status">
        {isPending ? 'Searching' : text.trim() ? `${messages.length} messages found` : ''}
      </p>
      <ul className="search-results" aria-label="Found messages" tabIndex={0}>
        {messages
          .filter(({ author }) => !ids.has(author?.id ?? ''))
          .map((message) => (
            <li key={`${message.channelId}/${message.seq}`}>
              <Result message={message} text={text} channel={nameOf(message.channelId)} onOpen={onOpen} />
            </li>
          ))}
        {hasMore && (
          <li>
            <button type="button" className="link more" onClick={loadMore}>
              Show more
            </button>
          </li>
        )}
      </ul>
      <SearchState text={text} count={messages.length} isPending={isPending} error={error} />
    </SidePanel>
  );
}

interface ResultProps extends Pick<SearchPanelProps, 'text' | 'onOpen'> {
  readonly message: ChatMessage;
  readonly channel: string;
}

function Result({ message, text, channel, onOpen }: ResultProps) {
  const { author, channelId, seq, threadSeq, createdAt } = message;
  return (
    <button type="button" className="search-result" onClick={() => onOpen(channelId, threadSeq ?? seq)}>
      <span className="search-head">
        <b className="author" style={authorColour(author?.id ?? '')}>
          <Name>{author?.name ?? 'A former member'}</Name>
        </b>
        <span>{channel}</span>
        <time>{listTime(createdAt)}</time>
      </span>
      <Found text={message.text ?? ''} wanted={text} />
    </button>
  );
}

interface SearchStateProps {
  readonly text: string;
  readonly count: number;
  readonly isPending: boolean;
  readonly error: unknown;
}

function SearchState({ text, count, isPending, error }: SearchStateProps) {
  if (error) return <p className="panel-note refused">{(error as Error).message}</p>;
  if (isPending || count > 0) return null;
  return (
    <p className="panel-note hint">
      {text.trim() ? `Nothing found for “${text.trim()}”.` : 'Find words in all rooms that you are in.'}
    </p>
  );
}
