import type { ChannelLike, Message, MessageClass, PresenceView } from '@nestwire/protocol';
import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
  type FunctionComponent,
  type PropsWithChildren,
} from 'react';
import type { ConnectionStatus } from './connection/connection-status.js';
import type { EndpointStream } from './endpoint/endpoint-stream.js';
import type { MessageStream } from './endpoint/stream-iterators.js';
import {
  createCaller,
  type CallableMethod,
  type Caller,
  type CallerOptions,
  type CallState,
  type ItemOf,
  type ReplyOf,
} from './store/caller.js';
import { createSender, type Sender, type SendState } from './store/sender.js';
import type { Store, StoreOptions } from './store/store.js';
import {
  latestStore,
  presenceStore,
  statusStore,
  streamStore,
  type StreamReducer,
  type StreamView,
} from './store/stream-stores.js';
import type { AnyStreamClient } from './stream-client.js';

/**
 * The client of the application, declared once for all hooks:
 *
 * `declare module '@nestwire/client/react' { interface Register { client: typeof client } }`
 */
// oxlint-disable-next-line no-empty-interface -- an application adds its member
export interface Register {}

/** The default type of `useStreamClient()`: the declared client, or any client. */
export type RegisteredClient = Register extends { readonly client: infer C extends AnyStreamClient }
  ? C
  : AnyStreamClient;

/** The properties of `StreamClientProvider`. */
export type StreamClientProviderProps = PropsWithChildren<{ readonly client: AnyStreamClient }>;

const ClientContext = /* @__PURE__ */ createContext<AnyStreamClient | undefined>(undefined);

/** Gives a client to the components below and connects it; never closes it. */
export const StreamClientProvider: FunctionComponent<StreamClientProviderProps> = ({ client, children }) => {
  useEffect(() => {
    // The status of the connection reports a failure.
    void client.connectWebSocket();
  }, [client]);
  return createElement(ClientContext.Provider, { value: client }, children);
};

/** Returns the given client, or that of the nearest provider. */
function useClient(given?: AnyStreamClient): AnyStreamClient {
  const nearest = useContext(ClientContext);
  const client = given ?? nearest;
  if (!client) throw new TypeError('No client: add <StreamClientProvider>');
  return client;
}

/**
 * Returns the client of the nearest `StreamClientProvider`.
 *
 * @throws {TypeError} when there is no provider above
 */
export const useStreamClient = useClient as <C = RegisteredClient>() => C;

/** Returns the value of a store; renders again when it changes. */
export function useStore<T>({ subscribe, get, initial }: Store<T>): T {
  return useSyncExternalStore(subscribe, get, () => initial);
}

/** Returns the status of a client's connection; by default the provider's. */
export function useConnectionStatus(client?: AnyStreamClient): ConnectionStatus {
  const used = useClient(client);
  return useStore(useMemo(() => statusStore(used), [used]));
}

/**
 * Reduces a stream to a state; returns `{ state, isEnded, error }`.
 *
 * Components with the same stream and reducer share one state. Define the reducer outside of the component. The state of
 * the last component lives `keepMs` longer; see `StoreOptions`.
 */
export function useStream<S, M extends object>(
  stream: MessageStream<M>,
  reducer: StreamReducer<S, M>,
  initial: S,
  options?: StoreOptions,
): StreamView<S> {
  // A reducer that is defined in the component has a new identity in each rendering.
  return useStore(useMemo(() => streamStore(stream, reducer, initial, options), [stream]));
}

/** Returns the newest message of a class on a stream, or undefined. */
export function useLatest<T extends Message>(
  stream: MessageStream<object>,
  cls: MessageClass<T>,
  options?: StoreOptions,
): T | undefined {
  return useStore(useMemo(() => latestStore(stream, cls, options), [stream, cls]));
}

/**
 * Returns the members of a channel.
 *
 * The endpoint must send them to the stream with `session.presence.watch(channel)`.
 */
export function usePresence(
  stream: MessageStream<object>,
  channel: ChannelLike,
  options?: StoreOptions,
): PresenceView {
  return useStore(useMemo(() => presenceStore(stream, channel, options), [stream, channel]));
}

/** The result of `useSend`. */
export interface SendControl<In> extends SendState {
  readonly send: Sender<In>['send'];
  /** True when a message has no answer yet. */
  readonly isPending: boolean;
}

/** Sends messages; returns `{ send, isPending, pending, error }`. */
export function useSend<In>(
  endpoint: Pick<EndpointStream<In, unknown>, 'sendStreamMessage'>,
): SendControl<In> {
  const { state, send } = useMemo(() => createSender(endpoint), [endpoint]);
  const current = useStore(state);
  return { ...current, send, isPending: current.pending > 0 };
}

/** The result of `useCall`. */
export type CallControl<M extends CallableMethod> = CallState<ReplyOf<M>, ItemOf<M>> &
  Omit<Caller<M>, 'state'>;

/**
 * Calls a stream method.
 *
 * Returns `{ start, cancel, isPending, error, reply, items }`.
 * The last call counts. `keepMs` after the component has gone, it leaves a call with items; see `CallerOptions`.
 */
export function useCall<M extends CallableMethod>(method: M, options?: CallerOptions): CallControl<M> {
  const { state, ...control } = useMemo(() => createCaller(method, options), [method]);
  return { ...useStore(state), ...control };
}
