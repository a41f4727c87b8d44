import type { ChatItem } from '@nestwire/chat/client';
import { FormDialog } from '../ui/form-dialog.js';

interface DeleteDialogProps {
  readonly item: ChatItem;
  onDelete(): Promise<void>;
  onClose(): void;
}

/** Asks before a message is deleted. */
export function DeleteDialog({ item, onDelete, onClose }: DeleteDialogProps) {
  return (
    <FormDialog
      title="Delete this message?"
      action="Delete"
      cancel="Keep it"
      isDanger
      onSubmit={onDelete}
      onClose={onClose}
    >
      <p className="hint" dir="auto">
        {item.message.text?.slice(0, 200)}
      </p>
      <p className="hint">Nobody sees its text any more. Its place in the room remains.</p>
    </FormDialog>
  );
}
