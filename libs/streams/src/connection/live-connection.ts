import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { Identity } from '../auth/identity.js';
import type { StreamUser } from '../auth/stream-authenticator.js';

/** A connection as the process sees it: counted, watched, ended with the others. */
export interface LiveConnection {
  readonly id: string;
  readonly user: StreamUser | null;
  readonly identity: Identity;
  /** Whether the connection has closed; its sessions may still be ending. */
  readonly hasEnded: boolean;
  readonly outbox: { readonly bytes: number };
  readonly streams: {
    readonly size: number;
    readonly results: { release(): void };
    reauthorize(): Promise<void>;
  };
  readonly handshake: StreamHandshake;
  /** Settles with the sign-in on the open connection that began last. */
  readonly signingIn: Promise<void> | undefined;
  readonly watch: { check(now: number, lateMs: number): void };
  close(code: number, reason: string): void;
  goAway(spreadMs: number): void;
}
