import { applyPresence, EMPTY_PRESENCE, type Message, type PresenceView } from '@nestwire/protocol';
import type { MessageStream, StreamIterators } from '../endpoint/stream-iterators.js';

/** A receiver of the messages of a feed, and of its end. */
export interface FeedReader {
  message(message: Message): void;
  ended(error?: unknown): void;
  /** Called when the user of the connection changes: the earlier messages belong to another user. */
  reset(): void;
}

/**
 * The one reader of a stream that all stores of the stream share.
 *
 * Only the first reader of a stream receives the snapshot of a channel. A feed therefore reads once for all
 * stores, and remembers the newest message of each class and the members of each channel for stores that
 * come later. It ends with its last reader.
 */
export interface StreamFeed {
  /** The newest message of each class, by its `$type`. */
  readonly latest: ReadonlyMap<unknown, Message>;
  /** The members of each channel that reports them on the stream. */
  readonly presence: ReadonlyMap<string, PresenceView>;
  /** Adds a reader; returns the function that removes it. */
  add(reader: FeedReader): () => void;
}

const feeds = new WeakMap<MessageStream<Message>, StreamFeed>();

/** Returns the feed of a stream. */
export function feedOf(stream: MessageStream<Message>): StreamFeed {
  const feed = feeds.get(stream) ?? createFeed(stream);
  feeds.set(stream, feed);
  return feed;
}

function createFeed(stream: MessageStream<Message>): StreamFeed {
  const readers = new Set<FeedReader>();
  const latest = new Map<unknown, Message>();
  const presence = new Map<string, PresenceView>();
  let messages: AsyncIterableIterator<Message, undefined> | undefined;

  const remember = (message: Message): void => {
    latest.set(message.$type, message);
    const { channel = '' } = message as { channel?: string };
    const before = presence.get(channel) ?? EMPTY_PRESENCE;
    const view = applyPresence(before, message);
    if (view !== before) presence.set(channel, view);
  };

  const read = async (own: AsyncIterableIterator<Message, undefined>): Promise<void> => {
    let failure: unknown;
    try {
      // All stores of one rendering are there before the first message.
      await new Promise((resolve) => setTimeout(resolve));
      for await (const message of own) {
        remember(message);
        for (const reader of [...readers]) reader.message(message);
      }
    } catch (error) {
      failure = error;
    }
    if (messages !== own) return;
    messages = undefined;
    for (const reader of [...readers]) reader.ended(failure);
  };

  // The stream of a client is the object that also clears it.
  (stream as StreamIterators<Message>).onClear = () => {
    latest.clear();
    presence.clear();
    for (const reader of [...readers]) reader.reset();
  };

  return {
    latest,
    presence,
    add(reader) {
      readers.add(reader);
      if (!messages) {
        latest.clear();
        presence.clear();
        void read((messages = stream[Symbol.asyncIterator]()));
      }
      return () => {
        readers.delete(reader);
        if (readers.size || !messages) return;
        void messages.return?.();
        messages = undefined;
      };
    },
  };
}
