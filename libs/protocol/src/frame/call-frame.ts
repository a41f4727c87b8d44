import type { WireError } from '../error/coded-error.js';

type Properties = Readonly<Record<string, unknown>>;

/**
 * Client: calls a method of the stream's endpoint.
 *
 * Answered by `reply`, by `item` frames and `end`, or by `error`. `id` identifies the call in all other frames.
 */
export interface CallFrame {
  readonly t: 'call';
  readonly id: number;
  readonly stream: string;
  readonly method: string;
  /** The name of the request's class. */
  readonly type: string;
  readonly data: Properties;
  /** The number of items that the client accepts unconsumed; from 1 on. */
  readonly window: number;
  /** The permanent id of the call: 22 characters with 128 random bits; required to resume it. */
  readonly callId?: string;
  /** The time until the deadline of the call, in milliseconds. */
  readonly timeoutMs?: number;
  /** True when the client sends items. */
  readonly items?: boolean;
  /** True when the call was sent before with this id and its connection was lost before the reply. */
  readonly redelivered?: boolean;
}

/** Client: an item of a call. */
export interface ClientItemFrame {
  readonly t: 'item';
  readonly call: number;
  readonly type: string;
  readonly data: Properties;
}

/** Client: the call has no more items of the client. */
export interface ClientEndFrame {
  readonly t: 'end';
  readonly call: number;
  /** The reason when the client's items failed. */
  readonly error?: WireError;
}

/** Client or server: the number of items that were consumed so far. */
export interface CreditFrame {
  readonly t: 'credit';
  readonly call: number;
  readonly consumed: number;
}

/** Client: ends a call of this connection; answered by the end of the call. */
export interface CallCancelFrame {
  readonly t: 'cancel';
  readonly call: number;
}

/** Client: ends a resumable call by its `callId`; answered by `reply` or `error`. */
export interface CancelFrame {
  readonly t: 'cancel';
  readonly call?: undefined;
  readonly id: number;
  readonly stream: string;
  readonly method: string;
  readonly callId: string;
}

/** Client: leaves a resumable call, which continues without this reader. */
export interface DetachFrame {
  readonly t: 'detach';
  readonly call: number;
}

/** Client: resumes a resumable call; its `id` is then the id of the call. */
export interface AttachFrame {
  readonly t: 'attach';
  readonly id: number;
  readonly stream: string;
  readonly method: string;
  readonly callId: string;
  /** The number of items that were received before. */
  readonly received: number;
  /** The number of them that were consumed; all if absent. The others still fill the window. */
  readonly consumed?: number;
  /** The number of items that the client accepts unconsumed; from 1 on. */
  readonly window: number;
}

/** Client: answers a request of the server, with a message or an error. */
export type ResponseFrame =
  | {
      readonly t: 'response';
      readonly request: number;
      readonly type: string;
      readonly data: Properties;
      readonly error?: undefined;
    }
  | { readonly t: 'response'; readonly request: number; readonly error: WireError };

/**
 * Server: the reply of a call, which ends it.
 *
 * `type` and `data` are absent when the method returns nothing.
 */
export interface ReplyFrame {
  readonly t: 'reply';
  readonly call: number;
  readonly type?: string;
  readonly data?: Properties;
}

/** Server: an item of a call. */
export interface ServerItemFrame {
  readonly t: 'item';
  readonly call: number;
  /** The number of the item in its call, from 1. */
  readonly n: number;
  readonly type: string;
  readonly data: Properties;
}

/** Server: the call has ended after its last item. */
export interface ServerEndFrame {
  readonly t: 'end';
  readonly call: number;
}

/** Server: asks the client of a stream; answered by `response`. */
export interface RequestFrame {
  readonly t: 'request';
  /** The number of the request on this connection, counted by the server. */
  readonly id: number;
  readonly stream: string;
  readonly type: string;
  readonly data: Properties;
  /** The time for which the server waits, in milliseconds. */
  readonly timeoutMs: number;
}

/** Server: it no longer waits for the response to a request. */
export interface WithdrawnFrame {
  readonly t: 'withdrawn';
  readonly request: number;
}
