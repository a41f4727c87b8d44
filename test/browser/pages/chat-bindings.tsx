// The script of a page with the React hooks of the chat. The test reads its text and calls the functions of `page`.
import { createStreamClient } from '@nestwire/client';
import { CHAT_MESSAGES, createChat, type ChatStreams } from '@nestwire/chat/client';
import {
  ChatProvider,
  useChannelList,
  useDraft,
  useRoom,
  useSearch,
  useThread,
  useUnreadTotal,
} from '@nestwire/chat/react';
import { startTransition, StrictMode, useLayoutEffect, useState, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { countReaders } from './bindings-messages.js';
import { FIRST_STAGE, StagedBoards, suspendNext, type Stage } from './staged-boards.js';

const query = new URLSearchParams(location.search);
const ROOMS = query.get('rooms')!.split(',');

const client = createStreamClient<ChatStreams>()({
  url: `ws://${location.host}/streams`,
  messages: CHAT_MESSAGES,
  auth: () => 'ann',
});

/** The things of the chat that are open, by kind. */
const open = { timers: 0, listeners: 0 };
const handles = [client.chatUser, ...ROOMS.map((channelId) => client.chatChannel({ channelId }))];
const readers = handles.map(({ stream }) => countReaders(stream));

/** Counts the listeners of an object that adds them with a function of a name. */
function countListeners<K extends string>(target: Record<K, (run: never) => () => void>, name: K): void {
  const add = target[name].bind(target) as (run: never) => () => void;
  target[name] = (run) => {
    const remove = add(run);
    let isOpen = true;
    open.listeners += 1;
    return () => {
      open.listeners -= Number(isOpen);
      isOpen = false;
      remove();
    };
  };
}

for (const handle of handles) countListeners(handle, 'addStreamOpenedListener');

const chat = createChat(client, {
  user: () => ({ id: 'ann', name: 'Ann' }),
  keepMs: Number(query.get('keepMs') ?? 5_000),
  clock: {
    now: () => Date.now(),
    after(delayMs, run) {
      let isWaiting = true;
      open.timers += 1;
      const end = (): void => {
        open.timers -= Number(isWaiting);
        isWaiting = false;
      };
      const timer = setTimeout(() => (end(), run()), delayMs);
      return () => (end(), clearTimeout(timer));
    },
  },
});
// The listener of the chat itself remains until it is closed; those of rooms are counted from here on.
countListeners(client, 'addConnectionStatusListener');

let renderings = 0;
let torn = 0;
/** The states of a room that its components have shown in the commit that is under way. */
const shown = new Set<string>();

function useCommitted(channelId: string, count: number): void {
  useLayoutEffect(() => {
    shown.add(`${channelId}:${count}`);
    queueMicrotask(() => {
      torn += Number(shown.size > 1);
      shown.clear();
    });
  });
}

function Room({ channelId, id }: { readonly channelId: string; readonly id: number }): ReactElement {
  const { room, status, error, items, unreadCount } = useRoom(channelId);
  const [draft, setDraft] = useDraft(channelId);
  renderings += 1;
  useCommitted(channelId, items.length);
  torn += Number(items.some(({ message }) => message.channelId !== channelId));
  return (
    <section>
      <p id="status">{error?.code ?? status}</p>
      <p id="items">{items.map(({ message, state }) => `${message.text}/${state}`).join(' ')}</p>
      <p id="unread">{unreadCount}</p>
      <input id={`draft-${id}`} value={draft} onChange={({ target }) => setDraft(target.value)} />
      <button id={`post-${id}`} onClick={() => void room.post({ text: draft })} />
    </section>
  );
}

/** Another reader of the same room, which must show the same in each commit. */
function Count({ channelId }: { readonly channelId: string }): ReactElement {
  const { items } = useRoom(channelId);
  useCommitted(channelId, items.length);
  return <p id="count">{items.length}</p>;
}

function Thread({ channelId }: { readonly channelId: string }): ReactElement {
  const { items, status } = useThread(channelId, 1);
  return <p id="thread">{`${status} ${items.map(({ message }) => message.text).join(' ')}`}</p>;
}

function List(): ReactElement {
  const { entries, status } = useChannelList();
  const { unread } = useUnreadTotal();
  return <p id="list">{`${status} ${entries.length} ${unread}`}</p>;
}

function Search(): ReactElement {
  const { search, messages, isPending, error } = useSearch();
  return (
    <p>
      <button id="search" onClick={() => search('needle')} />
      <span id="found">
        {error ? String(error) : isPending ? 'pending' : messages.map(({ text }) => text).join(' ')}
      </span>
    </p>
  );
}

/** The state of the tree, which the test changes. */
interface Tree extends Stage {
  readonly room: number;
}

let change!: (tree: Partial<Tree>) => void;

function Board({ id, channelId }: { readonly id: number; readonly channelId: string }): ReactElement {
  return (
    <>
      <Room channelId={channelId} id={id} />
      <Count channelId={channelId} />
      <Thread channelId={channelId} />
      <List />
      <Search />
    </>
  );
}

function App(): ReactElement {
  const [tree, setTree] = useState<Tree>({ ...FIRST_STAGE, room: 0 });
  change = (next) => setTree((before) => ({ ...before, ...next }));
  return (
    <ChatProvider chat={chat}>
      <StagedBoards stage={tree} board={(id) => <Board key={id} id={id} channelId={ROOMS[tree.room]!} />} />
    </ChatProvider>
  );
}

const page = {
  open: () => ({ ...open, readers: readers.reduce((sum, count) => sum + count(), 0) }),
  renderings: () => renderings,
  torn: () => torn,
  show: (tree: Partial<Tree>) => flushSync(() => change(tree)),
  /** Shows the rooms in turn, each in a transition, which React may interrupt. */
  async switchRooms(times: number) {
    for (let n = 1; n <= times; n++) {
      startTransition(() => change({ room: n % ROOMS.length }));
      await new Promise((resolve) => setTimeout(resolve));
    }
  },
  suspend() {
    page.resume = suspendNext();
    change({ version: Math.random() });
  },
  resume: (): void => undefined,
  async mountMany(times: number) {
    for (let n = 0; n < times; n++) {
      for (const boards of [0, 1]) flushSync(() => change({ boards, room: n % ROOMS.length }));
      // Effects and messages have their turn, as in a page that a user operates.
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    flushSync(() => change({ boards: 0 }));
  },
  /** Reads a room and forgets to leave it. */
  leak: () => void chat.channel(ROOMS[0]!).subscribe(() => undefined),
};

Object.assign(globalThis, { page });
void client.connectWebSocket();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
