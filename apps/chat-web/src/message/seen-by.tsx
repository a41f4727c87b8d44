import type { ChatProfile } from '@nestwire/chat/client';
import { Avatar } from '../ui/avatar.js';
import './seen-by.css';

const MAX_AVATARS = 3;

/** The users who have read up to a message, at its edge. It takes no height, so that nothing moves. */
export function SeenBy({ users }: { readonly users: readonly ChatProfile[] }) {
  const text = `Seen by ${new Intl.ListFormat(undefined).format(users.map(({ name }) => name))}`;
  const shown = users.length > MAX_AVATARS ? users.slice(0, MAX_AVATARS - 1) : users;
  return (
    <span className="seen-by" role="img" aria-label={text} title={text}>
      {shown.map((user) => (
        <Avatar key={user.id} user={user} size="tiny" />
      ))}
      {shown.length < users.length && <i>+{users.length - shown.length}</i>}
    </span>
  );
}
