import type { Received } from '../received.js';
import type { CallOptions } from './call-options.js';
import type { Items } from './call-items.js';

/** A call with one reply. */
export interface ReplyCall<T> extends Promise<T> {
  /** The id of the call, which repeats it as the option `id`. */
  readonly id: string;
  /** Ends the call with CANCELLED; resolves when the server has ended it. */
  cancel(): Promise<void>;
}

/**
 * A call with a stream of items, which has one reader.
 *
 * Leaving the loop cancels the call, or leaves a resumable one running.
 */
export interface StreamingCall<T> extends AsyncIterable<T> {
  /** The id of the call, which resumes it if it is resumable. */
  readonly id: string;
  /** Ends the call with CANCELLED; resolves when the server has ended it. */
  cancel(): Promise<void>;
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;
}

/** The types of a stream method; the types of the server's endpoint provide them. */
interface Method {
  readonly request: unknown;
  readonly items: unknown;
  readonly reply: unknown;
}

type CallOf<Reply> = [Reply] extends [AsyncIterable<infer Item>]
  ? StreamingCall<Received<Item>>
  : ReplyCall<Received<Reply>>;

type CallFunction<Request, Sent, Reply> = [Sent] extends [never]
  ? (request: Request, options?: CallOptions) => CallOf<Reply>
  : (request: Request, items: Items<Sent>, options?: CallOptions) => CallOf<Reply>;

/** A stream of items may be resumable; its type does not tell. */
interface Resume<Item> {
  /**
   * Continues a call on this or another device of the same user, from its first item.
   *
   * @throws {CodedError} NOT_RESUMABLE, CALL_UNKNOWN, as the end of the call
   */
  resume(id: string, options?: Omit<CallOptions, 'id'>): StreamingCall<Received<Item>>;
}

/** A stream method on the client. */
export type ClientMethod<M extends Method> = CallFunction<M['request'], M['items'], M['reply']> &
  ([M['reply']] extends [AsyncIterable<infer Item>] ? Resume<Item> : unknown);

/** The stream methods of an endpoint on the client. */
export type ClientMethods<Methods> = {
  readonly [K in keyof Methods]: Methods[K] extends Method ? ClientMethod<Methods[K]> : never;
};

/** The messages of the stream methods of an endpoint. */
export type MessagesOfMethods<Methods> = {
  [K in keyof Methods]: Methods[K] extends Method
    ? Methods[K]['request'] | Methods[K]['items'] | ReplyMessage<Methods[K]['reply']>
    : never;
}[keyof Methods];

type ReplyMessage<Reply> = [Reply] extends [AsyncIterable<infer Item>] ? Item : Exclude<Reply, void>;
