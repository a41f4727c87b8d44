import type { Message } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import type { StreamCall } from '../calls/stream-call.js';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { StreamSession } from '../session/stream-session.js';

/** True for `any` alone. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

/** Any parameter list. */
// oxlint-disable-next-line no-explicit-any -- any signature is checked
export type AnyList = readonly any[];

// oxlint-disable-next-line no-explicit-any -- any session is one
type SomeSession = StreamSession<any, any, any>;
// oxlint-disable-next-line no-explicit-any -- any call is one
type SomeCall = StreamCall<any, any, any>;

/** True when a parameter list contains a value of the type `C`. */
type Takes<A extends AnyList, C> = A extends readonly [infer H, ...infer R]
  ? IsAny<H> extends true
    ? Takes<R, C>
    : H extends C
      ? true
      : Takes<R, C>
  : false;

/** True when a parameter list contains a session. */
export type TakesSession<A extends AnyList> = Takes<A, SomeSession>;

/** True when a parameter list contains a call. */
export type TakesCall<A extends AnyList> = Takes<A, SomeCall>;

/** The messages that a parameter list accepts. */
export type AcceptedMessage<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? AcceptedBy<H> | AcceptedMessage<R>
  : never;

type AcceptedBy<H> =
  IsAny<H> extends true ? never : H extends SomeSession | SomeCall ? never : H extends Message ? H : never;

/** The messages that the session or the call of a parameter list sends. */
export type SentBySession<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? SentBy<H> | SentBySession<R>
  : never;

type SentBy<H> =
  IsAny<H> extends true
    ? never
    : H extends StreamSession<infer Out, infer _User, infer _Params>
      ? Out
      : H extends StreamCall<infer _User, infer _Params, infer Out>
        ? Out
        : never;

/** The endpoint parameters that a signature declares; `never` without any. */
export type ParamsIn<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? ParamsOf<H> | ParamsIn<R>
  : never;

type ParamsOf<H> =
  IsAny<H> extends true
    ? never
    : H extends StreamSession<infer _Out, infer _User, infer Params>
      ? Declared<Params>
      : H extends StreamCall<infer _User, infer Params, infer _Out>
        ? Declared<Params>
        : never;

/** The parameters of a type argument; `unknown`, the default, and `any` declare none. */
type Declared<P> = unknown extends P ? never : P;

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
  TakesCall<Parameters<F>> extends true
    ? { 'a StreamCall belongs to': '@StreamMethod' }
    : TakesSession<Parameters<F>> extends true
      ? [M] extends [AcceptedMessage<Parameters<F>>]
        ? MustReturnMessages<ReturnType<F>>
        : { 'handler does not accept': Exclude<M, AcceptedMessage<Parameters<F>>> }
      : { 'handler does not take': 'StreamSession' };

/** Refuses a lifecycle handler that has parameters but no session. */
export type MustTakeSession<A extends AnyList> = A extends readonly []
  ? unknown
  : TakesSession<A> extends true
    ? unknown
    : { 'handler does not take': 'StreamSession' };
