import { DONE } from '@nestwire/messages/internal';
import type { OutboundPayload } from '../../transport/shared-payload.js';
import type { PreparedPayload, Wire } from '../../transport/wire.js';
import type { WriteCoalescer } from './write-coalescer.js';

/** The bounds of an outbox, in bytes. */
export interface OutboundBounds {
  readonly softBytes: number;
  readonly hardBytes: number;
}

/** What an outbox asks of its connection. */
export interface OutboundOwner {
  /** Adds what is due at the end of a turn, such as cumulative answers. */
  beforeFlush(): void;
  /** The hard bound is passed. */
  overflowed(): void;
}

/**
 * The frames on their way to one client, bounded in bytes.
 *
 * Frames leave in the order pushed; those of one turn of the event loop leave in one write.
 */
export class OutboundQueue {
  private payloads: PreparedPayload[] | undefined;
  private queuedBytes = 0;
  private waiters: Array<() => void> = [];
  private isScheduled = false;
  private isClosed = false;
  /** The socket had taken all at the last write, so that it need not be asked before the next. */
  private isWireEmpty = true;
  private readonly softBytes: number;
  private readonly hardBytes: number;

  constructor(
    private readonly wire: Wire,
    { softBytes, hardBytes }: OutboundBounds,
    private readonly coalescer: WriteCoalescer,
    private readonly owner: OutboundOwner,
  ) {
    this.softBytes = softBytes;
    this.hardBytes = hardBytes;
  }

  /** Tells whether the outbox takes frames. */
  get isOpen(): boolean {
    return !this.isClosed;
  }

  /** Bytes that wait here and in the socket. */
  get bytes(): number {
    return this.isWireEmpty ? this.queuedBytes : this.queuedBytes + this.wire.bufferedBytes;
  }

  /** Tells whether the soft bound is passed: time to wait, or to drop what may be dropped. */
  get isAboveSoftBound(): boolean {
    return this.bytes > this.softBytes;
  }

  /** Queues a frame. */
  push(frame: OutboundPayload): void {
    if (this.isClosed) return;
    const payload = this.wire.prepare(frame);
    if (this.payloads) this.payloads.push(payload);
    else this.payloads = [payload];
    this.queuedBytes += this.wire.bytesOf(payload);
    this.schedule();
    if (this.bytes > this.hardBytes) this.owner.overflowed();
  }

  /** Makes sure that the owner is asked at the end of this turn, even without a frame. */
  schedule(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    this.coalescer.add(this);
  }

  /** Resolves when the outbox is below its soft bound, or closed. */
  whenBelowSoftBound(): Promise<void> {
    if (!this.isAboveSoftBound || this.isClosed) return DONE;
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Writes all that waits. */
  flush(): void {
    if (this.isClosed) return;
    this.owner.beforeFlush();
    this.isScheduled = false;
    const { payloads, queuedBytes } = this;
    if (!payloads) return;
    this.payloads = undefined;
    this.queuedBytes = 0;
    this.wire.write(payloads, queuedBytes);
    this.isWireEmpty = this.wire.bufferedBytes === 0;
    this.drained();
  }

  /** Lets the waiting senders go on when there is room. */
  drained(): void {
    if (!this.waiters.length || (this.isAboveSoftBound && !this.isClosed)) return;
    const { waiters } = this;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Drops what waits and accepts nothing more; waiting senders go on. */
  close(): void {
    this.isClosed = true;
    this.payloads = undefined;
    this.queuedBytes = 0;
    this.drained();
  }
}
