import type { MessagesService } from '@nestwire/messages';
import type { EndpointRegistry } from '../endpoint/endpoint-registry.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { ClientChannels } from '../subscriptions/client-channels.js';
import type { ResultCache } from '../resend/result-cache.js';
import type { ClientLog } from './client-log.js';
import type { EarlyBudget } from '../fairness/early-budget.js';
import type { ClientShares } from '../fairness/client-shares.js';
import type { ReadShares } from '../fairness/read-shares.js';
import type { ReadTurns } from '../fairness/read-turns.js';
import type { ConnectionRegistry } from './connection-registry.js';
import type { MessageFrames } from './outbound/message-frames.js';
import type { WriteCoalescer } from './outbound/write-coalescer.js';
import type { SignIn } from '../auth/sign-in.js';
import type { SignInGate } from '../auth/sign-in-gate.js';

/** How often the server looks for a sign of life, in milliseconds. */
export interface HeartbeatOptions {
  /**
   * Silence after which the server pings.
   *
   * @default 25_000
   */
  readonly pingMs: number;
  /**
   * Time after a ping in which something must arrive.
   *
   * @default 10_000
   */
  readonly pongMs: number;
}

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly limits: StreamsLimits;
  readonly heartbeat: HeartbeatOptions;
  /** How long a client that is asked to leave is served, in milliseconds. */
  readonly shutdown: { readonly deadlineMs: number };
  /** The codecs that clients may choose, by subprotocol, and what makes frames by them. */
  readonly frames: ReadonlyMap<string, MessageFrames>;
  readonly endpoints: EndpointRegistry;
  readonly messages: MessagesService;
  readonly signIn: SignIn;
  /** Asks the authenticator for clients, addresses in turn. */
  readonly signInGate: SignInGate;
  /** Names the shares of clients. */
  readonly shares: ClientShares;
  /** Shares reads of histories and calls for snapshots among clients. */
  readonly readTurns: ReadTurns;
  /** Bounds the bytes of what they read. */
  readonly readShares: ReadShares;
  /** Bounds the frames that wait for sign-ins, of all connections. */
  readonly earlyBudget: EarlyBudget;
  readonly registry: ConnectionRegistry;
  readonly channels: ClientChannels;
  /** What clients may be answered again. */
  readonly results: ResultCache;
  readonly coalescer: WriteCoalescer;
  /** Tells the operator why clients are closed. */
  readonly clientLog: ClientLog;
  /** Logs an error of the application that the client is told of by its id only. */
  readonly logError: (errorId: string, error: unknown) => void;
}
