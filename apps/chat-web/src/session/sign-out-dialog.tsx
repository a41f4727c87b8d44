import { useState } from 'react';
import { FormDialog } from '../ui/form-dialog.js';
import { useChatConnection } from './chat-session.js';

/** Asks before the user signs out, because the browser then forgets the user. */
export function SignOutDialog({ onClose }: { onClose(): void }) {
  const { user, stores, signOut } = useChatConnection();
  const [unsent] = useState(() => stores.outbox.length);
  return (
    <FormDialog
      title={`Sign out ${user.name}?`}
      action="Sign out"
      cancel="Stay"
      isDanger
      onSubmit={signOut}
      onClose={onClose}
    >
      {unsent > 0 && (
        <p className="refused">
          {unsent === 1
            ? '1 message is not sent. It is deleted when you sign out.'
            : `${unsent} messages are not sent. They are deleted when you sign out.`}
        </p>
      )}
      <p className="hint">
        This browser forgets you and your drafts. The demo has no passwords, so nobody can come back as{' '}
        {user.name}.
      </p>
    </FormDialog>
  );
}
