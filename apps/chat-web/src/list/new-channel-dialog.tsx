import { useChat } from '@nestwire/chat/react';
import { useState, type FormEvent } from 'react';
import { Dialog } from '../ui/dialog.js';

interface NewChannelDialogProps {
  /** Receives the id of the new room; null when the user cancels. */
  onClose(channelId: string | null): void;
}

const MAX_NAME_LENGTH = 40;

/** Asks for the name and the kind of a new room. */
export function NewChannelDialog({ onClose }: NewChannelDialogProps) {
  const chat = useChat();
  const [name, setName] = useState('');
  const [topic, setTopic] = useState('');
  const [isPrivate, setPrivate] = useState(false);
  const [problem, setProblem] = useState('');

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      const data = topic.trim() ? { topic: topic.trim() } : {};
      const { id } = await chat.create({ type: isPrivate ? 'private' : 'public', name: name.trim(), data });
      onClose(id);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <Dialog title="New room" onClose={() => onClose(null)}>
      <form onSubmit={(event) => void submit(event)}>
        <div className="dialog-field">
          <label htmlFor="room-name">Name</label>
          <input
            id="room-name"
            value={name}
            onChange={({ target }) => setName(target.value)}
            maxLength={MAX_NAME_LENGTH}
            dir="auto"
            required
            autoFocus
          />
        </div>
        <div className="dialog-field">
          <label htmlFor="room-topic">Topic</label>
          <input id="room-topic" value={topic} onChange={({ target }) => setTopic(target.value)} dir="auto" />
        </div>
        <label className="checkbox">
          <input type="checkbox" checked={isPrivate} onChange={({ target }) => setPrivate(target.checked)} />
          Private: only invited people see it
        </label>
        {problem && (
          <p className="refused" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="secondary" onClick={() => onClose(null)}>
            Cancel
          </button>
          <button className="primary" disabled={name.trim() === ''}>
            Create the room
          </button>
        </div>
      </form>
    </Dialog>
  );
}
