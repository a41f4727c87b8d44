import { useEffect, useState } from 'react';
import { createChatClient, type ChatClient } from '../chat/chat-client.js';

const STORED_NAME = 'nestwire-chat.name';

/** A user with a name and a client. */
export interface SignedIn {
  readonly name: string;
  readonly client: ChatClient;
}

/** The user of this tab; the name survives a reload, and each tab may have another. */
export interface SignInControl {
  readonly signedIn: SignedIn | null;
  signIn(name: string): void;
  signOut(): void;
}

/** Keeps the picked name and its client. */
export function useSignIn(): SignInControl {
  const [signedIn, setSignedIn] = useState(restore);
  useEffect(() => {
    // The page shows the connection status, which contains the error.
    signedIn?.client.connectWebSocket().catch(() => undefined);
  }, [signedIn]);
  return {
    signedIn,
    signIn(name) {
      sessionStorage.setItem(STORED_NAME, name);
      setSignedIn({ name, client: createChatClient(name) });
    },
    signOut() {
      sessionStorage.removeItem(STORED_NAME);
      void signedIn?.client.close();
      setSignedIn(null);
    },
  };
}

function restore(): SignedIn | null {
  const name = sessionStorage.getItem(STORED_NAME);
  return name ? { name, client: createChatClient(name) } : null;
}
