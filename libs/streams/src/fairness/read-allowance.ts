import type { ClientShares, ShareHolder } from './client-shares.js';
import type { ReadShares } from './read-shares.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';

/** A connection that reads histories and snapshots. */
export interface Reader extends ShareHolder {
  readonly id: string;
}

/** The shares of all readers of a process, and what names them. */
export interface ReadBounds {
  readonly shares: ClientShares;
  readonly readShares: ReadShares;
}

/**
 * Bounds how much of histories and snapshots a connection reads.
 *
 * Its share bounds it: a share is that of its user, else of its address, else of the client by its secret id.
 */
export class ReadAllowance {
  private key = '';
  private user: ShareHolder['user'] = null;
  private handshake: StreamHandshake | undefined;

  constructor(
    private readonly bounds: ReadBounds,
    private readonly reader: Reader,
  ) {}

  /** Counts bytes that were written. */
  spend(bytes: number): void {
    this.bounds.readShares.spend(this.shareKey, bytes, performance.now());
  }

  /** Returns in how many milliseconds more may be read; 0 when it may be now. */
  waitMs(): number {
    return this.bounds.readShares.waitMs(this.shareKey, performance.now());
  }

  /** Named again only where the user or the handshake has changed: it is asked for with each message. */
  private get shareKey(): string {
    const { user, handshake, id } = this.reader;
    if (user !== this.user || handshake !== this.handshake) {
      this.user = user;
      this.handshake = handshake;
      this.key = this.bounds.shares.keyOf(this.reader, handshake.client ?? id);
    }
    return this.key;
  }
}
