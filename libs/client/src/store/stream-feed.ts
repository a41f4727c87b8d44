import { applyPresence, EMPTY_PRESENCE, type Message, type PresenceView } from '@nestwire/protocol';
import type { MessageStream, StreamIterators } from '../endpoint/stream-iterators.js';

/**
 * A receiver of what happens to a feed: a message, or the end of the stream.
 *
 * Neither is given when the user of the connection changes: the earlier messages belong to another user.
 */
export type FeedReader = (message?: Message, end?: FeedEnd) => void;

/** The end of a stream. */
export interface FeedEnd {
  readonly isEnded: true;
  /** The error that ended the stream, if there is one. */
  readonly error: unknown;
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
  /** The stores of the stream, by their reducers. */
  readonly stores: WeakMap<object, unknown>;
  /** Forgets the messages of the former user. */
  clear(): void;
  /** Adds a reader; returns the function that removes it. */
  add(reader: FeedReader): () => void;
}

/** Returns the feed of a stream. */
export function feedOf(stream: MessageStream<Message>): StreamFeed {
  // The stream of a client is the object that also clears it.
  const owner = stream as StreamIterators<Message> & { feed?: StreamFeed };
  return (owner.feed ??= createFeed(stream));
}

function createFeed(stream: MessageStream<Message>): StreamFeed {
  const readers = new Set<FeedReader>();
  const latest = new Map<unknown, Message>();
  const presence = new Map<string, PresenceView>();
  let messages: AsyncIterableIterator<Message, undefined> | undefined;

  const tell: FeedReader = (message, end) => {
    for (const reader of [...readers]) reader(message, end);
  };

  const forget = (): void => {
    latest.clear();
    presence.clear();
  };

  const remember = (message: Message): void => {
    latest.set(message.$type, message);
    const { channel = '' } = message as { channel?: string };
    const before = presence.get(channel) ?? EMPTY_PRESENCE;
    const view = applyPresence(before, message);
    if (view !== before) presence.set(channel, view);
  };

  const read = async (): Promise<void> => {
    const own = (messages = stream[Symbol.asyncIterator]());
    let error: unknown;
    forget();
    try {
      // All stores of one rendering are there before the first message.
      await new Promise((resolve) => setTimeout(resolve));
      for await (const message of own) {
        remember(message);
        tell(message);
      }
    } catch (failure) {
      error = failure;
    }
    if (messages !== own) return;
    messages = undefined;
    tell(undefined, { isEnded: true, error });
  };

  return {
    latest,
    presence,
    stores: new WeakMap(),
    clear() {
      forget();
      tell();
    },
    add(reader) {
      readers.add(reader);
      if (!messages) void read();
      return () => {
        readers.delete(reader);
        if (readers.size) return;
        void messages?.return?.();
        messages = undefined;
      };
    },
  };
}
