import type { ChatProfile } from '@nestwire/chat/client';
import { useState } from 'react';
import { FormDialog } from '../ui/form-dialog.js';
import { UserPicker } from './user-picker.js';

interface PickUsersDialogProps {
  readonly title: string;
  /** The text of the button, as in `Invite`. */
  readonly action: string;
  onPicked(users: readonly ChatProfile[]): Promise<void>;
  onClose(): void;
}

/** Asks for one user or more. */
export function PickUsersDialog({ title, action, onPicked, onClose }: PickUsersDialogProps) {
  const [users, setUsers] = useState<readonly ChatProfile[]>([]);
  return (
    <FormDialog
      title={title}
      action={action}
      canSubmit={users.length > 0}
      onSubmit={() => onPicked(users)}
      onClose={onClose}
    >
      <UserPicker picked={users} onPicked={setUsers} />
    </FormDialog>
  );
}
