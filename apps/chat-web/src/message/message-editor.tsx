import { useState, type KeyboardEvent } from 'react';
import { AutoTextarea } from '../composer/auto-textarea.js';

interface MessageEditorProps {
  readonly text: string;
  /** Receives the new text; null when the user cancels. */
  onEnd(text: string | null): void;
}

/** The text of a message while its author changes it. Enter saves, Escape cancels. */
export function MessageEditor({ text, onEnd }: MessageEditorProps) {
  const [draft, setDraft] = useState(text);
  const save = () => onEnd(draft.trim() && draft !== text ? draft : null);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      onEnd(null);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  }

  return (
    <div className="message-editor">
      <AutoTextarea
        value={draft}
        onValue={setDraft}
        onKeyDown={onKeyDown}
        aria-label="Edit the text"
        autoFocus
      />
      <div className="message-state">
        <button type="button" className="link" onClick={save}>
          Save
        </button>
        <button type="button" className="link" onClick={() => onEnd(null)}>
          Cancel
        </button>
        <span className="hint">Enter saves, Escape cancels</span>
      </div>
    </div>
  );
}
