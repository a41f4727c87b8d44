import { SLICE_MS } from '@nestwire/messages/internal';
import { headerLengthOf, writeTextFrame } from '../../transport/ws-frame.js';

/** A text that is still to be framed, or the bytes of whole frames. */
export type Piece = string | Uint8Array;

/** Returns how many bytes a piece has on the wire. */
export function bytesOf(piece: Piece): number {
  if (typeof piece !== 'string') return piece.length;
  const bytes = Buffer.byteLength(piece);
  return headerLengthOf(bytes) + bytes;
}

/** Something that is written to at the end of a turn. */
export interface Flushable {
  flush(): void;
}

/** The share of its time from which on a process counts as busy. */
const BUSY = 0.5;
/** How often that is looked at, in reads. */
const READS_PER_LOOK = 256;
/** How often a flush looks at the clock, in outboxes. */
const FLUSHES_PER_LOOK = 16;

/**
 * Writes what one turn of the event loop queued, one write a connection.
 *
 * While the process has time to spare, an answer to one client is written when its messages are
 * handled: it does not wait for what others ask in the same turn. What goes to many leaves together.
 */
export class WriteCoalescer {
  private waiting: Flushable[] = [];
  private isReading = false;
  private isBusy = false;
  private reads = 0;
  private looked = performance.eventLoopUtilization();
  private isScheduled = false;
  /** What was joined last: receivers of the same channels have the same to join. */
  private lastPieces: readonly Piece[] = [];
  private lastJoined: Uint8Array | undefined;

  /** @param now tells the time in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Flushes the outbox at the end of this turn, or when the messages of this read are handled. */
  add(outbox: Flushable): void {
    this.waiting.push(outbox);
    if (!this.isReading) this.schedule();
  }

  /** Messages of one client are about to be handled; `release` follows in the same go. */
  beginRead(): void {
    if (++this.reads === READS_PER_LOOK) this.look();
    this.isReading = !this.isBusy;
  }

  /** They have been handled: flushes the client's outbox, unless others wait as well. */
  endRead(outbox: Flushable): void {
    if (!this.isReading) return;
    this.isReading = false;
    if (!this.waiting.length) return;
    if (this.waiting.length > 1 || this.waiting[0] !== outbox) return this.schedule();
    this.waiting.pop();
    outbox.flush();
    this.forgetJoined();
  }

  /** Joins pieces of so many bytes to one; the same bytes for the same pieces in one turn. */
  join(pieces: readonly Piece[], bytes: number): Uint8Array {
    if (this.lastJoined && isSame(pieces, this.lastPieces)) return this.lastJoined;
    this.lastPieces = pieces;
    return (this.lastJoined = joined(pieces, bytes));
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
    this.forgetJoined();
    if (at === waiting.length) return;
    // The next turn goes on, so that other clients are read from meanwhile.
    this.waiting = waiting.slice(at).concat(this.waiting);
    this.schedule();
  }

  /** What was sent must not stay in memory until something else is. */
  private forgetJoined(): void {
    this.lastPieces = [];
    this.lastJoined = undefined;
  }
}

function isSame(pieces: readonly Piece[], others: readonly Piece[]): boolean {
  if (pieces.length !== others.length) return false;
  for (const [index, piece] of pieces.entries()) if (piece !== others[index]) return false;
  return true;
}

function joined(pieces: readonly Piece[], bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at = writeTextFrame(target, at, piece);
    else {
      target.set(piece, at);
      at += piece.length;
    }
  }
  return target;
}
