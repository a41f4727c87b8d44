import type { MessagesService } from '@nestwire/messages';
import type { Clock } from '@nestwire/messages/internal';
import type { ResumableCalls } from '../calls/resumable-calls.js';
import type { EndpointRegistry } from '../endpoint/endpoint-registry.js';
import type { StreamsLimits } from '../streams-limits.js';
import type { ClientChannels } from '../subscriptions/client-channels.js';
import type { ResultCache } from '../resend/result-cache.js';
import type { ClientLog } from './client-log.js';
import type { EarlyBudget } from '../fairness/early-budget.js';
import type { ClientShares } from '../fairness/client-shares.js';
import type { ReadShares } from '../fairness/read-shares.js';
import type { SpentWork } from '../fairness/spent-work.js';
import type { ReadTurns } from '../fairness/read-turns.js';
import type { ConnectionRegistry } from './connection-registry.js';
import type { MessageFrames } from './outbound/message-frames.js';
import type { WriteCoalescer } from './outbound/write-coalescer.js';
import type { SignIn } from '../auth/sign-in.js';
import type { SignInGate } from '../auth/sign-in-gate.js';

/** The times after which a silent connection is pinged and dropped. */
export interface HeartbeatOptions {
  /**
   * The silence after which the server pings, in milliseconds.
   *
   * @default 25_000
   */
  readonly pingMs: number;
  /**
   * The time after a ping within which a frame must arrive, in milliseconds.
   *
   * @default 10_000
   */
  readonly pongMs: number;
}

/** The parts of a server that its connections share. */
export interface ConnectionContext {
  readonly limits: StreamsLimits;
  /** Runs the deadlines of calls. */
  readonly clock: Clock;
  readonly heartbeat: HeartbeatOptions;
  /** The time for which a client is served after `goaway`, in milliseconds. */
  readonly shutdown: { readonly deadlineMs: number };
  /** The encoders of message frames, by the subprotocol that the client chooses. */
  readonly frames: ReadonlyMap<string, MessageFrames>;
  readonly endpoints: EndpointRegistry;
  readonly messages: MessagesService;
  readonly signIn: SignIn;
  /** Calls the authenticator; the addresses take turns. */
  readonly signInGate: SignInGate;
  /** Determines the share of a client. */
  readonly shares: ClientShares;
  /** Schedules reads of histories and snapshot calls; the clients take turns. */
  readonly readTurns: ReadTurns;
  /** Limits the bytes of those reads. */
  readonly readShares: ReadShares;
  /** The refusal work that ended connections have used up. */
  readonly spentWork: SpentWork;
  /** Limits the frames of all connections that wait for sign-ins. */
  readonly earlyBudget: EarlyBudget;
  readonly registry: ConnectionRegistry;
  readonly channels: ClientChannels;
  /** The results of messages that a client may send again. */
  readonly results: ResultCache;
  /** The calls that continue without their client. */
  readonly resumableCalls: ResumableCalls;
  readonly coalescer: WriteCoalescer;
  /** Logs the causes of refused and closed connections. */
  readonly clientLog: ClientLog;
  /** Logs an error of the application; the client receives only its id. */
  readonly logError: (errorId: string, error: unknown) => void;
}
