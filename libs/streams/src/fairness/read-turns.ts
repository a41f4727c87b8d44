import type { StreamsLimits } from '../streams-limits.js';
import type { ClientShares, ShareHolder } from './client-shares.js';
import { FairQueue, type BeginTask, type QueuePosition } from './fair-queue.js';

/** As long as a command of Redis takes at most by default: a later answer finds its reader anyway. */
const READ_TURN_MS = 2_000;

/** A connection that reads histories and asks for snapshots. */
export interface ReadingClient extends ShareHolder {
  readonly id: string;
}

/**
 * Shares the reads of histories and the calls for snapshots among clients.
 *
 * A connection has a few at a time, and so has a user or an address. Histories have no bound for all:
 * clients of one channel share its reads. Calls for snapshots are made for each client, so they have one.
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

  /** How many reads and calls wait for their turn. */
  get waiting(): number {
    return this.reads.waiting + this.snapshots.waiting;
  }

  /** Begins the read of a history at once, or in its turn: then the returned function withdraws it. */
  read(client: ReadingClient, begin: BeginTask): (() => void) | undefined {
    return this.reads.start(this.positionOf(client), begin);
  }

  /** Begins the call for a snapshot at once, or in its turn: then the returned function withdraws it. */
  snapshot(client: ReadingClient, begin: BeginTask): (() => void) | undefined {
    return this.snapshots.start(this.positionOf(client), begin);
  }

  private positionOf(client: ReadingClient): QueuePosition {
    return { share: this.shares.keyOf(client, client.id), member: client.id };
  }
}
