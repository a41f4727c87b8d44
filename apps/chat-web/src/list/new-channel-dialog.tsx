import { useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { FormDialog } from '../ui/form-dialog.js';
import { TextField } from '../ui/text-field.js';

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

  async function create() {
    const data = topic.trim() ? { topic: topic.trim() } : {};
    const { id } = await chat.create({ type: isPrivate ? 'private' : 'public', name: name.trim(), data });
    onClose(id);
  }

  return (
    <FormDialog
      title="New room"
      action="Create the room"
      canSubmit={name.trim() !== ''}
      onSubmit={create}
      onClose={() => onClose(null)}
    >
      <TextField label="Name" value={name} onValue={setName} maxLength={MAX_NAME_LENGTH} required autoFocus />
      <TextField label="Topic" value={topic} onValue={setTopic} />
      <label className="checkbox">
        <input type="checkbox" checked={isPrivate} onChange={({ target }) => setPrivate(target.checked)} />
        Private: only invited people see it
      </label>
    </FormDialog>
  );
}
