// The program of docs/chat/custom-ui.md for React.
// #region chat
import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES, createChat, type ChatStreams } from '@nestwire/chat/client';

export const me = { id: 'ann', name: 'Ann' };

const client = createStreamClient<ChatStreams>()({
  url: `ws://${location.host}/streams`,
  messages: CHAT_MESSAGES,
  auth: () => localStorage.getItem('token'),
});

export const chat = createChat(client, {
  user: () => me,
  outbox: localStorage,
  drafts: localStorage,
});

void client.connectWebSocket();
// #endregion chat

// #region room
import { parseText, textRuns, type ChatItem } from '@nestwire/chat/client';
import { ChatProvider, useChannelList, useDraft, useRoom } from '@nestwire/chat/react';
import { useEffect } from 'react';

export function App() {
  return (
    <ChatProvider chat={chat}>
      <Channels />
      <Room channelId="lobby" />
    </ChatProvider>
  );
}

function Channels() {
  const { entries } = useChannelList();
  return entries.map(({ channel, unreadCount }) => (
    <p key={channel.id}>
      {channel.name} {unreadCount > 0 && <b>{unreadCount}</b>}
    </p>
  ));
}

function Room({ channelId }: { channelId: string }) {
  const { room, status, items, hasOlder, typing } = useRoom(channelId);
  const [draft, setDraft] = useDraft(channelId);
  const last = items.findLast(({ state }) => state === 'stored')?.message.seq ?? 0;
  useEffect(() => room.markRead(last), [room, last]);
  const post = () => {
    room.post(parseText(draft));
    setDraft('');
  };
  return (
    <form action={post}>
      <p>{status}</p>
      {hasOlder && (
        <button type="button" onClick={() => void room.loadOlder()}>
          Older messages
        </button>
      )}
      {items.map((item) => (
        <Line key={item.key} item={item} retry={() => room.retry(item.key)} />
      ))}
      <p>{typing.map(({ name }) => `${name} types…`)}</p>
      <input
        aria-label="message"
        value={draft}
        onChange={({ target }) => (setDraft(target.value), room.typing())}
      />
    </form>
  );
}

function Line({ item, retry }: { item: ChatItem; retry: () => void }) {
  const { author, text, entities } = item.message;
  const isBold = (types: readonly { type: string }[]) => types.some(({ type }) => type === 'bold');
  return (
    <p style={{ opacity: item.state === 'pending' ? 0.5 : 1 }}>
      {author?.name}:{' '}
      {textRuns(text ?? 'deleted', text === null ? [] : entities).map((run, at) =>
        isBold(run.entities) ? <b key={at}>{run.text}</b> : run.text,
      )}
      {item.state === 'failed' && (
        <button type="button" onClick={retry}>
          Not sent: {item.error?.message}
        </button>
      )}
    </p>
  );
}
// #endregion room
