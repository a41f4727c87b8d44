import type { ClientCodec } from '@nestwire/protocol/codec';
import type { OfflinePolicy } from './endpoint/send-options.js';
import type { Outbox } from './outbox/outbox.js';
import { systemClock, type Clock } from './transport/clock.js';
import type { PositionStore } from './transport/position-store.js';
import { json } from './transport/json.js';
import { globalWebSocket, type WebSocketClass } from './transport/web-socket.js';

/** Why a credential is asked for. */
export interface AuthRequest {
  /**
   * `connect`: a connection is about to be made. `renew`: the server refused the last credential
   * or it expired, so a remembered one is of no use. `authenticate`: `client.authenticate()` was called.
   */
  readonly reason: 'connect' | 'renew' | 'authenticate';
}

/** Returns a credential, or null to be anonymous. */
export type Auth = (request: AuthRequest) => string | null | undefined | Promise<string | null | undefined>;

/**
 * What happens to a message that finds a reader's queue full.
 *
 * `drop-oldest` makes room for it, `drop-newest` discards it, `fail` ends the reader with READER_OVERFLOW.
 */
export type OverflowPolicy = 'drop-oldest' | 'drop-newest' | 'fail';

/** How a client connects, sends and reads. */
export interface ConnectionOptions {
  /** Where the server's streams are, as in `wss://example.org/streams`; holds no credential. */
  readonly url: string;
  /** Asked for a credential at each connect, renewal and `authenticate()`. @default anonymous */
  readonly auth?: Auth;
  /** Time for one attempt, from asking `auth` to the server's `welcome`, in ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** Upper bound of the first wait before trying again, in ms; it doubles with each failure. @default 500 */
  readonly minRetryMs?: number;
  /** Upper bound of any wait before trying again, in ms. @default 20_000 */
  readonly maxRetryMs?: number;
  /** How long a connection lasts until all failures before it are forgotten, in ms. @default 10_000 */
  readonly healthyMs?: number;
  /** Time until a message must be answered, in ms, from the call on. @default 30_000 */
  readonly timeoutMs?: number;
  /** What happens to a message sent without a connection. @default 'throw' */
  readonly offline?: OfflinePolicy;
  /** Most messages that wait for a connection, a stream. @default 100 */
  readonly maxOfflineMessages?: number;
  /** Most messages that wait for earlier ones to be answered, a stream. @default 1_000 */
  readonly maxWaitingMessages?: number;
  /** Most bytes that wait to be sent, a stream. @default 262_144 */
  readonly maxWaitingBytes?: number;
  /** Most messages that wait for a reader, each reader. @default 1_000 */
  readonly maxUnreadMessages?: number;
  /** What happens to a message that finds a reader's queue full. @default 'drop-oldest' */
  readonly overflow?: OverflowPolicy;
  /** Keeps the places in channels over a reload, such as `sessionPositions()`. @default none */
  readonly positions?: PositionStore;
  /** Keeps `durable` messages over a reload, such as `await openOutbox()`. @default none */
  readonly outbox?: Outbox;
  /** Hears what a developer should know, once a stream and kind. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** How frames are written, such as `messagePack` of `@nestwire/protocol/message-pack`. @default JSON */
  readonly codec?: ClientCodec;
  /** The class to connect with. @default the platform's; in Node without one, ws */
  readonly webSocket?: WebSocketClass;
  /** Time and chance, for tests. @default the machine's */
  readonly clock?: Clock;
}

/** The options with their defaults. */
export type ResolvedOptions = Required<Omit<ConnectionOptions, 'auth' | 'positions' | 'outbox'>> &
  Pick<ConnectionOptions, 'auth' | 'positions' | 'outbox'>;

/** Puts defaults in place of what was left out or undefined. */
export function withDefaults<G extends object, D extends object>(given: G, defaults: D): D & G {
  const filled = { ...given } as D & G;
  for (const name in defaults) filled[name] ??= defaults[name] as (D & G)[typeof name];
  return filled;
}

/**
 * Returns the options with their defaults.
 *
 * @throws {TypeError} when there is no class to connect with
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
  if (!resolved.webSocket) throw new TypeError('No WebSocket: set webSocket');
  return resolved as ResolvedOptions;
}
