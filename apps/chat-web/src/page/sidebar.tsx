import type { ConnectionStatus } from '@nestwire/client';
import { useEffect, useRef, useState } from 'react';
import { conversationOf, membersOf, peopleOf, roomsOf, type ChatState } from '../chat/chat-state.js';
import { personConversation, roomConversation, type ConversationId } from '../chat/conversation.js';
import { AnnounceDialog } from './announce-dialog.js';
import { authorColour } from './author-colour.js';
import { Brand } from './brand.js';
import { ConversationButton } from './conversation-button.js';
import { Icon } from './icon.js';
import { ConnectionState } from './connection-state.js';
import { RoomForm } from './room-form.js';
import './sidebar.css';

interface SidebarProps {
  readonly state: ChatState;
  readonly status: ConnectionStatus;
  /** True when it is in front on a phone. */
  readonly isOpen: boolean;
  onClose(): void;
  onShow(conversation: ConversationId): Promise<void>;
  onLeave(): void;
}

/** The lists of rooms and people, and the own name and connection. */
export function Sidebar({ state, status, isOpen, onClose, onShow, onLeave }: SidebarProps) {
  const closeButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen) closeButton.current?.focus();
  }, [isOpen]);

  return (
    <nav
      className="sidebar"
      aria-label="Conversations"
      data-open={isOpen || undefined}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header>
        <Brand />
        <button ref={closeButton} className="quiet phone-only" onClick={onClose} aria-label="Close the list">
          <Icon name="cross" />
        </button>
      </header>
      <div className="sidebar-lists">
        <Rooms state={state} onShow={onShow} />
        <People state={state} onShow={onShow} />
      </div>
      <Me name={state.me} status={status} onLeave={onLeave} />
    </nav>
  );
}

type ListProps = Pick<SidebarProps, 'state' | 'onShow'>;

function Rooms({ state, onShow }: ListProps) {
  return (
    <section aria-labelledby="rooms">
      <h2 id="rooms">Rooms</h2>
      <ul>
        {roomsOf(state).map((room) => (
          <li key={room}>
            <ConversationButton
              id={roomConversation(room)}
              isCurrent={state.current === roomConversation(room)}
              isJoined={state.joined.includes(room)}
              unread={conversationOf(state, roomConversation(room)).unread}
              note={String(membersOf(state, room).length || '')}
              onShow={onShow}
            />
          </li>
        ))}
      </ul>
      <RoomForm onEnter={(room) => onShow(roomConversation(room))} />
    </section>
  );
}

function People({ state, onShow }: ListProps) {
  const people = peopleOf(state);
  return (
    <section aria-labelledby="people">
      <h2 id="people">People</h2>
      {people.length === 0 && <p className="hint">Nobody else yet. Open a second tab.</p>}
      <ul>
        {people.map((name) => (
          <li key={name}>
            <ConversationButton
              id={personConversation(name)}
              isCurrent={state.current === personConversation(name)}
              isJoined={state.people.has(name)}
              unread={conversationOf(state, personConversation(name)).unread}
              note={state.people.has(name) ? '' : 'away'}
              onShow={onShow}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Me({ name, status, onLeave }: { name: string; status: ConnectionStatus; onLeave(): void }) {
  const [isAnnouncing, setAnnouncing] = useState(false);
  return (
    <footer>
      <div className="me" style={authorColour(name)}>
        <b className="author">{name}</b>
        <ConnectionState status={status} />
      </div>
      <button
        className="quiet"
        onClick={() => setAnnouncing(true)}
        aria-label="Announce to everybody"
        title="Announce to everybody"
      >
        <Icon name="megaphone" />
      </button>
      <button className="quiet" onClick={onLeave} aria-label="Leave the chat" title="Leave the chat">
        <Icon name="leave" />
      </button>
      {isAnnouncing && <AnnounceDialog onClose={() => setAnnouncing(false)} />}
    </footer>
  );
}
