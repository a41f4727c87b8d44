import type { ChannelEntry, ChatProfile } from '@nestwire/chat/client';
import { useBlocks } from '../session/blocks-provider.js';
import { Avatar } from '../ui/avatar.js';
import { Icon } from '../ui/icon.js';
import { Name } from '../ui/name.js';
import { listTime } from '../ui/times.js';
import { channelName } from './channel-names.js';

interface ChannelRowProps {
  readonly entry: ChannelEntry;
  /** The other members of a direct channel, as far as they are known. */
  readonly others: readonly ChatProfile[];
  readonly ownId: string;
  readonly isCurrent: boolean;
  onOpen(channelId: string): void;
}

/** A channel in the list: its name, last message and counts. */
export function ChannelRow({ entry, others, ownId, isCurrent, onOpen }: ChannelRowProps) {
  const { channel, unreadCount, mentionCount, membership, lastMessage } = entry;
  const isMuted = membership.mutedUntil !== null && membership.mutedUntil > Date.now();
  const isUnread = unreadCount > 0 && !isMuted;
  return (
    <li>
      <button
        type="button"
        className="channel-row"
        aria-current={isCurrent ? 'page' : undefined}
        data-unread={isUnread || undefined}
        data-channel={channel.id}
        onClick={() => onOpen(channel.id)}
      >
        {channel.type === 'direct' ? (
          <Avatar user={others[0] ?? null} size="small" />
        ) : (
          <span className="channel-sign" aria-hidden="true">
            {channel.type === 'public' ? '#' : <Icon name="lock" size={15} />}
          </span>
        )}
        <span className="channel-text">
          <span className="channel-line">
            <Name className="channel-title">{channelName(channel, others)}</Name>
            {lastMessage && <time className="channel-time">{listTime(lastMessage.createdAt)}</time>}
          </span>
          <span className="channel-line">
            <LastLine entry={entry} ownId={ownId} />
            {isMuted && <Icon name="bell-off" size={14} />}
            <Count
              unread={isMuted ? 0 : unreadCount}
              mentions={mentionCount}
              isDirect={channel.type === 'direct'}
            />
          </span>
        </span>
      </button>
    </li>
  );
}

function LastLine({ entry, ownId }: Pick<ChannelRowProps, 'entry' | 'ownId'>) {
  const { lastMessage, membership, channel } = entry;
  const { ids } = useBlocks();
  if (membership.state === 'invited') return <span className="channel-last">You are invited</span>;
  if (!lastMessage) return <span className="channel-last">No messages yet</span>;
  const { author, text } = lastMessage;
  if (author && ids.has(author.id)) return <span className="channel-last">A message of a blocked user</span>;
  const isOwn = author?.id === ownId;
  const who = isOwn ? 'You' : channel.type === 'direct' ? null : author?.name.split(' ')[0];
  return (
    <span className="channel-last" dir="auto">
      {who && <Name>{`${who}: `}</Name>}
      {text.replace(/\s+/g, ' ') || 'An attachment'}
    </span>
  );
}

function Count(counts: { readonly unread: number; readonly mentions: number; readonly isDirect: boolean }) {
  const { unread, mentions, isDirect } = counts;
  if (unread === 0 && mentions === 0) return null;
  const isMention = mentions > 0 || isDirect;
  const count = mentions > 0 && !isDirect ? mentions : unread;
  return (
    <span
      className="badge"
      data-kind={isMention ? 'mention' : undefined}
      role="img"
      aria-label={mentions > 0 ? `${unread} unread, ${mentions} mentions` : `${unread} unread`}
    >
      {mentions > 0 && !isDirect && '@'}
      {count > 99 ? '99+' : count}
    </span>
  );
}
