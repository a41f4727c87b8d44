import type { ConnectionStatus } from '@nestwire/client';
import { useCallback, useSyncExternalStore } from 'react';
import type { ChatClient } from '../chat/chat-client.js';

/** Returns the connection status, and renders again when it changes. */
export function useConnectionStatus(client: ChatClient): ConnectionStatus {
  const subscribe = useCallback(
    (onChange: () => void) => client.addConnectionStatusListener(onChange),
    [client],
  );
  return useSyncExternalStore(subscribe, () => client.connectionStatus);
}
