import type { Codec, ServerFrame } from '@nestwire/protocol/codec';
import type { ServerSession } from '../session/server-session.js';
import type { SharedPayload } from '../transport/shared-payload.js';
import type { MessageFrames } from '../connection/outbound/message-frames.js';
import type { OutboundQueue } from '../connection/outbound/outbound-queue.js';
import type { BeginTask } from '../fairness/fair-queue.js';
import type { ReadAllowance } from '../fairness/read-allowance.js';

/** A session that channels flow into. */
export type SubscribedSession = ServerSession;

/** One that publications of channels are written to: a connection. */
export interface SubscribedConnection {
  /** What its frames are encoded by. */
  readonly codec: Codec;
  readonly frames: MessageFrames;
  /** How much of histories and snapshots it reads. */
  readonly reads: Pick<ReadAllowance, 'spend' | 'waitMs'>;
  readonly outbox: Pick<OutboundQueue, 'isOpen' | 'isAboveSoftBound' | 'push' | 'whenBelowSoftBound'>;
  /** Begins the read of a history at once, or in its turn: then the returned function withdraws it. */
  readInTurn(begin: BeginTask): (() => void) | undefined;
  /** Begins the call for a snapshot at once, or in its turn: then the returned function withdraws it. */
  snapshotInTurn(begin: BeginTask): (() => void) | undefined;
  /** Takes the frame of a publication; returns whether it was queued, not dropped. */
  pushPublication(frame: SharedPayload): boolean;
  /** Queues a frame for this client alone, which no frame of the client has caused. */
  send(frame: ServerFrame): void;
  /** Takes the frames that a frame of the client has caused, and counts them. */
  readonly answers: FrameSink;
  /** Returns `answers` while the session works on a frame of the client, else the member itself. */
  sinkFor(session: SubscribedSession): FrameSink;
}

/** Takes frames for one client. */
export interface FrameSink {
  send(frame: ServerFrame): void;
}

/** How one channel flows to one connection, for the sessions that have subscribed. */
export interface ClientSubscription {
  /** Lets it flow into a session; resolves when that is in force. */
  addSession(session: SubscribedSession, sink: FrameSink): Promise<void>;
  /** Ends it for a session, whether it has joined or only begun to. */
  removeSession(session: SubscribedSession): void;
  /** Gives the client new resume tokens: the old ones expire, or are of another user. */
  renewResumeTokens(sink: FrameSink): void;
  /** Gives the client new resume tokens where the old ones are of an earlier generation. */
  replaceResumeTokens(sink: FrameSink): void;
}
