import { useChat } from '@nestwire/chat/react';
import { PickUsersDialog } from '../members/pick-users-dialog.js';

interface NewDirectDialogProps {
  /** Receives the id of the channel; null when the user cancels. */
  onClose(channelId: string | null): void;
}

/** Asks for the members of a direct channel. */
export function NewDirectDialog({ onClose }: NewDirectDialogProps) {
  const chat = useChat();
  return (
    <PickUsersDialog
      title="New direct message"
      action="Write"
      onPicked={async (users) => onClose((await chat.openDirect(users.map(({ id }) => id))).id)}
      onClose={() => onClose(null)}
    />
  );
}
