import type { ClientShares, ShareHolder } from './client-shares.js';
import type { ReadShares } from './read-shares.js';
import type { StreamHandshake } from '../transport/stream-handshake.js';

/** A connection that reads histories and snapshots. */
export interface Reader extends ShareHolder {
  readonly id: string;
}

/** The read shares of a process, and the keys of clients. */
export interface ReadBounds {
  readonly shares: ClientShares;
  readonly readShares: ReadShares;
}

/**
 * Limits how much of histories and snapshots a connection reads.
 *
 * The limit is that of its share: of the user, else of the address, else of the client by its secret id.
 */
export class ReadAllowance {
  private key = '';
  private user: ShareHolder['user'] = null;
  private handshake: StreamHandshake | undefined;

  constructor(
    private readonly bounds: ReadBounds,
    private readonly reader: Reader,
  ) {}

  /** Counts sent bytes. */
  spend(bytes: number): void {
    this.bounds.readShares.spend(this.shareKey, bytes, performance.now());
  }

  /** Returns the wait in milliseconds before the next read; 0 when there is none. */
  waitMs(): number {
    return this.bounds.readShares.waitMs(this.shareKey, performance.now());
  }

  /** The key of the share; cached, because it is read for each message. */
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
