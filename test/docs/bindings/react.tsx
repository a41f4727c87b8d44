// The program of docs/bindings.md for React.
// #region client
import { createStreamClient } from '@nestwire/client';
import type { AppStreams } from './chat-endpoint.js';
import { ChatMessage } from './chat-message.js';

export const client = createStreamClient<AppStreams>()({
  url: `ws://${location.host}/streams`,
  messages: [ChatMessage],
});

declare module '@nestwire/client/react' {
  interface Register {
    client: typeof client;
  }
}
// #endregion client

// #region provider
import { StreamClientProvider } from '@nestwire/client/react';
import { createRoot } from 'react-dom/client';

export function start(root: HTMLElement): void {
  createRoot(root).render(
    <StreamClientProvider client={client}>
      <Chat />
    </StreamClientProvider>,
  );
}
// #endregion provider

// #region component
import { useConnectionStatus, useSend, useStream, useStreamClient } from '@nestwire/client/react';
import { create } from '@nestwire/protocol';

const withMessage = (lines: readonly ChatMessage[], message: ChatMessage) => [...lines, message];

export function Chat() {
  const { chat } = useStreamClient();
  const status = useConnectionStatus();
  const { state, error } = useStream(chat.stream, withMessage, []);
  const { send, isPending, error: sendError } = useSend(chat);

  const say = (form: FormData) =>
    send(create(ChatMessage, { author: 'Ada', text: String(form.get('text')) }));

  if (error) return <p>The server closed the stream: {String(error)}</p>;
  return (
    <form action={(form) => void say(form)}>
      <p>{status.kind}</p>
      {state.map((line, index) => (
        <p key={index}>
          {line.author}: {line.text}
        </p>
      ))}
      <input name="text" aria-label="message" />
      <button disabled={isPending}>Send</button>
      {sendError ? <p role="alert">{String(sendError)}</p> : null}
    </form>
  );
}
// #endregion component
