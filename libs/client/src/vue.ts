import type { ChannelLike, Message, MessageClass, PresenceView } from '@nestwire/protocol';
import {
  computed,
  getCurrentInstance,
  inject,
  onMounted,
  shallowRef,
  toValue,
  watch,
  type App,
  type ComputedRef,
  type InjectionKey,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue';
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
import { createSender, type Sender } from './store/sender.js';
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
 * The client of the application, declared once for all composables:
 *
 * `declare module '@nestwire/client/vue' { interface Register { client: typeof client } }`
 */
// oxlint-disable-next-line no-empty-interface -- an application adds its member
export interface Register {}

/** The default type of `useStreamClient()`: the declared client, or any client. */
export type RegisteredClient = Register extends { readonly client: infer C extends AnyStreamClient }
  ? C
  : AnyStreamClient;

const CLIENT: InjectionKey<AnyStreamClient> = Symbol('nestwire.client');

/**
 * Makes the plugin that gives a client to an application, and connects it.
 *
 * Use it with `app.use(streamClient(client))`.
 */
export function streamClient(client: AnyStreamClient): { install(app: App): void } {
  return {
    install(app) {
      app.provide(CLIENT, client);
      // The status of the connection reports a failure.
      void client.connectWebSocket();
    },
  };
}

/**
 * Returns the client of the application.
 *
 * @throws {TypeError} when the plugin is missing
 */
export function useStreamClient<C = RegisteredClient>(): C {
  const client = inject(CLIENT, undefined);
  if (!client) throw new TypeError('No client: add app.use(streamClient(client))');
  return client as C;
}

/**
 * Returns the value of a store as a ref.
 *
 * In a component it subscribes when the component is mounted.
 */
export function useStore<T>(store: MaybeRefOrGetter<Store<T>>): Readonly<ShallowRef<T>> {
  const value = shallowRef(toValue(store).initial);
  // The watcher ends with the component or scope, also when it starts in `onMounted`.
  const follow = (): unknown =>
    watch(
      () => toValue(store),
      (current, _, onLeave) => {
        const read = (): void => void (value.value = current.get());
        onLeave(current.subscribe(read));
        read();
      },
      { immediate: true },
    );
  if (getCurrentInstance()) onMounted(follow);
  else follow();
  return value;
}

/** Returns the status of the connection; of the application's client by default. */
export function useConnectionStatus(
  client: AnyStreamClient = useStreamClient(),
): Readonly<ShallowRef<ConnectionStatus>> {
  return useStore(statusStore(client));
}

/**
 * Reduces a stream to a state; returns a ref of `{ state, isEnded, error }`.
 *
 * Components with the same stream and reducer share one state. The state of the last component lives `keepMs`
 * longer; see `StoreOptions`.
 */
export function useStream<S, M extends object>(
  stream: MaybeRefOrGetter<MessageStream<M>>,
  reducer: StreamReducer<S, M>,
  initial: S,
  options?: StoreOptions,
): Readonly<ShallowRef<StreamView<S>>> {
  return useStore(computed(() => streamStore(toValue(stream), reducer, initial, options)));
}

/** Returns a ref of the newest message of a class on a stream, or undefined. */
export function useLatest<T extends Message>(
  stream: MaybeRefOrGetter<MessageStream<object>>,
  cls: MessageClass<T>,
  options?: StoreOptions,
): Readonly<ShallowRef<T | undefined>> {
  return useStore(computed(() => latestStore(toValue(stream), cls, options)));
}

/**
 * Returns a ref of the members of a channel.
 *
 * The endpoint must send them to the stream with `session.presence.watch(channel)`.
 */
export function usePresence(
  stream: MaybeRefOrGetter<MessageStream<object>>,
  channel: MaybeRefOrGetter<ChannelLike>,
  options?: StoreOptions,
): Readonly<ShallowRef<PresenceView>> {
  return useStore(computed(() => presenceStore(toValue(stream), toValue(channel), options)));
}

/** The result of `useSend`. */
export interface SendControl<In> {
  readonly send: Sender<In>['send'];
  /** The number of messages without an answer. */
  readonly pending: ComputedRef<number>;
  /** True when a message has no answer yet. */
  readonly isPending: ComputedRef<boolean>;
  /** The error of the last message that failed; undefined after the next call of `send`. */
  readonly error: ComputedRef<unknown>;
}

/** Sends messages to an endpoint, and tells about the messages of this component. */
export function useSend<In>(
  endpoint: Pick<EndpointStream<In, unknown>, 'sendStreamMessage'>,
): SendControl<In> {
  const { state, send } = createSender(endpoint);
  const current = useStore(state);
  return {
    send,
    pending: computed(() => current.value.pending),
    isPending: computed(() => current.value.pending > 0),
    error: computed(() => current.value.error),
  };
}

/** The result of `useCall`. */
export interface CallControl<M extends CallableMethod> extends Omit<Caller<M>, 'state'> {
  /** The last call: `{ id, isPending, error, reply, items }`. */
  readonly state: Readonly<ShallowRef<CallState<ReplyOf<M>, ItemOf<M>>>>;
}

/**
 * Calls a stream method; returns `{ state, start, follow, cancel }`.
 *
 * `keepMs` after the component has gone, it leaves a call with items; see `CallerOptions`.
 */
export function useCall<M extends CallableMethod>(method: M, options?: CallerOptions): CallControl<M> {
  const caller = createCaller(method, options);
  return { ...caller, state: useStore(caller.state) };
}
