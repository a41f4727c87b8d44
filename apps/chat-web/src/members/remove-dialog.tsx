import type { ChatProfile } from '@nestwire/chat/client';
import { FormDialog } from '../ui/form-dialog.js';

interface RemoveDialogProps {
  readonly user: ChatProfile;
  readonly roomName: string;
  onRemove(): Promise<void>;
  onClose(): void;
}

/** Asks before a member is removed from a room. */
export function RemoveDialog({ user, roomName, onRemove, onClose }: RemoveDialogProps) {
  return (
    <FormDialog
      title={`Remove ${user.name} from ${roomName}?`}
      action="Remove"
      isDanger
      onSubmit={onRemove}
      onClose={onClose}
    >
      <p className="hint">The messages of {user.name} remain.</p>
    </FormDialog>
  );
}
