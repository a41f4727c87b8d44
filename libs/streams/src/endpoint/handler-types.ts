import type { Message } from '@nestwire/protocol';
import type { StreamSession } from '../session/stream-session.js';

type IsAny<T> = 0 extends 1 & T ? true : false;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any signature is looked at
type AnyList = readonly any[];
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any session is one
type SomeSession = StreamSession<any, any>;

/** Tells whether a parameter list takes a session. */
export type TakesSession<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? IsAny<H> extends true
    ? TakesSession<R>
    : H extends SomeSession
      ? true
      : TakesSession<R>
  : false;

/** The messages that a parameter list accepts. */
export type AcceptedMessage<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? AcceptedBy<H> | AcceptedMessage<R>
  : never;

type AcceptedBy<H> =
  IsAny<H> extends true ? never : H extends SomeSession ? never : H extends Message ? H : never;

/** The messages that the session of a parameter list sends. */
export type SentBySession<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? | (IsAny<H> extends true ? never : H extends StreamSession<infer Out, infer _User> ? Out : never)
    | SentBySession<R>
  : never;

/**
 * Refuses a handler that takes no session or does not accept each of the
 * messages `M`.
 */
export type MustHandle<A extends AnyList, M> =
  TakesSession<A> extends true
    ? [M] extends [AcceptedMessage<A>]
      ? unknown
      : { 'handler does not accept': Exclude<M, AcceptedMessage<A>> }
    : { 'handler does not take': 'StreamSession' };

/** Refuses a lifecycle handler that takes something, but no session. */
export type MustTakeSession<A extends AnyList> = A extends readonly []
  ? unknown
  : TakesSession<A> extends true
    ? unknown
    : { 'handler does not take': 'StreamSession' };
