import type { ClientCodec } from '@nestwire/protocol/codec';
import type { OfflinePolicy } from './endpoint/send-options.js';
import type { Outbox } from './outbox/outbox.js';
import { systemClock, type ClientClock } from './transport/clock.js';
import type { PositionStore } from './transport/position-store.js';
import { json } from './transport/json.js';
import { globalWebSocket, type WebSocketClass } from './transport/web-socket.js';

/** The context of a call of `auth`. */
export interface AuthRequest {
  /**
   * The reason of the call.
   *
   * - `connect`: a connection is about to be made.
   * - `renew`: the server refused the last credential, or it expired; do not return a cached one.
   * - `authenticate`: `client.authenticate()` was called.
   */
  readonly reason: 'connect' | 'renew' | 'authenticate';
}

/** Returns a credential, or null for an anonymous connection. */
export type Auth = (request: AuthRequest) => string | null | undefined | Promise<string | null | undefined>;

/**
 * The policy for messages that arrive at a full queue of a reader.
 *
 * - `drop-oldest`: the oldest unread message is discarded.
 * - `drop-newest`: the new message is discarded.
 * - `fail`: the reader ends with READER_OVERFLOW.
 */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'fail';

/** Options for connecting, sending and reading. */
export interface ConnectionOptions {
  /** The URL of the server's streams, such as `wss://example.org/streams`, without a credential. */
  readonly url: string;
  /** Returns the credential for each connect, renewal and `authenticate()`. @default anonymous */
  readonly auth?: Auth;
  /** Time limit of one attempt, from the call of `auth` to `welcome`, in ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** Upper bound of the first retry delay, in ms; it doubles with each failure. @default 500 */
  readonly minRetryMs?: number;
  /** Upper bound of all retry delays, in ms. @default 20_000 */
  readonly maxRetryMs?: number;
  /** Age of a connection after which earlier failures are forgotten, in ms. @default 10_000 */
  readonly healthyMs?: number;
  /** Time limit of a message's answer, in ms from the call. @default 30_000 */
  readonly timeoutMs?: number;
  /** Time limit of a call without a `timeoutMs`, in ms. @default none */
  readonly callTimeoutMs?: number;
  /** Policy for messages and calls without a connection. @default 'throw' */
  readonly offline?: OfflinePolicy;
  /** Maximum number of messages per stream, and of calls, that wait for a connection. @default 100 */
  readonly maxOfflineMessages?: number;
  /** Maximum number of messages that wait for earlier answers, per stream. @default 1_000 */
  readonly maxWaitingMessages?: number;
  /** Maximum number of bytes that wait to be sent, per stream. @default 262_144 */
  readonly maxWaitingBytes?: number;
  /** Maximum number of unread messages, per reader. @default 1_000 */
  readonly maxUnreadMessages?: number;
  /** Policy for messages that arrive at a full queue of a reader. @default 'drop-oldest' */
  readonly overflow?: OverflowPolicy;
  /** Stores positions in channels across page loads, such as `sessionPositions()`. @default none */
  readonly positions?: PositionStore;
  /** Stores `durable` messages across page loads, such as `await openOutbox()`. @default none */
  readonly outbox?: Outbox;
  /** Called with warnings for developers, once per stream and kind. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** Codec of the frames, such as `messagePack` of `@nestwire/protocol/message-pack`. @default JSON */
  readonly codec?: ClientCodec;
  /** Class of the sockets. @default the global WebSocket; in Node without one, ws */
  readonly webSocket?: WebSocketClass;
  /** Clock and random numbers, for tests. @default those of the platform */
  readonly clock?: ClientClock;
}

type OptionalOption = 'auth' | 'callTimeoutMs' | 'positions' | 'outbox';

/** The options with their defaults. */
export type ResolvedOptions = Required<Omit<ConnectionOptions, OptionalOption>> &
  Pick<ConnectionOptions, OptionalOption>;

/** Returns the given options with defaults for missing and undefined ones. */
export function withDefaults<G extends object, D extends object>(given: G, defaults: D): D & G {
  const filled = { ...given } as D & G;
  for (const name in defaults) filled[name] ??= defaults[name] as (D & G)[typeof name];
  return filled;
}

/**
 * Returns the options with their defaults.
 *
 * @throws {TypeError} when neither a global WebSocket nor the option exists
 */
export function resolveOptions(options: ConnectionOptions): ResolvedOptions {
  const resolved = withDefaults(options, {
    connectTimeoutMs: 10_000,
    minRetryMs: 500,
    maxRetryMs: 20_000,
    healthyMs: 10_000,
    timeoutMs: 30_000,
    offline: 'throw',
    maxOfflineMessages: 100,
    maxWaitingMessages: 1_000,
    maxWaitingBytes: 262_144,
    maxUnreadMessages: 1_000,
    overflow: 'drop-oldest',
    onWarning: console.warn,
    codec: json,
    clock: systemClock,
    webSocket: globalWebSocket(),
  });
  if (!resolved.webSocket) throw new TypeError('No global WebSocket: set webSocket');
  return resolved as ResolvedOptions;
}
