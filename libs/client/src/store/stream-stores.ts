import {
  EMPTY_PRESENCE,
  messageNameOf,
  type ChannelLike,
  type Message,
  type MessageClass,
  type PresenceView,
} from '@nestwire/protocol';
import type { ConnectionStatus } from '../connection/connection-status.js';
import type { MessageStream } from '../endpoint/stream-iterators.js';
import type { AnyStreamClient } from '../stream-client.js';
import { sourceStore, type Store, type StoreOptions } from './store.js';
import { feedOf, type StreamFeed } from './stream-feed.js';

/** Returns the next state for a message; called once for each message, in order. */
export type StreamReducer<S, M> = (state: S, message: M) => S;

/** The state that a reducer has made of a stream. */
export interface StreamView<S> {
  readonly state: S;
  /** True when the stream has ended: the client was closed, or the server refused or closed the stream. */
  readonly isEnded: boolean;
  /** The error that ended the stream, if there is one. */
  readonly error?: unknown;
}

type AnyStream = MessageStream<Message>;

/**
 * Returns the store of a stream and a reducer, with `{ state, isEnded, error }`.
 *
 * The same stream and reducer give the same store, whose first call sets `initial` and the options. A store that
 * begins after others of its stream receives the messages that follow.
 */
export function streamStore<S, M extends object>(
  stream: MessageStream<M>,
  reducer: StreamReducer<S, M>,
  initial: S,
  options?: StoreOptions,
): Store<StreamView<S>> {
  const { stores, add } = feedOf(stream as unknown as AnyStream);
  const known = stores.get(reducer) as Store<StreamView<S>> | undefined;
  if (known) return known;
  const empty: StreamView<S> = { state: initial, isEnded: false, error: undefined };
  const store = sourceStore(
    empty,
    (publish) => {
      let view = empty;
      return add((message, end) => {
        if (message) {
          const state = reducer(view.state, message as unknown as M);
          if (state !== view.state) view = { ...view, state };
        } else view = end ? { ...view, ...end } : empty;
        publish(view);
      });
    },
    options,
  );
  stores.set(reducer, store);
  return store;
}

/** Returns a store of the newest message of a class on a stream, or undefined. */
export function latestStore<T extends Message>(
  stream: MessageStream<object>,
  cls: MessageClass<T>,
  options?: StoreOptions,
): Store<T | undefined> {
  const type = messageNameOf(cls);
  return feedStore(stream, undefined, ({ latest }) => latest.get(type) as T | undefined, options);
}

/**
 * Returns a store of the members of a channel.
 *
 * The endpoint must send them to the stream with `session.presence.watch(channel)`.
 */
export function presenceStore(
  stream: MessageStream<object>,
  channel: ChannelLike,
  options?: StoreOptions,
): Store<PresenceView> {
  const { name = channel as string } = channel as { readonly name?: string };
  return feedStore(stream, EMPTY_PRESENCE, ({ presence }) => presence.get(name), options);
}

/** Makes a store of a value that a feed remembers. */
function feedStore<T>(
  stream: MessageStream<object>,
  initial: T,
  select: (feed: StreamFeed) => T | undefined,
  options?: StoreOptions,
): Store<T> {
  const feed = feedOf(stream as unknown as AnyStream);
  return sourceStore(
    initial,
    (publish) => {
      const update = (): void => publish(select(feed) ?? initial);
      const remove = feed.add(update);
      update();
      return remove;
    },
    options,
  );
}

/** Returns a store of the status of a client's connection. */
export function statusStore(client: AnyStreamClient): Store<ConnectionStatus> {
  return {
    initial: { kind: 'idle' },
    get: () => client.connectionStatus,
    subscribe: (onChange) => client.addConnectionStatusListener(onChange),
  };
}
