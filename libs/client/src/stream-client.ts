import type { MessageClass } from '@nestwire/protocol';
import type { ClientMethods, MessagesOfMethods } from './calls/client-method.js';
import type { ConnectionOptions } from './client-options.js';
import type { ConnectionStatus, ConnectionStatusListener } from './connection/connection-status.js';
import type { EndpointStream } from './endpoint/endpoint-stream.js';
import type { Received } from './received.js';

/** The types of an endpoint: `in` are messages to the server, `out` to the client. */
export interface StreamTypes {
  readonly in: unknown;
  readonly out: unknown;
  /** The parameters; `never` or absent without any. */
  readonly params?: unknown;
  /** The stream methods. */
  readonly methods?: unknown;
  /** The requests of the server, with their replies. */
  readonly requests?: unknown;
}

/** The members of a client beside its endpoints. */
export interface AnyStreamClient {
  /** The current status of the connection. */
  readonly connectionStatus: ConnectionStatus;

  /**
   * Connects; resolves when the server has welcomed the client.
   *
   * It joins an attempt in progress, and starts one at once while the client waits to retry. After a failure,
   * also of the first attempt, the client keeps trying.
   *
   * @throws {CodedError} CLIENT_CLOSED when the server refuses finally, or `close()` is called
   */
  connectWebSocket(): Promise<void>;

  /**
   * Calls `auth` again and signs in, or out, on the open connection.
   *
   * Resolves when the server has accepted. If the connection is lost meanwhile, the client first reconnects
   * with the new credential. If the user changes, open streams reopen for the new user and their readers
   * continue; waiting messages reject with IDENTITY_CHANGED.
   *
   * @throws {CodedError} NOT_CONNECTED before `connectWebSocket()` and after `close()`
   * @throws {CodedError} UNAUTHENTICATED when the credential is refused; the connection keeps its user
   */
  authenticate(): Promise<void>;

  /**
   * Resolves when all sent messages have their answers; never rejects.
   *
   * Messages that wait for a connection count, and so do messages that are sent meanwhile. Each ends within
   * its `timeoutMs`; `close()` ends all at once. Durable messages of another user do not count.
   */
  idle(): Promise<void>;

  /** Closes the connection and ends all readers; resolves when the socket is closed. */
  close(): Promise<void>;

  /**
   * Adds a listener for each change of `connectionStatus`.
   *
   * @returns a function that removes the listener
   */
  addConnectionStatusListener(listener: ConnectionStatusListener): () => void;

  /**
   * Adds a listener for each connect to a server with another contract than the first.
   *
   * The contract consists of the names, fields and constraints of the messages and endpoints. A page can offer a
   * reload then.
   *
   * @returns a function that removes the listener
   */
  addContractListener(listener: () => void): () => void;
}

/** The names of the client's own members, which no endpoint may have. */
export type ReservedName =
  | keyof AnyStreamClient
  | keyof typeof Object.prototype
  | 'then'
  | 'catch'
  | 'finally'
  | 'prototype'
  | 'toJSON'
  | 'asymmetricMatch'
  | 'nodeType'
  | 'tagName'
  | 'inspect'
  // Members of later versions.
  | 'calls'
  | 'presence'
  | '__proto__';

/** Maps endpoints whose name is reserved to an error text. */
export type CheckedStreams<S> = {
  [K in keyof S]: K extends ReservedName
    ? `'${K}' is a member of the client: rename the endpoint`
    : StreamTypes;
};

type ParamsOf<T> = T extends { readonly params: infer Params } ? Params : never;
type MethodsOf<T> = T extends { readonly methods: infer Methods } ? Methods : {};
type RequestsOf<T> = T extends { readonly requests: infer Requests } ? Requests : never;

/** An endpoint of the client: its stream and its stream methods. */
export type EndpointHandle<T extends StreamTypes> = EndpointStream<
  T['in'],
  Received<T['out']>,
  RequestsOf<T>
> &
  ClientMethods<MethodsOf<T>>;

/**
 * A member of the client: an endpoint, or a function of its parameters.
 *
 * Equal parameters return the same endpoint.
 */
export type EndpointMember<T extends StreamTypes> = [ParamsOf<T>] extends [never]
  ? EndpointHandle<T>
  : (params: { readonly [K in keyof ParamsOf<T>]: ParamsOf<T>[K] }) => EndpointHandle<T>;

/** A client with a member for each endpoint. */
export type StreamClient<S> = AnyStreamClient & {
  readonly [K in keyof S]: S[K] extends StreamTypes ? EndpointMember<S[K]> : never;
};

/** Options of a stream client. */
export type StreamClientOptions = ConnectionOptions;

type MessagesOfRequests<Requests> = Requests extends { readonly question: infer Q; readonly reply: infer R }
  ? Q | R
  : never;

type MessagesOf<S> = {
  [K in keyof S]: S[K] extends StreamTypes
    ? S[K]['in'] | S[K]['out'] | MessagesOfRequests<RequestsOf<S[K]>> | MessagesOfMethods<MethodsOf<S[K]>>
    : never;
}[keyof S];

type Missing<S, C extends readonly MessageClass[]> = Exclude<MessagesOf<S>, InstanceType<C[number]>>;

/** The classes of all messages; the compiler names missing ones. */
export interface MessagesOption<S, C extends readonly MessageClass[]> {
  readonly messages: C &
    ([Missing<S, C>] extends [never] ? unknown : { readonly 'missing message classes': Missing<S, C> });
}
