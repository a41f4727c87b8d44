import { DONE } from '@nestwire/messages/internal';
import type { OutboundPayload } from '../../transport/shared-payload.js';
import type { PreparedPayload, Wire } from '../../transport/wire.js';
import type { WriteCoalescer } from './write-coalescer.js';

/** The bounds of an outbound queue, in bytes. */
export interface OutboundBounds {
  readonly softBytes: number;
  readonly hardBytes: number;
}

/** The connection of an outbound queue. */
export interface OutboundOwner {
  /** Called before a flush; pushes the frames that are due at the end of a turn. */
  beforeFlush(): void;
  /** Called when the queue exceeds its hard bound. */
  overflowed(): void;
}

/**
 * The outbound frames of one client, bounded in bytes.
 *
 * Frames are written in the order pushed. The frames of one turn of the event loop are written at once.
 */
export class OutboundQueue {
  private payloads: PreparedPayload[] | undefined;
  private queuedBytes = 0;
  private waiters: Array<() => void> = [];
  private isScheduled = false;
  private isClosed = false;
  /** True when the socket took everything at the last write, so that its buffer is known to be empty. */
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

  /** True until the queue is closed. */
  get isOpen(): boolean {
    return !this.isClosed;
  }

  /** The bytes that wait here and in the socket. */
  get bytes(): number {
    return this.isWireEmpty ? this.queuedBytes : this.queuedBytes + this.wire.bufferedBytes;
  }

  /** True above the soft bound: senders should wait, and ephemeral messages are dropped. */
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

  /** Schedules a flush at the end of this turn, even without a frame. */
  schedule(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    this.coalescer.add(this);
  }

  /** Resolves when the queue is below its soft bound, or closed. */
  whenBelowSoftBound(): Promise<void> {
    if (!this.isAboveSoftBound || this.isClosed) return DONE;
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Writes all waiting frames. */
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

  /** Resumes the waiting senders if there is room. */
  drained(): void {
    if (!this.waiters.length || (this.isAboveSoftBound && !this.isClosed)) return;
    const { waiters } = this;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Drops all frames and refuses new ones; waiting senders resume. */
  close(): void {
    this.isClosed = true;
    this.payloads = undefined;
    this.queuedBytes = 0;
    this.drained();
  }
}
