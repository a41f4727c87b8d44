import { createStreamClient, type ConnectionStatus } from '@nestwire/client';
import { StreamClientProvider } from '@nestwire/client/react';
import { CHAT_MESSAGES, createChat, type ChatProfile, type ChatStreams } from '@nestwire/chat/client';
import { ChatProvider } from '@nestwire/chat/react';
import { CloseCode } from '@nestwire/protocol';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Session } from './session.js';
import { openStores, type UserStores } from './user-stores.js';

/** The rooms of this page keep this number of messages, so that scrolling back loads each page once. */
const MAX_ITEMS = 3_000;

/** The client and the chat of one user. */
export interface ChatConnection {
  readonly client: ReturnType<typeof openClient>;
  readonly user: ChatProfile;
  /** The token for the server. */
  readonly token: string;
  readonly stores: UserStores;
  /** Closes the connection, signs the user of this tab out, and forgets the user in this browser. */
  signOut(): void;
}

const ConnectionContext = createContext<ChatConnection | undefined>(undefined);

interface ChatSessionProps {
  readonly session: Session;
  readonly children: ReactNode;
  /** Called with the reason when the server accepts the token no longer. */
  onRefused(reason: string): void;
  onSignOut(): void;
}

/** Connects a user, and gives the chat to the components below. */
export function ChatSession({ session, children, onRefused, onSignOut }: ChatSessionProps) {
  const [{ client, chat, stores }] = useState(() => openChat(session));
  useEffect(() => {
    return client.addConnectionStatusListener((status) => {
      if (isRefusal(status)) onRefused(status.reason);
    });
  }, [client]);
  const connection = useMemo<ChatConnection>(
    () => ({
      client,
      user: session.user,
      token: session.token,
      stores,
      signOut() {
        chat.clear();
        chat.close();
        void client.close();
        stores.places.clear();
        onSignOut();
      },
    }),
    [client],
  );
  return (
    <StreamClientProvider client={client}>
      <ChatProvider chat={chat}>
        <ConnectionContext.Provider value={connection}>{children}</ConnectionContext.Provider>
      </ChatProvider>
    </StreamClientProvider>
  );
}

/** Returns the client and the user of the nearest `ChatSession`. */
export function useChatConnection(): ChatConnection {
  return useContext(ConnectionContext)!;
}

/** Returns the id of the signed-in user. */
export function useOwnId(): string {
  return useChatConnection().user.id;
}

function openChat({ token, user }: Session) {
  const client = openClient(token);
  const stores = openStores(user.id);
  const chat = createChat(client, {
    user: () => user,
    outbox: stores.outbox,
    drafts: stores.drafts,
    maxItems: MAX_ITEMS,
  });
  return { client, chat, stores };
}

function openClient(token: string) {
  const url = new URL('/streams', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return createStreamClient<ChatStreams>()({ url: url.href, messages: CHAT_MESSAGES, auth: () => token });
}

function isRefusal(status: ConnectionStatus): status is ConnectionStatus & { readonly kind: 'closed' } {
  return status.kind === 'closed' && status.code === CloseCode.Unauthenticated;
}
