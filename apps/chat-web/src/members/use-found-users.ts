import type { ChatProfile } from '@nestwire/chat/client';
import { useMemo } from 'react';
import { useOwnId } from '../session/chat-session.js';
import { knownUsers } from './known-users.js';

/** Returns the other users whose names have a text. */
export function useFoundUsers(text: string): readonly ChatProfile[] {
  const ownId = useOwnId();
  return useMemo(() => {
    const wanted = text.trim().toLocaleLowerCase();
    return knownUsers().filter(({ id, name }) => id !== ownId && name.toLocaleLowerCase().includes(wanted));
  }, [text, ownId]);
}
