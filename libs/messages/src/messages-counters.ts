/** What happened to messages in this process since it started. */
export interface MessagesCounters {
  /** Messages posted by this process. */
  readonly posted: number;
  /** Publications received from other processes. */
  readonly received: number;
  /** Publications that nobody here could read: malformed, of an unknown class or version. */
  readonly undecodable: number;
  /** Messages of a class that the listener's channel is not defined with; dropped. */
  readonly mismatched: number;
  /** Messages that streams dropped because nobody read them in time. */
  readonly overflowed: number;
  /** Listeners that threw or rejected. */
  readonly listenerErrors: number;
  /** Posts that did not reach the cluster for certain. */
  readonly degraded: number;
  /** Connections to the cluster that were made anew after the first. */
  readonly reconnects: number;
  /** Times that the probe missed its own message for too long. */
  readonly stalled: number;
  /** Pages that were read from the histories of channels. */
  readonly reads: number;
  /** Messages of histories that had to be fetched because they were not heard. */
  readonly refetched: number;
  /** Gaps in histories: all who follow such a channel here were told. */
  readonly gaps: number;
}
