import { isRoom, nameOf, type ConversationId } from '../chat/conversation.js';
import { authorColour } from './author-colour.js';

interface ConversationButtonProps {
  readonly id: ConversationId;
  readonly isCurrent: boolean;
  /** True when the tab is in this room, or the person is connected. */
  readonly isJoined: boolean;
  readonly unread: number;
  /** The text to show when nothing is unread. */
  readonly note: string;
  onShow(conversation: ConversationId): Promise<void>;
}

/** One room or person of the list. */
export function ConversationButton({
  id,
  isCurrent,
  isJoined,
  unread,
  note,
  onShow,
}: ConversationButtonProps) {
  return (
    <button
      className="conversation-button"
      aria-current={isCurrent ? 'page' : undefined}
      data-joined={isJoined || undefined}
      data-unread={unread > 0 || undefined}
      onClick={() => void onShow(id).catch(() => undefined)}
    >
      {isRoom(id) ? (
        <span className="room-sign" aria-hidden="true">
          #
        </span>
      ) : (
        <span className="person-sign" style={authorColour(nameOf(id))} aria-hidden="true" />
      )}
      <span className="conversation-name">{nameOf(id)}</span>
      {unread > 0 ? (
        <span className="unread" aria-label={`${unread} unread`}>
          {unread > 99 ? '99+' : unread}
        </span>
      ) : (
        <span className="note">{note}</span>
      )}
    </button>
  );
}
