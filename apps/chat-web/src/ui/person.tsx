import type { ChatProfile } from '@nestwire/chat/client';
import { Avatar } from './avatar.js';
import { Name } from './name.js';

/** A user in one line: the avatar and the name. */
export function Person({ user }: { readonly user: ChatProfile }) {
  return (
    <>
      <Avatar user={user} size="small" />
      <Name>{user.name}</Name>
    </>
  );
}
