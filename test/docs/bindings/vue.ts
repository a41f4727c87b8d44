// The program of docs/bindings.md for Vue.
import { createStreamClient } from '@nestwire/client';
import type { AppStreams } from './chat-endpoint.js';
import { ChatMessage } from './chat-message.js';

export const client = createStreamClient<AppStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [ChatMessage],
});

// #region plugin
import { streamClient } from '@nestwire/client/vue';
import { createApp, type Component } from 'vue';

declare module '@nestwire/client/vue' {
  interface Register {
    client: typeof client;
  }
}

export function start(root: Component): void {
  createApp(root).use(streamClient(client)).mount('#app');
}
// #endregion plugin

// #region composable
import { useConnectionStatus, useSend, useStream, useStreamClient } from '@nestwire/client/vue';

const withMessage = (lines: readonly ChatMessage[], message: ChatMessage) => [...lines, message];

export function useChat() {
  const { chat } = useStreamClient();
  const status = useConnectionStatus();
  const lines = useStream(chat.stream, withMessage, []); // lines.value.state, .isEnded, .error
  const { send, isPending, error } = useSend(chat);
  return { status, lines, send, isPending, error };
}
// #endregion composable
