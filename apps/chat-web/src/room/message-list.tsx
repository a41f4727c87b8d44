import type { ChatRoomView, ChatTimeline } from '@nestwire/chat/client';
import { useEffect, type ReactElement, type ReactNode } from 'react';
import { Virtualizer } from 'virtua';
import { Icon } from '../ui/icon.js';
import { dayName } from '../ui/times.js';
import type { Row } from './rows.js';
import { useActiveMessage } from './use-active-message.js';
import { useMessageScroll } from './use-message-scroll.js';
import './message-list.css';

interface MessageListProps {
  /** The accessible name, as in `Messages in lobby`. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly view: ChatRoomView;
  readonly timeline: ChatTimeline;
  /** The message to show, from the address. */
  readonly targetSeq: number | null;
  /** The rows before the first message of the history. */
  readonly beginning: ReactNode;
  onAtEnd(isAtEnd: boolean): void;
  renderMessage(row: Row & { readonly kind: 'message' }, state: { readonly isActive: boolean }): ReactElement;
}

/**
 * The messages of a room, of which only the visible ones are elements.
 *
 * The arrow keys move between messages. Older and newer pages load near the ends, and nothing jumps.
 */
export function MessageList(props: MessageListProps) {
  const { label, rows, view, timeline, targetSeq, beginning, renderMessage, onAtEnd } = props;
  const scroll = useMessageScroll({ rows, view, timeline, targetSeq });
  useEffect(() => onAtEnd(scroll.isAtEnd), [scroll.isAtEnd]);
  const active = useActiveMessage(scroll.rows, scroll.showRow);
  return (
    <div className="message-list">
      <div
        ref={scroll.scroller}
        className="message-scroller"
        role="region"
        aria-label={label}
        tabIndex={0}
        onWheel={scroll.onWheel}
        onTouchMove={scroll.onMove}
        onPointerDown={({ target, currentTarget }) => target === currentTarget && scroll.onMove()}
        onKeyDownCapture={scroll.onMove}
        {...active.handlers}
      >
        <div className="message-space" aria-hidden="true" />
        <Virtualizer
          key={scroll.generation}
          ref={scroll.virtualizer}
          scrollRef={scroll.scroller}
          shift={scroll.isShifted}
          bufferSize={600}
          onScroll={scroll.onScroll}
          onScrollEnd={scroll.onScrollEnd}
          onResize={scroll.onResize}
        >
          {scroll.rows.map((row) => (
            <div key={row.key} data-row={row.kind}>
              {row.kind === 'message'
                ? renderMessage(row, { isActive: row.key === active.key })
                : renderMark(row, beginning)}
            </div>
          ))}
        </Virtualizer>
      </div>
      {view.isLoadingOlder && (
        <p className="loading-older" role="status">
          Loading older messages…
        </p>
      )}
      {(!scroll.isAtEnd || view.hasNewer) && (
        <button type="button" className="to-newest" onClick={scroll.showNewest}>
          <Icon name="down" size={16} />
          {view.unreadCount > 0 ? `${view.unreadCount} new` : 'Newest'}
        </button>
      )}
    </div>
  );
}

function renderMark(row: Exclude<Row, { kind: 'message' }>, beginning: ReactNode): ReactNode {
  if (row.kind === 'beginning') return beginning;
  if (row.kind === 'unread')
    return (
      <div className="unread-mark" role="separator" aria-label="New messages">
        <span>New</span>
      </div>
    );
  const name = dayName(row.time);
  return (
    <div className="day-mark" role="separator" aria-label={name}>
      <span>{name}</span>
    </div>
  );
}
