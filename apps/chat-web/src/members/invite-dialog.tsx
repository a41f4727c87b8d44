import type { ChatProfile, ChatRoom } from '@nestwire/chat/client';
import { useState } from 'react';
import { Dialog } from '../ui/dialog.js';
import { UserPicker } from './user-picker.js';

interface InviteDialogProps {
  readonly room: ChatRoom;
  readonly name: string;
  onClose(): void;
}

/** Asks whom to invite to a room. */
export function InviteDialog({ room, name, onClose }: InviteDialogProps) {
  const [users, setUsers] = useState<readonly ChatProfile[]>([]);
  const [problem, setProblem] = useState('');

  async function invite() {
    try {
      for (const { id } of users) await room.invite(id);
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  return (
    <Dialog title={`Invite people to ${name}`} onClose={onClose}>
      <UserPicker picked={users} onPicked={setUsers} />
      {problem && (
        <p className="refused" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-buttons">
        <button type="button" className="secondary" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="primary" disabled={users.length === 0} onClick={() => void invite()}>
          Invite
        </button>
      </div>
    </Dialog>
  );
}
