import type { Ref } from 'react';
import { isRoom, nameOf, type ConversationId } from '../chat/conversation.js';
import { authorColour } from './author-colour.js';
import { Icon } from './icon.js';

interface ConversationHeaderProps {
  readonly id: ConversationId;
  /** The people in the room; empty for a person. */
  readonly members: readonly string[];
  readonly me: string;
  readonly menuButton: Ref<HTMLButtonElement>;
  onMenu(): void;
  onLeave?(): void;
}

/** The name of a conversation, and its members. */
export function ConversationHeader({
  id,
  members,
  me,
  menuButton,
  onMenu,
  onLeave,
}: ConversationHeaderProps) {
  return (
    <header className="conversation-header">
      <button
        ref={menuButton}
        className="quiet phone-only"
        onClick={onMenu}
        aria-label="Show rooms and people"
      >
        <Icon name="menu" />
      </button>
      <div className="conversation-title">
        <h1>
          {isRoom(id) && <span aria-hidden="true">#</span>}
          {nameOf(id)}
        </h1>
        {isRoom(id) ? (
          <Members names={members} me={me} />
        ) : (
          <p className="members">Only the two of you see this.</p>
        )}
      </div>
      {onLeave && (
        <button className="plain" onClick={onLeave}>
          Leave room
        </button>
      )}
    </header>
  );
}

function Members({ names, me }: { names: readonly string[]; me: string }) {
  return (
    <ul className="members" aria-label="In this room">
      {names.map((name) => (
        <li key={name} style={authorColour(name)}>
          {name === me ? 'you' : name}
        </li>
      ))}
    </ul>
  );
}
