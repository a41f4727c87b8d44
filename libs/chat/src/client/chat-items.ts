import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatProfile } from '../users/chat-users.js';
import type { ChatItem, PendingMessage, StoredItem } from './chat-face.js';
import type { Post } from './post-box.js';

const items = new WeakMap<object, ChatItem>();

/** Returns the item of a stored message: the same object for the same state. */
export function storedItem(message: ChatMessage): StoredItem {
  const { seq, clientId } = message;
  const known = items.get(message) as StoredItem | undefined;
  const item: StoredItem = known ?? { key: clientId ?? `${seq}`, state: 'stored', message };
  items.set(message, item);
  return item;
}

/** Returns the item of an own post: the same object for the same state. */
export function pendingItem(post: Post, author: ChatProfile | null): ChatItem {
  if (post.stored) return storedItem(post.stored);
  const known = items.get(post);
  if (known) return known;
  const { clientId: key, state, error, upload, files } = post;
  const item = { key, state, message: messageOf(post, author), error, upload, files } as ChatItem;
  items.set(post, item);
  return item;
}

function messageOf(post: Post, author: ChatProfile | null): PendingMessage {
  const { channelId, threadSeq, clientId, message, createdAt } = post;
  return {
    channelId,
    seq: null,
    revision: null,
    kind: 'user',
    author,
    clientId,
    text: message.text,
    entities: message.entities ?? [],
    growth: null,
    attachments: [],
    data: message.data ?? null,
    replyTo: message.replyTo ?? null,
    threadSeq,
    replyCount: 0,
    lastReplyAt: null,
    createdAt,
    editedAt: null,
    version: 1,
    deletedAt: null,
    pinnedAt: null,
    mentions: message.mentions ?? [],
    reactions: [],
  };
}
