import type { ConnectionStatus } from '@nestwire/client';
import { useLayoutEffect, useMemo, useRef } from 'react';
import {
  groupEntries,
  isRoom,
  nameOf,
  type ConversationId,
  type Entry,
  type EntryGroup,
} from '../chat/conversation.js';
import { authorColour } from './author-colour.js';
import { clockTime } from './clock-time.js';
import { ConnectionState } from './connection-state.js';

interface TranscriptProps {
  readonly id: ConversationId;
  readonly me: string;
  readonly entries: readonly Entry[];
  readonly status: ConnectionStatus;
  onRetry(): void;
}

/** The texts of a conversation along a line, which ends in the connection status. */
export function Transcript({ id, me, entries, status, onRetry }: TranscriptProps) {
  const groups = useMemo(() => groupEntries(entries), [entries]);
  const scroller = useFollowedEnd(entries.length);
  return (
    <div
      className="transcript"
      ref={scroller}
      tabIndex={0}
      role="log"
      aria-label={`What was said in ${nameOf(id)}`}
    >
      <div className="wire" data-kind={status.kind}>
        {groups.length === 0 && <EmptyTranscript id={id} />}
        {groups.map((group) => (
          <Group key={group.entries[0].key} group={group} isMine={group.author === me} />
        ))}
        <div className="wire-end">
          <ConnectionState status={status} />
          {status.kind === 'waiting' && (
            <button className="plain" onClick={onRetry}>
              Try now
            </button>
          )}
          {status.kind === 'closed' && (
            <button className="plain" onClick={() => window.location.reload()}>
              Load the page again
            </button>
          )}
        </div>
      </div>
    </div>
  );
}

function Group({ group, isMine }: { group: EntryGroup; isMine: boolean }) {
  const { author, startedAt, entries } = group;
  return (
    <article style={authorColour(author)} data-mine={isMine || undefined}>
      <header>
        <b className="author">{author}</b>
        <time dateTime={startedAt.toISOString()}>{clockTime(startedAt)}</time>
      </header>
      {entries.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </article>
  );
}

function EmptyTranscript({ id }: { id: ConversationId }) {
  return (
    <p className="hint">
      {isRoom(id)
        ? `Nothing yet. What you write reaches everybody in #${nameOf(id)}.`
        : `Nothing yet. What you write reaches ${nameOf(id)} and nobody else.`}
    </p>
  );
}

const NEAR_END_PX = 120;

/** Scrolls to the end after each new entry, unless the reader has scrolled up. */
function useFollowedEnd(length: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  useLayoutEffect(() => {
    const element = scroller.current!;
    const onScroll = () => {
      isFollowing.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, []);
  useLayoutEffect(() => {
    if (isFollowing.current) scroller.current!.scrollTop = scroller.current!.scrollHeight;
  }, [length]);
  return scroller;
}
