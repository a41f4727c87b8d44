import { DONE } from '@nestwire/messages/internal';
import type { FramePayload } from '@nestwire/protocol/codec';
import type { Wire } from '../../transport/wire.js';
import { DEFLATE_THRESHOLD_BYTES, WsFrame } from '../../transport/ws-frame.js';
import { bytesOf, type Piece, type WriteCoalescer } from './write-coalescer.js';

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
  // Most turns bring one piece, which then needs no list.
  private first: Piece | undefined;
  private others: Piece[] | undefined;
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

  /** Queues a frame: one that others get too, or the payload of one for this client alone. */
  push(frame: WsFrame | FramePayload): void {
    if (this.isClosed) return;
    const piece = this.pieceOf(frame);
    if (this.first === undefined) this.first = piece;
    else (this.others ??= []).push(piece);
    this.queuedBytes += bytesOf(piece);
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
    if (this.first === undefined) return;
    this.wire.write(this.takePieces(this.first));
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
    this.others = undefined;
    this.queuedBytes = 0;
    this.drained();
  }

  private pieceOf(frame: WsFrame | FramePayload): Piece {
    const { isDeflated } = this.wire;
    if (frame instanceof WsFrame) return isDeflated ? frame.deflated : frame.bytes;
    if (typeof frame !== 'string') return this.pieceOf(new WsFrame(frame));
    return isDeflated && frame.length >= DEFLATE_THRESHOLD_BYTES ? new WsFrame(frame).deflated : frame;
  }

  /** Returns all that waits as one piece, and forgets it. */
  private takePieces(first: Piece): Uint8Array {
    const { others, queuedBytes } = this;
    this.first = undefined;
    this.others = undefined;
    this.queuedBytes = 0;
    if (!others) return typeof first === 'string' ? this.coalescer.join([first], queuedBytes) : first;
    others.unshift(first);
    return this.coalescer.join(others, queuedBytes);
  }
}
