/** The counters of messages in this process since it started. */
export interface MessagesCounters {
  /** Messages posted by this process. */
  readonly posted: number;
  /** Publications received from other processes. */
  readonly received: number;
  /** Publications that could not be decoded: malformed, or of an unknown class or version. */
  readonly undecodable: number;
  /** Messages that were dropped, because the listener's channel is not defined with their class. */
  readonly mismatched: number;
  /** Messages that streams dropped because their readers were too slow. */
  readonly overflowed: number;
  /** Calls of listeners that threw or rejected. */
  readonly listenerErrors: number;
  /** Posts that may not have reached the cluster. */
  readonly degraded: number;
  /** Connections to the cluster after the first one. */
  readonly reconnects: number;
  /** Times that a connected broker delivered nothing for too long, and reconnected. */
  readonly stalled: number;
  /** Pages read from the histories of channels. */
  readonly reads: number;
  /** Stored messages that were read because they had not been received. */
  readonly refetched: number;
  /** Gaps in histories; all subscribers of this process received each of them. */
  readonly gaps: number;
}
