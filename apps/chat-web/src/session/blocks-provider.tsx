import type { ChatProfile } from '@nestwire/chat/client';
import { useConnectionStatus } from '@nestwire/client/react';
import { useChat } from '@nestwire/chat/react';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useNotices } from '../shell/notices.js';
import { requestBlocks } from './blocks.js';
import { useChatConnection } from './chat-session.js';

/** The users whom the own user has blocked. */
export interface Blocks {
  readonly ids: ReadonlySet<string>;
  /** Blocks a user, or ends the block. */
  set(this: void, user: ChatProfile, isBlocked: boolean): Promise<void>;
}

const BlocksContext = createContext<Blocks | undefined>(undefined);

/** Loads the blocked users with each connection, and gives them to the components below. */
export function BlocksProvider({ children }: { readonly children: ReactNode }) {
  const { token } = useChatConnection();
  const chat = useChat();
  const { report, show } = useNotices();
  const isConnected = useConnectionStatus().kind === 'connected';
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    let isCurrent = true;
    if (isConnected) requestBlocks(token).then((loaded) => isCurrent && setIds(new Set(loaded)), report);
    return () => {
      isCurrent = false;
    };
  }, [token, isConnected]);
  const blocks = useMemo<Blocks>(
    () => ({
      ids,
      async set({ id, name }, isBlocked) {
        await chat.setBlock(id, isBlocked);
        setIds(
          (former) => new Set([...former].filter((other) => other !== id).concat(isBlocked ? [id] : [])),
        );
        show(isBlocked ? `You have blocked ${name}.` : `You see the messages of ${name} again.`);
      },
    }),
    [chat, ids],
  );
  return <BlocksContext.Provider value={blocks}>{children}</BlocksContext.Provider>;
}

/** Returns the blocked users. */
export function useBlocks(): Blocks {
  return useContext(BlocksContext)!;
}

/** Returns the entry of a menu that blocks a user or ends the block. */
export function useBlockAction(): (user: ChatProfile) => {
  readonly icon: 'slash';
  readonly label: string;
  run(): Promise<void>;
} {
  const { ids, set } = useBlocks();
  return (user) => {
    const isBlocked = ids.has(user.id);
    return {
      icon: 'slash',
      label: isBlocked ? `Unblock ${user.name}` : `Block ${user.name}`,
      run: () => set(user, !isBlocked),
    };
  };
}
