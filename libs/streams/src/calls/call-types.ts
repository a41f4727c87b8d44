import type { Message, MessageClass } from '@nestwire/protocol';
import type { Observable } from 'rxjs';
import type { AcceptedMessage, AnyList, IsAny, TakesCall } from '../endpoint/handler-types.js';
import type { HandlerFunction } from '../enhancers/stream-context.js';
import type { CallItems } from './call-items.js';

/** One class of items or more. */
export type ItemClasses = MessageClass | readonly [MessageClass, ...MessageClass[]];

/** The messages of one class or more; `never` without a class. */
export type InstancesOf<C> = C extends MessageClass
  ? InstanceType<C>
  : C extends readonly MessageClass[]
    ? InstanceType<C[number]>
    : never;

/** The items that a parameter list takes. */
export type ItemsOf<A extends AnyList> = A extends readonly [infer H, ...infer R]
  ? (IsAny<H> extends true ? never : H extends CallItems<infer T> ? T : never) | ItemsOf<R>
  : never;

/** The reply of a stream method: nothing, a message, or a stream of messages. */
export type ReplyOf<R> =
  IsAny<R> extends true
    ? Refused<'any'>
    : [R] extends [void]
      ? void
      : [R] extends [Message]
        ? R
        : [R] extends [AsyncIterable<infer Item>]
          ? ReplyStream<Item>
          : [R] extends [Observable<infer Item>]
            ? ReplyStream<Item>
            : Refused<R>;

type ReplyStream<Item> =
  IsAny<Item> extends true
    ? RefusedItem<'any'>
    : [Item] extends [Message]
      ? AsyncIterable<Item>
      : RefusedItem<Exclude<Item, Message>>;

interface Refused<R> {
  readonly 'a stream method returns a message, an AsyncIterable or an Observable, not': R;
}

interface RefusedItem<Item> {
  readonly 'a stream method yields messages, not': Item;
}

/** Refuses a result that is no reply. */
type MustReply<R> = ReplyOf<R> extends Refused<unknown> | RefusedItem<unknown> ? ReplyOf<R> : unknown;

/**
 * Refuses a stream method whose parameters or result do not fit its decorator.
 *
 * It must take a call, the request and exactly the items of the decorator, and return a reply.
 */
export type MustCall<F extends HandlerFunction, Request, Items> =
  TakesCall<Parameters<F>> extends true
    ? [Request] extends [AcceptedMessage<Parameters<F>>]
      ? [Items] extends [ItemsOf<Parameters<F>>]
        ? [ItemsOf<Parameters<F>>] extends [Items]
          ? MustReply<Awaited<ReturnType<F>>>
          : { 'the decorator does not name the items': Exclude<ItemsOf<Parameters<F>>, Items> }
        : { 'method does not take CallItems of': Exclude<Items, ItemsOf<Parameters<F>>> }
      : { 'method does not accept the request': Exclude<Request, AcceptedMessage<Parameters<F>>> }
    : { 'method does not take': 'StreamCall' };
