import { MAX_TEXT_LENGTH } from 'chat-server/messages';
import { useState, type KeyboardEvent } from 'react';
import type { ChangeDraft } from '../hooks/use-draft.js';
import { isRoom, nameOf, type ConversationId } from '../chat/conversation.js';
import { Icon } from './icon.js';

interface ComposerProps {
  readonly to: ConversationId;
  readonly isConnected: boolean;
  readonly draft: string;
  readonly onDraft: ChangeDraft;
  onSay(text: string): Promise<void>;
}

/** False on phones, where the focus would open the keyboard over the conversation. */
const HAS_KEYBOARD = window.matchMedia('(pointer: fine)').matches;

/** The form for a text. Enter sends, Shift+Enter starts a line; a refused text stays for editing. */
export function Composer({ to, isConnected, draft, onDraft, onSay }: ComposerProps) {
  const [problem, setProblem] = useState('');
  const canSend = isConnected && draft.trim() !== '';

  async function send() {
    if (!canSend) return;
    onDraft(() => '');
    setProblem('');
    try {
      await onSay(draft.trim());
    } catch (error) {
      onDraft((typedMeanwhile) => typedMeanwhile || draft);
      setProblem((error as Error).message);
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  }

  return (
    <form className="composer" action={send}>
      <div className="composer-field">
        <textarea
          value={draft}
          onChange={({ target }) => onDraft(() => target.value)}
          onKeyDown={onKeyDown}
          placeholder={isRoom(to) ? `Message ${to}` : `Message ${nameOf(to)}`}
          aria-label={`Message to ${nameOf(to)}`}
          aria-describedby="composer-note"
          maxLength={MAX_TEXT_LENGTH}
          rows={1}
          autoFocus={HAS_KEYBOARD}
        />
        <button className="primary send" disabled={!canSend} aria-label="Send">
          <Icon name="send" />
        </button>
      </div>
      <small
        id="composer-note"
        className={problem ? 'refused' : undefined}
        role={problem ? 'alert' : undefined}
      >
        {problem || (isConnected ? '' : 'Your text stays here until the connection is back.')}
      </small>
    </form>
  );
}
