import type { ChatItem } from '@nestwire/chat/client';
import { Dialog } from '../ui/dialog.js';

interface DeleteDialogProps {
  readonly item: ChatItem;
  onDelete(): void;
  onClose(): void;
}

/** Asks before a message is deleted. */
export function DeleteDialog({ item, onDelete, onClose }: DeleteDialogProps) {
  return (
    <Dialog title="Delete this message?" onClose={onClose}>
      <p className="hint" dir="auto">
        {item.message.text?.slice(0, 200)}
      </p>
      <p className="hint">Nobody sees its text any more. Its place in the room remains.</p>
      <div className="dialog-buttons">
        <button type="button" className="secondary" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="danger" onClick={onDelete} autoFocus>
          Delete
        </button>
      </div>
    </Dialog>
  );
}
