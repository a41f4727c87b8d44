// The page of docs/chat/index.md.
// #region page
import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES, createChat, type ChatStreams } from '@nestwire/chat/client';
import { ChatProvider, useRoom } from '@nestwire/chat/react';
import { useEffect, useState, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';

// The address ?user=bob shows the page of Bob. Replace both by the sign-in of the application.
const id = new URLSearchParams(location.search).get('user') ?? 'ann';
const client = createStreamClient<ChatStreams>()({
  url: `${location.origin.replace('http', 'ws')}/streams`,
  messages: CHAT_MESSAGES,
  auth: () => `token-of-${id}`,
});
const chat = createChat(client, { user: () => ({ id, name: id }), outbox: localStorage });

function Lobby() {
  const { room, status, items, membership } = useRoom('lobby');
  const [text, setText] = useState('');
  const last = items.findLast(({ state }) => state === 'stored')?.message.seq ?? 0;
  useEffect(() => {
    if (membership) room.markRead(last);
  }, [room, membership, last]);
  const post = (event: FormEvent) => {
    event.preventDefault();
    room.post({ text });
    setText('');
  };
  return (
    <form onSubmit={post}>
      <p>{status}</p>
      {items.map(({ key, state, message }) => (
        <p key={key}>
          {message.author?.name}: {message.text} {state === 'stored' ? '' : `(${state})`}
        </p>
      ))}
      <input aria-label="message" value={text} onChange={(event) => setText(event.target.value)} />
      <button>Send</button>
    </form>
  );
}

createRoot(document.getElementById('root')!).render(
  <ChatProvider chat={chat}>
    <Lobby />
  </ChatProvider>,
);
await client.connectWebSocket();
await chat.join('lobby');
// #endregion page
