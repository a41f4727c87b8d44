import type { MessageClass } from '@nestwire/protocol';
import type { ConnectionOptions } from './client-options.js';
import type { ConnectionStatus, ConnectionStatusListener } from './connection/connection-status.js';
import type { EndpointStream } from './endpoint/endpoint-stream.js';
import type { Received } from './received.js';

/** The messages of an endpoint: `in` goes to the server, `out` comes from it. */
export interface StreamTypes {
  readonly in: unknown;
  readonly out: unknown;
}

/** What a client has beside its endpoints. */
export interface AnyStreamClient {
  /** Where the connection stands. */
  readonly connectionStatus: ConnectionStatus;

  /**
   * Connects; resolves when the server has welcomed the client.
   *
   * Joins an attempt under way, starts one at once while the client waits for the next, and goes
   * on trying when one fails, the first included.
   *
   * @throws {CodedError} CLIENT_CLOSED when the server refuses for good, or `close()` is called
   */
  connectWebSocket(): Promise<void>;

  /**
   * Asks `auth` again and signs in, or out, on the open connection.
   *
   * Resolves when the server has accepted; a connection that is lost meanwhile is made again with the
   * new credential first. Where the user is another than before, streams in use open again as the new
   * user, their readers go on, and messages that waited reject with IDENTITY_CHANGED.
   *
   * @throws {CodedError} NOT_CONNECTED before `connectWebSocket()` and after `close()`
   * @throws {CodedError} UNAUTHENTICATED when refused; the connection stays what it was
   */
  authenticate(): Promise<void>;

  /**
   * Resolves when all messages that were sent have their answers; never rejects.
   *
   * Messages that wait for a connection count, as do those that are sent meanwhile. Each ends within its
   * `timeoutMs`, so that this ends too; `close()` ends all at once. Durable messages of another user do not count.
   */
  idle(): Promise<void>;

  /** Closes the connection and ends all readers; resolves when the socket is closed. */
  close(): Promise<void>;

  /**
   * Calls back at each change of `connectionStatus`.
   *
   * @returns a function that removes the listener
   */
  addConnectionStatusListener(listener: ConnectionStatusListener): () => void;
}

/** The names that no endpoint may have, because the client has them. */
export type ReservedName =
  | keyof AnyStreamClient
  | keyof typeof Object.prototype
  | 'then'
  | 'catch'
  | 'finally'
  | 'prototype'
  | 'toJSON'
  | '__proto__';

/** Refuses endpoints whose name the client has itself. */
export type CheckedStreams<S> = {
  [K in keyof S]: K extends ReservedName
    ? `'${K}' is a member of the client: give the endpoint another name`
    : StreamTypes;
};

/** A client with a member for each endpoint. */
export type StreamClient<S> = AnyStreamClient & {
  readonly [K in keyof S]: S[K] extends { readonly in: infer In; readonly out: infer Out }
    ? EndpointStream<In, Received<Out>>
    : never;
};

/** How a client connects, sends and reads. */
export type StreamClientOptions = ConnectionOptions;

type MessagesOf<S> = {
  [K in keyof S]: S[K] extends { readonly in: infer In; readonly out: infer Out } ? In | Out : never;
}[keyof S];

type Missing<S, C extends readonly MessageClass[]> = Exclude<MessagesOf<S>, InstanceType<C[number]>>;

/** The classes of all messages; the compiler names one that is missing. */
export interface MessagesOption<S, C extends readonly MessageClass[]> {
  readonly messages: C &
    ([Missing<S, C>] extends [never] ? unknown : { readonly 'missing message classes': Missing<S, C> });
}
