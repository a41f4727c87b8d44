import type { ChatProfile } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useState } from 'react';
import { UserPicker } from '../members/user-picker.js';
import { Dialog } from '../ui/dialog.js';

interface NewDirectDialogProps {
  /** Receives the id of the channel; null when the user cancels. */
  onClose(channelId: string | null): void;
}

/** Asks for the members of a direct channel. */
export function NewDirectDialog({ onClose }: NewDirectDialogProps) {
  const chat = useChat();
  const [users, setUsers] = useState<readonly ChatProfile[]>([]);
  const [problem, setProblem] = useState('');

  async function open() {
    try {
      onClose((await chat.openDirect(users.map(({ id }) => id))).id);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <Dialog title="New direct message" onClose={() => onClose(null)}>
      <UserPicker picked={users} onPicked={setUsers} />
      {problem && (
        <p className="refused" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-buttons">
        <button type="button" className="secondary" onClick={() => onClose(null)}>
          Cancel
        </button>
        <button type="button" className="primary" disabled={users.length === 0} onClick={() => void open()}>
          Write
        </button>
      </div>
    </Dialog>
  );
}
