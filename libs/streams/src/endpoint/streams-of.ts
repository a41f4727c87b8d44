import type { Message } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import type { ItemsOf, ReplyOf } from '../calls/call-types.js';
import type { RequestsOf, SentMessages } from '../requests/asks.js';
import type { AnyMethod, MethodsOf, ParamsOfEndpoint } from './endpoint-params.js';
import type { AcceptedMessage, SentBySession, TakesCall, TakesSession } from './handler-types.js';
import type { ClientMember } from './reserved-endpoint-name.js';

type OnlyMessages<T> = T extends Message ? T : never;

type SentByReturning<R> = R extends Message
  ? R
  : R extends ReadonlyArray<infer Item>
    ? OnlyMessages<Item>
    : R extends AsyncIterable<infer Item>
      ? OnlyMessages<Item>
      : R extends Observable<infer Item>
        ? OnlyMessages<Item>
        : never;

type InboundOf<F> = F extends (...args: infer A) => unknown
  ? TakesCall<A> extends true
    ? never
    : TakesSession<A> extends true
      ? AcceptedMessage<A>
      : never
  : never;

/** The outbound type of a method: its messages, and the questions of its session. */
type OutboundOf<F> = F extends (...args: infer A) => infer R
  ? TakesCall<A> extends true
    ? SentBySession<A>
    : TakesSession<A> extends true
      ? SentBySession<A> | SentByReturning<Awaited<R>>
      : never
  : never;

/** The name of a method with a call; `never` for another member. */
type CallName<K, F> = F extends (...args: infer A) => unknown
  ? TakesCall<A> extends true
    ? K
    : never
  : never;

/** Maps the members themselves, so that an editor shows their comments, and goes to their definitions. */
type MethodsOfCalls<E> = {
  readonly [K in keyof E as CallName<K, E[K]>]: MethodTypesOf<Extract<E[K], AnyMethod>>;
};

type MethodTypesOf<F> = F extends (...args: infer A) => infer R
  ? MethodTypes<AcceptedMessage<A>, ItemsOf<A>, ReplyOf<Awaited<R>>>
  : never;

/**
 * The types of a stream method.
 *
 * `items` is `never` for a method without items. `reply` is `void`, a message, or an `AsyncIterable` of
 * messages.
 */
export interface MethodTypes<Request = unknown, Items = unknown, Reply = unknown> {
  readonly request: Request;
  readonly items: Items;
  readonly reply: Reply;
}

/**
 * The types of an endpoint, as its client needs them.
 *
 * `in` are the messages to the server, `out` those to the client. `params` is `never` for an endpoint without
 * parameters. `requests` are the questions of the server with their replies.
 */
export interface EndpointTypes<In, Out, Params = never, Methods = unknown, Requests = never> {
  readonly in: In;
  readonly out: Out;
  readonly params: Params;
  readonly methods: Methods;
  readonly requests: Requests;
}

type EndpointTypesOf<E> = EndpointTypes<
  InboundOf<MethodsOf<E>>,
  SentMessages<OutboundOf<MethodsOf<E>>>,
  ParamsOfEndpoint<E>,
  MethodsOfCalls<E>,
  RequestsOf<OutboundOf<MethodsOf<E>>>
>;

/** Endpoint classes by their names on the client. */
export type EndpointClasses = Readonly<Record<string, object>> & {
  readonly [K in ClientMember]?: never;
};

/**
 * The types of a client, inferred from the endpoint classes of the server.
 *
 * `in` are the messages that the public methods with a session accept. `out` are the messages that their
 * sessions send and that they return. `methods` are the public methods with a call.
 */
export type StreamsOf<E extends EndpointClasses> = { [K in keyof E]: EndpointTypesOf<E[K]> };
