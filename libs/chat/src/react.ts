import { useStore } from '@nestwire/client/react';
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type FunctionComponent,
  type PropsWithChildren,
} from 'react';
import type { ChatMessage } from './messages/chat-message.js';
import type { Chat, ChatList, ChatListView, ChatSearchRequest } from './client/chat.js';
import type { ChatRoom, ChatRoomView, ChatThread, ChatTimeline } from './client/chat-face.js';

/** The properties of `ChatProvider`. */
export type ChatProviderProps = PropsWithChildren<{ readonly chat: Chat }>;

const ChatContext = createContext<Chat | undefined>(undefined);

/** Gives a chat to the components below; never closes it. */
export const ChatProvider: FunctionComponent<ChatProviderProps> = ({ chat, children }) =>
  createElement(ChatContext.Provider, { value: chat }, children);

/**
 * Returns the chat of the nearest `ChatProvider`.
 *
 * @throws {TypeError} when there is no provider above
 */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new TypeError('No chat: wrap the tree in <ChatProvider chat={chat}>.');
  return chat;
}

/** Returns the list of channels: its view, and `list` with its functions. */
export function useChannelList(): ChatListView & { readonly list: ChatList } {
  const { list } = useChat();
  const view = useStore(list);
  return useMemo(() => ({ ...view, list }), [view, list]);
}

/** Returns a channel, or a thread of it: the same object until the numbers change. */
function useTimeline(channelId: string, threadSeq?: number): ChatTimeline {
  const chat = useChat();
  return useMemo(() => {
    const room = chat.channel(channelId);
    return threadSeq === undefined ? room : room.thread(threadSeq);
  }, [chat, channelId, threadSeq]);
}

/** Opens a channel: returns its view, and `room` with its functions. */
export function useRoom(channelId: string): ChatRoomView & { readonly room: ChatRoom } {
  const room = useTimeline(channelId) as ChatRoom;
  const view = useStore(room);
  return useMemo(() => ({ ...view, room }), [view, room]);
}

/** Opens a thread: returns its view, and `thread` with its functions. */
export function useThread(channelId: string, seq: number): ChatRoomView & { readonly thread: ChatThread } {
  const thread = useTimeline(channelId, seq);
  const view = useStore(thread);
  return useMemo(() => ({ ...view, thread }), [view, thread]);
}

/** Returns the draft of a channel or a thread, and the function that changes it. */
export function useDraft(channelId: string, threadSeq?: number): [string, (text: string) => void] {
  const { draft, setDraft } = useTimeline(channelId, threadSeq);
  return [useStore(draft), setDraft];
}

/** Returns the unread messages and mentions of all loaded channels. */
export function useUnreadTotal(): { readonly unread: number; readonly mentions: number } {
  const { list } = useChat();
  const { unreadTotal: unread, mentionTotal: mentions } = useStore(list);
  return useMemo(() => ({ unread, mentions }), [unread, mentions]);
}

/** The state of a search. */
export interface SearchState {
  readonly messages: readonly ChatMessage[];
  readonly isPending: boolean;
  readonly error: unknown;
  readonly hasMore: boolean;
}

/** The result of `useSearch`. */
export interface SearchControl extends SearchState {
  /** Searches; the last call counts. An empty text finds nothing. */
  readonly search: (text: string, options?: Omit<ChatSearchRequest, 'cursor'>) => void;
  readonly loadMore: () => void;
}

const NOTHING_FOUND: SearchState = { messages: [], isPending: false, error: undefined, hasMore: false };

/** A search, and the page of it to load. */
interface LastSearch extends ChatSearchRequest {
  readonly text: string;
}

/** Searches messages; the result is empty before the first search. */
export function useSearch(): SearchControl {
  const chat = useChat();
  const [state, setState] = useState(NOTHING_FOUND);
  const last = useRef<LastSearch>(undefined);
  const run = useCallback(
    (request: LastSearch, found: readonly ChatMessage[]): void => {
      last.current = request;
      const show = (change: Partial<SearchState>): void => {
        if (last.current === request) setState({ ...NOTHING_FOUND, messages: found, ...change });
      };
      const { text, ...options } = request;
      show({ isPending: true });
      chat.search(text, options).then(
        ({ messages, next }) => {
          show({ messages: [...found, ...messages], hasMore: next !== null });
          if (last.current === request && next !== null) last.current = { ...request, cursor: next };
        },
        (error: unknown) => show({ error }),
      );
    },
    [chat],
  );
  // A search that ends after the component has gone changes nothing.
  useEffect(() => () => void (last.current = undefined), [chat]);
  const search = useCallback<SearchControl['search']>(
    (text, options) => {
      last.current = undefined;
      if (text.trim()) run({ ...options, text }, []);
      else setState(NOTHING_FOUND);
    },
    [run],
  );
  const loadMore = useCallback(() => {
    if (last.current && state.hasMore) run(last.current, state.messages);
  }, [run, state]);
  return { ...state, search, loadMore };
}
