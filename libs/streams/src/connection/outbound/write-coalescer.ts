import { performance } from 'node:perf_hooks';
import { SLICE_MS } from '@nestwire/messages/internal';

/** A queue that is flushed at the end of a turn. */
export interface Flushable {
  flush(): void;
}

/** The load above which a process counts as busy. */
const BUSY = 0.5;
/** The number of reads between two checks of the load. */
const READS_PER_LOOK = 256;
/** The number of flushes between two checks of the clock. */
const FLUSHES_PER_LOOK = 16;

/**
 * Flushes the outbound queues of a turn with one write per connection.
 *
 * While the process is not busy, the answer to a client is written as soon as its messages are handled, so
 * that it does not wait for the requests of other clients in the same turn.
 */
export class WriteCoalescer {
  private waiting: Flushable[] = [];
  private isReading = false;
  private isBusy = false;
  private reads = 0;
  private looked = performance.eventLoopUtilization();
  private isScheduled = false;

  /**
   * @param onFlushed called when the queues of a turn or of a read are written
   * @param now returns the time in milliseconds
   */
  constructor(
    private readonly onFlushed: () => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Schedules a flush for the end of this turn, or for the end of this read. */
  add(queue: Flushable): void {
    this.waiting.push(queue);
    if (!this.isReading) this.schedule();
  }

  /** Starts the handling of one client's messages; `endRead` follows in the same turn. */
  beginRead(): void {
    if (++this.reads === READS_PER_LOOK) this.look();
    this.isReading = !this.isBusy;
  }

  /** Ends the handling: flushes the client's queue, unless other queues wait too. */
  endRead(queue: Flushable): void {
    if (!this.isReading) return;
    this.isReading = false;
    if (!this.waiting.length) return;
    if (this.waiting.length > 1 || this.waiting[0] !== queue) return this.schedule();
    this.waiting.pop();
    queue.flush();
    this.onFlushed();
  }

  private look(): void {
    const now = performance.eventLoopUtilization();
    this.isBusy = performance.eventLoopUtilization(now, this.looked).utilization >= BUSY;
    this.looked = now;
    this.reads = 0;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    this.isScheduled = false;
    const endsAt = this.now() + SLICE_MS;
    let at = 0;
    for (; at < waiting.length; at++) {
      if (at % FLUSHES_PER_LOOK === 0 && at > 0 && this.now() >= endsAt) break;
      // The index is below the length; a check would cost time in the hottest loop.
      waiting[at]!.flush();
    }
    this.onFlushed();
    if (at === waiting.length) return;
    // The rest waits for the next turn, so that other clients are read in between.
    this.waiting = waiting.slice(at).concat(this.waiting);
    this.schedule();
  }
}
