import { SLICE_MS } from '@nestwire/messages/internal';

/** Something that is written to at the end of a turn. */
export interface Flushable {
  flush(): void;
}

/** The share of its time from which on a process counts as busy. */
const BUSY = 0.5;
/** Reads between two looks at the load of the process. */
const READS_PER_LOOK = 256;
/** Flushes of queues between two looks at the clock. */
const FLUSHES_PER_LOOK = 16;

/**
 * Flushes the outbound queues of a turn: one write for each connection.
 *
 * While the process is not busy, an answer to one client is written as soon as its messages are
 * handled, so that it does not wait for the requests of other clients in the same turn.
 */
export class WriteCoalescer {
  private waiting: Flushable[] = [];
  private isReading = false;
  private isBusy = false;
  private reads = 0;
  private looked = performance.eventLoopUtilization();
  private isScheduled = false;

  /**
   * @param onFlushed called when the queues of a turn, or of a read, have been written
   * @param now returns the time in milliseconds
   */
  constructor(
    private readonly onFlushed: () => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Flushes the queue at the end of this turn, or when the messages of this read are handled. */
  add(queue: Flushable): void {
    this.waiting.push(queue);
    if (!this.isReading) this.schedule();
  }

  /** Begins the handling of one client's messages; `endRead` follows in the same turn. */
  beginRead(): void {
    if (++this.reads === READS_PER_LOOK) this.look();
    this.isReading = !this.isBusy;
  }

  /** Ends the handling: flushes the client's queue, unless queues of others wait as well. */
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
      waiting[at]!.flush();
    }
    this.onFlushed();
    if (at === waiting.length) return;
    // The next turn goes on, so that other clients are read from meanwhile.
    this.waiting = waiting.slice(at).concat(this.waiting);
    this.schedule();
  }
}
