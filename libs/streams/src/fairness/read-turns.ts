import type { StreamsLimits } from '../streams-limits.js';
import type { ClientShares, ShareHolder } from './client-shares.js';
import { FairQueue, type BeginTask, type QueuePosition } from './fair-queue.js';

/** The longest turn of a read, in milliseconds; a later answer still reaches its reader. */
const READ_TURN_MS = 2_000;

/** A connection that reads histories and requests snapshots. */
export interface ReadingClient extends ShareHolder {
  readonly id: string;
}

/**
 * Shares history reads and snapshot calls among clients.
 *
 * Connections, users and addresses have few at a time. Only snapshot calls have a limit for all, because each
 * is made for one client; the clients of a channel share history reads.
 */
export class ReadTurns {
  private readonly reads: FairQueue;
  private readonly snapshots: FairQueue;

  constructor(
    private readonly shares: ClientShares,
    limits: StreamsLimits,
  ) {
    const bounds = { maxPerShare: limits.maxChannelReadsPerUser, maxPerMember: limits.maxChannelReads };
    this.reads = new FairQueue({ ...bounds, releaseAfterMs: READ_TURN_MS });
    this.snapshots = new FairQueue({
      ...bounds,
      max: limits.maxSnapshotCalls,
      releaseAfterMs: limits.handlerTimeoutMs,
    });
  }

  /** The number of waiting reads and calls. */
  get waiting(): number {
    return this.reads.waiting + this.snapshots.waiting;
  }

  /** Starts a history read at once, or queues it and returns a function that withdraws it. */
  read(client: ReadingClient, begin: BeginTask): (() => void) | undefined {
    return this.reads.start(this.positionOf(client), begin);
  }

  /** Starts a snapshot call at once, or queues it and returns a function that withdraws it. */
  snapshot(client: ReadingClient, begin: BeginTask): (() => void) | undefined {
    return this.snapshots.start(this.positionOf(client), begin);
  }

  private positionOf(client: ReadingClient): QueuePosition {
    return { share: this.shares.keyOf(client, client.id), member: client.id };
  }
}
