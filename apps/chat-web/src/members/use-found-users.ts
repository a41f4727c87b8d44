import type { ChatProfile } from '@nestwire/chat/client';
import { useChat } from '@nestwire/chat/react';
import { useEffect, useState } from 'react';
import { useOwnId } from '../session/chat-session.js';
import { useNotices } from '../shell/notices.js';

const WAIT_MS = 150;

/** Returns the other users whose names have a text; undefined while the server searches for the first time. */
export function useFoundUsers(text: string): readonly ChatProfile[] | undefined {
  const chat = useChat();
  const ownId = useOwnId();
  const { report } = useNotices();
  const [found, setFound] = useState<readonly ChatProfile[]>();
  useEffect(() => {
    let isCurrent = true;
    const take = (users: readonly ChatProfile[]) =>
      isCurrent && setFound(users.filter(({ id }) => id !== ownId));
    const timer = setTimeout(() => void chat.findUsers(text.trim()).then(take, report), WAIT_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [chat, text, ownId]);
  return found;
}
