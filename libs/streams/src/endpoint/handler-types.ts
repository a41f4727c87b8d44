import type { Message } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { StreamSession } from '../session/stream-session.js';

type IsAny<T> = 0 extends 1 & T ? true : false;

// oxlint-disable-next-line no-explicit-any -- any signature is checked
type AnyList = readonly any[];
// oxlint-disable-next-line no-explicit-any -- any session is one
type SomeSession = StreamSession<any, any>;

/** True when a parameter list contains a session. */
export type TakesSession<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? IsAny<H> extends true
    ? TakesSession<R>
    : H extends SomeSession
      ? true
      : TakesSession<R>
  : false;

/** The messages that a parameter list accepts. */
export type CompiledMessageCheck<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? AcceptedBy<H> | CompiledMessageCheck<R>
  : never;

type AcceptedBy<H> =
  IsAny<H> extends true ? never : H extends SomeSession ? never : H extends Message ? H : never;

/** The messages that the session of a parameter list sends. */
export type SentBySession<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? | (IsAny<H> extends true ? never : H extends StreamSession<infer Out, infer _User> ? Out : never)
    | SentBySession<R>
  : never;

/** The part of a list that is not a message. */
type UnsentItem<T> = IsAny<T> extends true ? 'any' : T extends Message ? never : T;

/**
 * The part of a result that cannot be sent.
 *
 * `unknown` is allowed, because an interceptor may map the result. `any` is not: it would hide mistakes and give
 * the client no type.
 */
type Unsent<R> =
  IsAny<R> extends true
    ? 'any'
    : unknown extends R
      ? never
      : R extends Message | undefined | null | void
        ? never
        : R extends ReadonlyArray<infer Item>
          ? UnsentItem<Item>
          : R extends AsyncIterable<infer Item>
            ? Unsent<Item>
            : R extends Observable<infer Item>
              ? Unsent<Item>
              : R;

/** Refuses a handler that returns something that cannot be sent. */
export type MustReturnMessages<R> = [Unsent<Awaited<R>>] extends [never]
  ? unknown
  : { 'handler returns what is not a message': Unsent<Awaited<R>> };

/**
 * Refuses a handler whose parameters or result do not fit the messages `M`.
 *
 * It must take a session, accept each message and return only messages.
 */
export type MustHandle<F extends HandlerFunction, M> =
  TakesSession<Parameters<F>> extends true
    ? [M] extends [CompiledMessageCheck<Parameters<F>>]
      ? MustReturnMessages<ReturnType<F>>
      : { 'handler does not accept': Exclude<M, CompiledMessageCheck<Parameters<F>>> }
    : { 'handler does not take': 'StreamSession' };

/** Refuses a lifecycle handler that has parameters but no session. */
export type MustTakeSession<A extends AnyList> = A extends readonly []
  ? unknown
  : TakesSession<A> extends true
    ? unknown
    : { 'handler does not take': 'StreamSession' };
