import type { Codec, ServerFrame } from '@nestwire/protocol/codec';
import type { ServerSession } from '../session/server-session.js';
import type { SharedPayload } from '../transport/shared-payload.js';
import type { MessageFrames } from '../connection/outbound/message-frames.js';
import type { OutboundQueue } from '../connection/outbound/outbound-queue.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import type { ReadAllowance } from '../fairness/read-allowance.js';

/** A session with subscriptions. */
export type SubscribedSession = ServerSession;

/** A connection, as its subscriptions use it. */
export interface SubscribedConnection {
  /** The public name of its client, or of the connection if the client has no id. */
  readonly clientName: string;
  /** The codec of its frames. */
  readonly codec: Codec;
  readonly frames: MessageFrames;
  /** The allowance for reads of histories and snapshots. */
  readonly reads: Pick<ReadAllowance, 'spend' | 'waitMs'>;
  readonly outbox: Pick<OutboundQueue, 'isOpen' | 'isAboveSoftBound' | 'push' | 'whenBelowSoftBound'>;
  /** Begins the read of a history at once, or in turn; then returns a function that withdraws it. */
  readInTurn(begin: BeginTask): (() => void) | undefined;
  /** Begins a snapshot call at once, or in turn; then returns a function that withdraws it. */
  snapshotInTurn(begin: BeginTask): (() => void) | undefined;
  /** Queues the frame of a publication; returns false when it was dropped. */
  pushPublication(frame: SharedPayload): boolean;
  /** Queues a frame that answers no frame of the client. */
  send(frame: ServerFrame): void;
  /** Queues the frames that a frame of the client causes, and counts their bytes. */
  readonly answers: FrameSink;
  /** Returns `answers` while the session works on a frame of the client, else the connection. */
  sinkFor(session: SubscribedSession): FrameSink;
}

/** A queue for frames to one client. */
export interface FrameSink {
  send(frame: ServerFrame): void;
}

/** The subscription of one connection to one channel, shared by its sessions. */
export interface ClientSubscription {
  /** Subscribes a session; resolves when the subscription is in force. */
  addSession(session: SubscribedSession, sink: FrameSink): Promise<void>;
  /** Unsubscribes a session, also one whose subscription is not in force yet. */
  removeSession(session: SubscribedSession): void;
  /** Sends new resume tokens, because the old ones expire or belong to another user. */
  renewResumeTokens(sink: FrameSink): void;
  /** Sends new resume tokens in place of those of an earlier generation. */
  replaceResumeTokens(sink: FrameSink): void;
}
