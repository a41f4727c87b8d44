import type { ReplyCall, StreamingCall } from '../calls/client-method.js';
import { sourceStore, type Store, type StoreOptions } from './store.js';

/** A stream method of a client. */
// oxlint-disable-next-line no-explicit-any -- a method of any signature is one
export type CallableMethod = (...args: any[]) => ReplyCall<any> | StreamingCall<any>;

/** The reply of a method; undefined for one with items. */
export type ReplyOf<M extends CallableMethod> = ReturnType<M> extends ReplyCall<infer R> ? R : undefined;

/** The items of a method; `never` for one with a reply. */
export type ItemOf<M extends CallableMethod> = ReturnType<M> extends StreamingCall<infer Item> ? Item : never;

/** The last call of a method. */
export interface CallState<Reply, Item> {
  /** The id of the call; undefined before the first one. */
  readonly id?: string;
  /** True until the call has ended. */
  readonly isPending: boolean;
  /** The error that ended the call. */
  readonly error?: unknown;
  /** The reply of the call. */
  readonly reply?: Reply;
  /** The newest items of the call. */
  readonly items: readonly Item[];
}

/** Calls one method and keeps the state of its last call. */
export interface Caller<M extends CallableMethod> {
  readonly state: Store<CallState<ReplyOf<M>, ItemOf<M>>>;
  /**
   * Calls the method, after it has left its former call; never rejects.
   *
   * Resolves to true when the call has ended, to false when it failed; `state` then has the error.
   */
  readonly start: (...args: Parameters<M>) => Promise<boolean>;
  /** Follows the call that a method has returned, such as one of `resume`. */
  readonly follow: (call: ReturnType<M>) => Promise<boolean>;
  /** Cancels the call; resolves when the server has ended it. */
  readonly cancel: () => Promise<void>;
}

/** Settings of a caller. */
export interface CallerOptions extends StoreOptions {
  /** The number of items that are kept; older ones are dropped. @default 1_000 */
  readonly maxItems?: number;
}

type AnyState = CallState<unknown, unknown>;
type AnyCall = PromiseLike<unknown> & { readonly id: string; cancel(): Promise<void> };

/** A call that a caller follows. */
interface Followed {
  readonly call: AnyCall;
  /** The one reader of a call with items, from its first item on. */
  items?: AsyncIterableIterator<unknown>;
  isLeft?: true;
}

const IDLE: AnyState = { isPending: false, error: undefined, reply: undefined, items: [] };

/**
 * Makes a caller for a stream method.
 *
 * `keepMs` after its last subscriber it leaves a call with items and forgets its state; a call with a reply goes on.
 */
export function createCaller<M extends CallableMethod>(
  method: M,
  { maxItems = 1_000, ...options }: CallerOptions = {},
): Caller<M> {
  let value = IDLE;
  let publish: ((state: AnyState) => void) | undefined;
  let current: Followed | undefined;
  const leave = (): void => {
    if (!current) return;
    current.isLeft = true;
    void current.items?.return?.();
  };
  const follow = async (call: AnyCall): Promise<boolean> => {
    leave();
    const own: Followed = (current = { call });
    let error: unknown;
    const change = (to: Partial<AnyState>): void => {
      if (own !== current) return;
      value = { ...value, ...to };
      publish?.(value);
    };
    change({ ...IDLE, id: call.id, isPending: true });
    try {
      // A call with items resolves to its reader, when the first one arrives.
      const reply = await call;
      own.items = (reply as AsyncIterableIterator<unknown> | undefined)?.[Symbol.asyncIterator]?.();
      if (!own.items) change({ reply });
      for await (const item of own.items ?? []) {
        if (own.isLeft) break;
        change({ items: [...value.items, item].slice(-maxItems) });
      }
    } catch (failure) {
      error = failure;
    }
    change({ isPending: false, error });
    return !error;
  };
  return {
    state: sourceStore(
      IDLE,
      (set) => {
        publish = set;
        set(value);
        return () => {
          value = IDLE;
          leave();
        };
      },
      options,
    ) as Caller<M>['state'],
    start: (...args) => follow(method(...args) as unknown as AnyCall),
    follow: follow as unknown as Caller<M>['follow'],
    cancel: async () => current?.call.cancel(),
  };
}
