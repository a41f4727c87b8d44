import type { Message } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import type { CompiledMessageCheck, SentBySession, TakesSession } from './handler-types.js';
import type { ClientMember } from './reserved-endpoint-name.js';

// oxlint-disable-next-line no-explicit-any -- methods of every signature are checked
type AnyMethod = (...args: any[]) => unknown;

type MethodsOf<E> = { [K in keyof E]: E[K] extends AnyMethod ? E[K] : never }[keyof E];

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
  ? TakesSession<A> extends true
    ? CompiledMessageCheck<A>
    : never
  : never;

type OutboundOf<F> = F extends (...args: infer A) => infer R
  ? TakesSession<A> extends true
    ? SentBySession<A> | SentByReturning<Awaited<R>>
    : never
  : never;

/** The messages that an endpoint receives from and sends to its clients. */
export interface EndpointStreams<In, Out> {
  readonly in: In;
  readonly out: Out;
}

/** Endpoint classes by their names on the client. */
export type EndpointClasses = Readonly<Record<string, object>> & {
  readonly [K in ClientMember]?: never;
};

/**
 * The types of a client, inferred from the endpoint classes of the server.
 *
 * `in` are the messages that the public methods with a session accept. `out` are the messages that their
 * sessions send and that they return.
 */
export type StreamsOf<E extends EndpointClasses> = {
  [K in keyof E]: EndpointStreams<InboundOf<MethodsOf<E[K]>>, OutboundOf<MethodsOf<E[K]>>>;
};
