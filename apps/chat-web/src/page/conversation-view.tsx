import type { ConnectionStatus } from '@nestwire/client';
import type { Ref } from 'react';
import type { ChatActions } from '../chat/chat-actions.js';
import { conversationOf, membersOf, type ChatState } from '../chat/chat-state.js';
import { isRoom, nameOf } from '../chat/conversation.js';
import { useDraft } from '../hooks/use-draft.js';
import { Composer } from './composer.js';
import { ConversationHeader } from './conversation-header.js';
import { Transcript } from './transcript.js';
import './conversation.css';

interface ConversationViewProps {
  readonly state: ChatState;
  readonly status: ConnectionStatus;
  readonly actions: ChatActions;
  readonly menuButton: Ref<HTMLButtonElement>;
  onMenu(): void;
  onRetry(): void;
}

/** The current conversation: its header, its texts, and the form for a new text. */
export function ConversationView({
  state,
  status,
  actions,
  menuButton,
  onMenu,
  onRetry,
}: ConversationViewProps) {
  const { current, me } = state;
  const name = nameOf(current);
  const [draft, changeDraft] = useDraft(current);
  const isLeavable = isRoom(current) && state.joined.length > 1;
  return (
    <>
      <ConversationHeader
        id={current}
        members={isRoom(current) ? membersOf(state, name) : []}
        me={me}
        menuButton={menuButton}
        onMenu={onMenu}
        onLeave={isLeavable ? () => void actions.leave(name).catch(() => undefined) : undefined}
      />
      <Transcript
        key={current}
        id={current}
        me={me}
        entries={conversationOf(state, current).entries}
        status={status}
        onRetry={onRetry}
      />
      <Composer
        key={`to ${current}`}
        to={current}
        isConnected={status.kind === 'connected'}
        draft={draft}
        onDraft={changeDraft}
        onSay={(text) => actions.say(current, text)}
      />
    </>
  );
}
