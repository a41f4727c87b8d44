import { textFrame } from '../transport/text-frame.js';
import type { Wire } from '../transport/wire.js';

/** Writes what one turn of the event loop queued, one write a connection. */
export class TurnFlusher {
  private waiting: Array<{ flush(): void }> = [];

  /** Flushes the outbox at the end of this turn. */
  add(outbox: { flush(): void }): void {
    if (this.waiting.push(outbox) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const outbox of waiting) outbox.flush();
  }
}

/** The bounds of an outbox, in bytes. */
export interface OutboxBounds {
  readonly softBytes: number;
  readonly hardBytes: number;
}

/** What an outbox asks of its connection. */
export interface OutboxOwner {
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
export class Outbox {
  // Most turns bring one frame, which then needs no list.
  private first: Uint8Array | undefined;
  private others: Uint8Array[] = [];
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
    { softBytes, hardBytes }: OutboxBounds,
    private readonly flusher: TurnFlusher,
    private readonly owner: OutboxOwner,
  ) {
    this.softBytes = softBytes;
    this.hardBytes = hardBytes;
  }

  /** Bytes that wait here and in the socket. */
  get bytes(): number {
    return this.isWireEmpty ? this.queuedBytes : this.queuedBytes + this.wire.bufferedBytes;
  }

  /** Tells whether the soft bound is passed: time to wait, or to drop what may be dropped. */
  get isAboveSoftBound(): boolean {
    return this.bytes > this.softBytes;
  }

  /** Queues a frame given as text. */
  pushText(text: string): void {
    this.push(textFrame(text));
  }

  /** Queues the bytes of a frame; they may be shared with other connections. */
  push(frame: Uint8Array): void {
    if (this.isClosed) return;
    if (this.first) this.others.push(frame);
    else this.first = frame;
    this.queuedBytes += frame.length;
    this.schedule();
    if (this.bytes > this.hardBytes) this.owner.overflowed();
  }

  /** Makes sure that the owner is asked at the end of this turn, even without a frame. */
  schedule(): void {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    this.flusher.add(this);
  }

  /** Resolves when the outbox is below its soft bound, or closed. */
  whenBelowSoftBound(): Promise<void> {
    if (!this.isAboveSoftBound || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Writes all that waits. */
  flush(): void {
    if (this.isClosed) return;
    this.owner.beforeFlush();
    this.isScheduled = false;
    if (!this.first) return;
    this.wire.write(this.takeFrames(this.first));
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
    this.first = undefined;
    this.others = [];
    this.queuedBytes = 0;
    this.drained();
  }

  /** Returns all that waits as one piece, and forgets it. */
  private takeFrames(first: Uint8Array): Uint8Array {
    const { others, queuedBytes } = this;
    this.first = undefined;
    this.queuedBytes = 0;
    if (!others.length) return first;
    this.others = [];
    return Buffer.concat([first, ...others], queuedBytes);
  }
}
