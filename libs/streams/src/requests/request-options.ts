import type { Message, MessageClass } from '@nestwire/protocol';

/** The options of `session.request()`. */
export interface RequestOptions<Reply extends Message = Message> {
  /**
   * The class of the reply, or its classes.
   *
   * Types do not exist at run time, and a client may answer with any message. A reply of another class is refused.
   */
  readonly reply: MessageClass<Reply> | readonly [MessageClass<Reply>, ...MessageClass<Reply>[]];
  /**
   * The time for the reply, in milliseconds.
   *
   * @default the limit `requestTimeoutMs`
   */
  readonly timeoutMs?: number;
  /** Withdraws the request when it aborts. */
  readonly signal?: AbortSignal;
}
