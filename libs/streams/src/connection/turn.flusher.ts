import { headerLengthOf, writeTextFrame } from '../transport/ws-frame.js';

/** A text that is still to be framed, or the bytes of whole frames. */
export type Piece = string | Uint8Array;

/** Returns how many bytes a piece has on the wire. */
export function bytesOf(piece: Piece): number {
  if (typeof piece !== 'string') return piece.length;
  const bytes = Buffer.byteLength(piece);
  return headerLengthOf(bytes) + bytes;
}

/** Writes what one turn of the event loop queued, one write a connection. */
export class TurnFlusher {
  private waiting: Array<{ flush(): void }> = [];
  /** What was joined last: receivers of the same channels have the same to join. */
  private lastPieces: readonly Piece[] = [];
  private lastJoined: Uint8Array | undefined;

  /** Flushes the outbox at the end of this turn. */
  add(outbox: { flush(): void }): void {
    if (this.waiting.push(outbox) === 1) setImmediate(() => this.flush());
  }

  /** Joins pieces of so many bytes to one; the same bytes for the same pieces in one turn. */
  join(pieces: readonly Piece[], bytes: number): Uint8Array {
    if (this.lastJoined && isSame(pieces, this.lastPieces)) return this.lastJoined;
    this.lastPieces = pieces;
    return (this.lastJoined = joined(pieces, bytes));
  }

  private flush(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const outbox of waiting) outbox.flush();
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
