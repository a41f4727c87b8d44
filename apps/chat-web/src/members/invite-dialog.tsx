import type { ChatRoom } from '@nestwire/chat/client';
import { PickUsersDialog } from './pick-users-dialog.js';

interface InviteDialogProps {
  readonly room: ChatRoom;
  readonly name: string;
  onClose(): void;
}

/** Asks whom to invite to a room. */
export function InviteDialog({ room, name, onClose }: InviteDialogProps) {
  return (
    <PickUsersDialog
      title={`Invite people to ${name}`}
      action="Invite"
      onPicked={async (users) => {
        for (const { id } of users) await room.invite(id);
        onClose();
      }}
      onClose={onClose}
    />
  );
}
