import type { Identity } from '../auth/identity.js';
import type { ReadAllowance } from '../fairness/read-allowance.js';
import type { ConnectionSubscriptions } from '../subscriptions/connection-subscriptions.js';
import type { AnswerWriter } from './outbound/answer-writer.js';
import type { MessageFrames } from './outbound/message-frames.js';
import type { OutboundQueue } from './outbound/outbound-queue.js';

/** A connection, as its streams use it. */
export interface ConnectionOwner {
  readonly id: string;
  /** The public name of its client, or of the connection if the client has no id. */
  readonly clientName: string;
  readonly identity: Identity;
  /** True while frames wait for a sign-in. */
  readonly isSigningIn: boolean;
  readonly outbox: OutboundQueue;
  readonly subscriptions: ConnectionSubscriptions;
  /** Creates frames in the codec of the client. */
  readonly frames: MessageFrames;
  /** Writes the answers to frames of the client. */
  readonly answers: AnswerWriter;
  /** Limits the reads of histories, snapshots and presence. */
  readonly reads: ReadAllowance;
  /** Charges the client for a refused response; closes the connection after too many. */
  responseRefused(laterMs?: number): void;
}
